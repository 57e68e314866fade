"""A trained model that scores videos of which nothing but their features is known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsstad import config
from wsstad.artefacts import readers, storage
from wsstad.artefacts.manifest import Manifest
from wsstad.errors import UserError
from wsstad.learning import bags
from wsstad.learning.bags import BagReader, Request, View
from wsstad.learning.methods import METHODS
from wsstad.learning.model_alarms import alarm_curve
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes


class TrainedModel:
    """The model in a file; `curve` has the false alarms that it knows by threshold, if any."""

    def __init__(self, path: Path) -> None:
        try:
            self._tensors, self._meta, _ = storage.read_tensors(path)
        except storage.DamagedError as error:
            raise UserError(str(error)) from error
        self._parameters = self._meta["parameters"]
        self.type: str = self._parameters["type"]
        self.curve = alarm_curve(self._tensors, self._meta)

    def load(self, **options: Any) -> None:
        """Make the network; `options` are device and threads."""
        self._method = config.load_class(METHODS[self.type]).load(self._tensors, self._meta, **options)

    def predict(self, video: str, manifests: Mapping[str, Manifest]) -> tuple[VideoPrediction, VideoTubes]:
        """Return the prediction of a video whose artefacts the manifests name, by kind, and its tubes."""
        request = Request(video, "inference", View.of(self._parameters))
        bag = bags.read_all(BagReader(manifests, {}), [request])[request]
        found = readers.read_tubes(manifests["tubes"], video)
        return self._method.predict(video, found, bag=bag), found
