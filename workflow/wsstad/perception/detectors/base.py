"""What every detector can do."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from wsstad.perception.detectors.parameters import DetectorParameters
from wsstad.structures.detections import Detections


class Pixels(Protocol):
    """The frames of one video, which may be read again; `wsstad.video.Frames` is one."""

    n_frames: int

    def read(self) -> Iterator[np.ndarray]:
        """Yield every frame (height, width, 3) RGB uint8 in order."""
        ...


class Detector(Protocol):
    """A detector; `classes` names its labels."""

    parameters: DetectorParameters
    classes: list[str]

    def detect(self, frames: Pixels) -> Iterator[Detections]:
        """Yield the detections of every frame of one video, in order."""
        ...
