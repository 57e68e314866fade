"""A detector that sees nothing, for a dataset that comes as features: its tubes are whole frames, one a videolet."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wsstad.perception.detectors.base import Pixels
from wsstad.perception.detectors.parameters import NoneParameters
from wsstad.structures.detections import Detections, canonical


class NoneDetector:
    """Looks at no pixel."""

    def __init__(
        self, parameters: NoneParameters, weights_folder: Path, *, device: str = "cpu", threads: int = 1
    ) -> None:
        self.parameters = parameters
        self.classes: list[str] = []

    def detect(self, frames: Pixels) -> Iterator[Detections]:
        """Yield no box for every frame of one video."""
        nothing = canonical(np.zeros((0, 4)), np.zeros(0), np.zeros(0, dtype=np.int16), size=(1, 1))
        for _ in range(frames.n_frames):
            yield nothing
