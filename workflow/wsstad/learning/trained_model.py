"""A trained model that scores videos of which nothing but their features is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from wsstad.artefacts import readers, storage
from wsstad.artefacts.manifest import Manifest
from wsstad.errors import DamagedError, UserError
from wsstad.learning import bags, methods
from wsstad.learning.bags import BagReader, Request, View
from wsstad.learning.likeness import Likeness, Unlikeness
from wsstad.learning.method import Machine
from wsstad.learning.model_alarms import alarm_curve
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes


@dataclass(frozen=True)
class Scored:
    """What a model says of a video, its tubes, and how unlike the training videos it is, where the model can tell."""

    prediction: VideoPrediction
    tubes: VideoTubes
    unlikeness: dict[str, Unlikeness]


class TrainedModel:
    """The model in a file; `curve` has the false alarms that it knows by threshold, if any."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._tensors, self._meta, _ = storage.read_tensors(path)
        except DamagedError as error:  # a run that scores cannot make a model again
            raise UserError(f"{error}; a run of what trained it makes it again") from error
        try:
            self.type = str(self._meta["parameters"]["type"])
            self.curve = alarm_curve(self._tensors, self._meta)
            self._likeness = Likeness.from_tensors(self._tensors)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{path}: not a model that `train` wrote: {error!r}") from error
        if self.type not in methods.METHODS:
            raise UserError(f"{path}: a model of type {self.type[:80]!r}; allowed: {', '.join(methods.METHODS)}")

    def load(self, **machine: Unpack[Machine]) -> None:
        """Make the network."""
        try:
            self._method = methods.restore(self._path, self._tensors, self._meta, **machine)
        except (KeyError, RuntimeError, AttributeError) as error:
            # No tensor of that name or shape; no class with `load`.
            raise UserError(f"{self._path}: not a model of type {self.type}: {error}") from error

    def predict(self, video: str, manifests: Mapping[str, Manifest]) -> Scored:
        """Return what the model says of a video whose artefacts the manifests name, by kind."""
        view = View.of(self._method.parameters)
        scored, compared = (Request(video, use, view) for use in ("inference", "training"))
        made = bags.read_all(BagReader(manifests, {}), [scored, compared])
        tubes = readers.read_tubes(manifests["tubes"], video)
        prediction = self._method.predict(video, tubes, bag=made[scored])
        unlikeness = self._likeness.compare(made[compared]) if self._likeness else {}
        return Scored(prediction, tubes, unlikeness)
