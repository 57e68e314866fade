"""Likeness: how unlike a model's training videos some footage is, by its features alone: no label and no score counts.

A video is the mean of its instances' features, those of regions and those of whole images apart. Its distance is that
to the nearest training video, relative to the median of the training videos' own, each with itself left out; and some
share of its features lies outside the range that they span. In a kind of features a video is unlike them if it is
farther away than 95 % of them are (a conformal p-value; Vovk et al., Algorithmic Learning in a Random World, 2005), and
half as far again as the median. So are at most one in twenty of the videos that are of their kind, or one in v + 1 if
they are v, fewer than twenty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wsstad.learning.bags import Bag

KINDS = ("region", "image")
PREFIX = "likeness/"
MOST = 256  # training videos that are kept, evenly spaced
FEWEST = 10  # of which a model can tell what is unlike them
LEVEL = 0.05
FAR = 1.5  # medians


@dataclass(frozen=True)
class Unlikeness:
    """How far a video is from the training videos, in one kind of features.

    `distance` is in medians of their own distances, `farther_than` is the share of them that are nearer to each other;
    `outside` is the share of its features outside their range, of which `usual` is the median of theirs.
    """

    distance: float
    farther_than: float
    outside: float
    usual: float

    @property
    def is_unlike(self) -> bool:
        """Whether it is farther away than nearly all training videos are from each other, and clearly so."""
        return self.farther_than >= 1 - LEVEL and self.distance >= FAR


@dataclass(frozen=True)
class Likeness:
    """The mean features of the training videos, (v, d) by kind."""

    means: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, training: Sequence[Bag]) -> "Likeness":
        """Return that of the training bags, whole tubes."""
        kept = np.unique(np.linspace(0, len(training) - 1, min(len(training), MOST)).round().astype(int)).tolist()
        return cls({kind: np.stack([_mean(training[i], kind) for i in kept]) for kind in KINDS})

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray]) -> "Likeness | None":
        """Return what a model keeps; None of one that keeps nothing, or learned from too few videos to tell."""
        if any(PREFIX + kind not in tensors for kind in KINDS) or len(tensors[PREFIX + KINDS[0]]) < FEWEST:
            return None
        return cls({kind: tensors[PREFIX + kind].astype(np.float32) for kind in KINDS})

    def to_tensors(self) -> dict[str, np.ndarray]:
        """Return the tensors that a model keeps, in half precision: a thousandth does not matter here."""
        return {PREFIX + kind: rows.astype(np.float16) for kind, rows in self.means.items()}

    def compare(self, bag: Bag) -> dict[str, Unlikeness]:
        """Return how unlike the training videos a video is, by kind; `bag` has whole tubes, as a training bag."""
        result = {}
        for kind, (distances, outside) in self._own.items():
            distance, share = _measure(_mean(bag, kind), self.means[kind])
            scale = float(np.median(distances))
            result[kind] = Unlikeness(
                distance=round(distance / scale, 4) if scale else 0.0,
                farther_than=round(float(np.mean(distances < distance)), 4),
                outside=round(share, 4),
                usual=round(float(np.median(outside)), 4),
            )
        return result

    @cached_property
    def _own(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Distance and share outside of each training video, itself left out, (v,) each by kind."""
        own = {}
        for kind, rows in self.means.items():
            pairs = [_measure(row, np.delete(rows, i, axis=0)) for i, row in enumerate(rows)]
            distances, outside = np.array(pairs).T
            own[kind] = distances, outside
        return own


def _mean(bag: Bag, kind: str) -> np.ndarray:
    return getattr(bag, kind).astype(np.float64).mean(axis=0).astype(np.float32)


def _measure(row: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """Return the distance from `row` (d,) to the nearest of `others` (v, d), and its share outside their range."""
    distance = np.linalg.norm(others.astype(np.float64) - row, axis=1).min()
    outside = (row < others.min(axis=0)) | (row > others.max(axis=0))
    return float(distance), float(outside.mean())
