"""Tubes: one box a frame over consecutive frames, and the set of them that a video has.

Kinds: ``unary`` (one object), ``multivariate`` (the union box of intersecting objects) and ``frame`` (the whole frame,
given to a video in which nothing was detected).
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from wsstad.structures import boxes as box

KINDS = ("unary", "multivariate", "frame")


@dataclass(frozen=True)
class Tube:
    """A tube over frames `start` .. `stop` - 1.

    `boxes` (n, 4) holds one box a frame; `observed` (n,) tells which came from a detection rather than from filling a
    gap; `score` is the mean confidence of the observed ones; `members` are the indices of the unary tubes inside a
    multivariate one.
    """

    start: int
    boxes: np.ndarray
    kind: str = "unary"
    score: float = 1.0
    observed: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    members: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"tube kind {self.kind!r}; allowed: {', '.join(KINDS)}")
        if self.start < 0 or self.boxes.ndim != 2 or self.boxes.shape[1] != 4 or not len(self.boxes):
            raise ValueError(f"tube at frame {self.start} with boxes of shape {self.boxes.shape}")
        if not len(self.observed):
            object.__setattr__(self, "observed", np.ones(len(self.boxes), dtype=bool))

    @property
    def stop(self) -> int:
        """One past the last frame."""
        return self.start + len(self.boxes)

    def cut(self, start: int, stop: int) -> "Tube":
        """Return the part over frames `start` .. `stop` - 1, which must lie inside the tube."""
        if not self.start <= start < stop <= self.stop:
            raise ValueError(f"frames {start}..{stop} are not inside the tube {self.start}..{self.stop}")
        part = slice(start - self.start, stop - self.start)
        return Tube(start, self.boxes[part], self.kind, self.score, self.observed[part], self.members)


@dataclass(frozen=True)
class VideoTubes:
    """All tubes of one video, its frame size and the frames (`detected`, (n_frames,) bool) with any detection."""

    n_frames: int
    width: int
    height: int
    detected: np.ndarray
    tubes: list[Tube]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the columns that `from_arrays` reads back; boxes on the 1/16 px grid."""
        tubes = self.tubes
        return {
            "size": np.array([self.n_frames, self.width, self.height], dtype=np.int64),
            "detected": self.detected.astype(bool),
            "start": np.array([t.start for t in tubes], dtype=np.int32),
            "length": np.array([len(t.boxes) for t in tubes], dtype=np.int32),
            "kind": np.array([KINDS.index(t.kind) for t in tubes], dtype=np.uint8),
            "score": np.array([t.score for t in tubes], dtype=np.float32),
            "boxes": box.quantise(_concatenate([t.boxes for t in tubes], (0, 4))),
            "observed": _concatenate([t.observed for t in tubes], (0,)).astype(bool),
            "n_members": np.array([len(t.members) for t in tubes], dtype=np.int32),
            "members": np.array([m for t in tubes for m in t.members], dtype=np.int32),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "VideoTubes":
        """Rebuild the tubes that `to_arrays` wrote."""
        ends, member_ends = np.cumsum(arrays["length"]), np.cumsum(arrays["n_members"])
        tubes = []
        for i, start in enumerate(arrays["start"]):
            rows = slice(ends[i] - arrays["length"][i], ends[i])
            members = arrays["members"][member_ends[i] - arrays["n_members"][i] : member_ends[i]]
            tubes.append(
                Tube(
                    int(start),
                    arrays["boxes"][rows],
                    KINDS[arrays["kind"][i]],
                    float(arrays["score"][i]),
                    arrays["observed"][rows],
                    tuple(int(m) for m in members),
                )
            )
        n_frames, width, height = (int(value) for value in arrays["size"])
        return cls(n_frames, width, height, arrays["detected"], tubes)


def divide(start: int, stop: int, parts: int, min_frames: int = 1) -> list[tuple[int, int]]:
    """Divide frames `start` .. `stop` - 1 evenly into at most `parts` spans of at least `min_frames` frames each.

    A span shorter than ``2 * min_frames`` stays whole. Section 3.4: "we evenly divide each instance into M".

    >>> divide(0, 10, 3), divide(0, 40, 8, min_frames=16)
    ([(0, 3), (3, 7), (7, 10)], [(0, 20), (20, 40)])
    """
    parts = max(1, min(parts, (stop - start) // min_frames))
    edges = [start + round(i * (stop - start) / parts) for i in range(parts + 1)]
    return list(pairwise(edges))


def whole_frame(start: int, stop: int, width: int, height: int) -> Tube:
    """Return the tube that covers the whole frame over frames `start` .. `stop` - 1."""
    frame = np.array([[0, 0, width, height]], dtype=np.float32)
    return Tube(start, np.repeat(frame, stop - start, axis=0), "frame")


def _concatenate(parts: list[np.ndarray], empty_shape: tuple[int, ...]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(empty_shape, dtype=np.float32)
