"""What every method can do, trained or not."""

from collections.abc import Mapping
from typing import Protocol, TypedDict

import numpy as np

from wsstad.learning.bags import Bag
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import VideoTubes


class Machine(TypedDict, total=False):
    """Where a method runs: `device` is "cpu", "cuda" or "auto", `threads` are those that the CPU gives it."""

    device: str
    threads: int


class Options(Machine, total=False):
    """What a method is made with beside its parameters."""

    seed: int


class Method(Protocol):
    """A method; `selection` is how it chooses a sub-tube, `scored` the branches that it has scores of."""

    selection: str
    scored: tuple[str, ...]

    def predict(
        self,
        video: str,
        found: VideoTubes,
        bag: Bag | None = None,
        detections: Mapping[str, np.ndarray] | None = None,
    ) -> VideoPrediction:
        """Return the candidates of a video with their scores; a trained method needs its `bag`."""
        ...
