"""What every detector can do."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import islice
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


class BatchDetector(ABC):
    """A detector that looks at frames one by one, in batches of one size.

    Attributes
    ----------
    batch : frames of a batch; one that is shorter is filled up, since boxes move a little with its size.
    spans : whether a batch may hold frames of several videos: no bit depends on a frame's place and neighbours.
    """

    parameters: DetectorParameters
    classes: list[str]
    batch: int
    spans: bool
    threads: int = 1

    def begin(self) -> None:
        """Make this thread of Python one in which the network may run: each has a number of threads of its own."""
        import torch

        torch.set_num_threads(self.threads)

    @abstractmethod
    def detect_batch(self, frames: Sequence[np.ndarray]) -> list[Detections]:
        """Return the detections of each of up to `batch` frames (h, w, 3) RGB uint8 of one size."""

    def detect(self, frames: Pixels) -> Iterator[Detections]:
        """Yield the detections of every frame of one video, in order."""
        rest = frames.read()
        while batch := list(islice(rest, self.batch)):
            yield from self.detect_batch(batch)
