"""What every method can do, trained or not."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypedDict

import numpy as np

from wsstad.jsonable import Json
from wsstad.learning.bags import Bag
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.history import History
from wsstad.learning.parameters import TrainedParameters
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
        video_tubes: VideoTubes,
        bag: Bag | None = None,
        detections: Mapping[str, np.ndarray] | None = None,
    ) -> VideoPrediction:
        """Return the candidates of a video with their scores; a trained method needs its `bag`."""
        ...


class TrainedMethod(Method, Protocol):
    """A method that has a model; that of a file is made by `methods.restore`."""

    @property
    def parameters(self) -> TrainedParameters:
        """What it was made with."""
        ...

    def fit(
        self,
        bags: Sequence[Bag],
        held_out: Sequence[Bag] = (),
        folds: Sequence[Collection[str]] = (),
        *,
        checkpoint: Checkpoint | None = None,
        label: str = "train",
    ) -> History:
        """Train on `bags`; each of `folds` has videos of them that one training leaves out, see `fitting.fit`."""
        ...

    def save(self) -> tuple[dict[str, np.ndarray], Json]:
        """Return the tensors and the facts from which the method is made again."""
        ...
