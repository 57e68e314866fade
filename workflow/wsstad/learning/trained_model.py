"""A trained model that scores videos of which nothing but their features is known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Manifest
from wsstad.errors import UserError
from wsstad.learning import methods
from wsstad.learning.bags import BagReader, View
from wsstad.learning.method import Machine
from wsstad.learning.model_alarms import alarm_curve
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes


class TrainedModel:
    """The model in a file; `curve` has the false alarms that it knows by threshold, if any."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._tensors, self._meta, _ = storage.read_tensors(path)
        except storage.DamagedError as error:
            raise UserError(str(error)) from error
        self.type: str = self._meta["parameters"]["type"]
        self.curve = alarm_curve(self._tensors, self._meta)

    def load(self, **machine: Unpack[Machine]) -> None:
        """Make the network."""
        self._method = methods.restore(self._path, self._tensors, self._meta, **machine)

    def predict(self, video: str, manifests: Mapping[str, Manifest]) -> tuple[VideoPrediction, VideoTubes]:
        """Return the prediction of a video whose artefacts the manifests name, by kind, and its tubes."""
        features = BagReader(manifests, {}).read(video)
        bag = View.of(self._method.parameters).bag(features, "inference")
        return self._method.predict(video, features.tubes, bag=bag), features.tubes
