"""Counting: how many things of each video score at least a threshold, which is all that AUC, AP, RBDC and TBDC need.

Counts by video make a bootstrap over videos exact and cheap: those of a sample are one matrix product away.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

BLOCK = 1024  # thresholds at once: (samples, BLOCK) float64 must fit in memory a few times


@dataclass(frozen=True)
class Tally:
    """How many things of each of `n_videos` videos have which score, from the highest score down.

    Row i of `scores`, `video` and `times` (k,) says that a video has so many things of that score.
    """

    scores: np.ndarray
    video: np.ndarray
    times: np.ndarray
    n_videos: int

    @property
    def totals(self) -> np.ndarray:
        """How many things each video has, (n_videos,) float64."""
        return np.bincount(self.video, weights=self.times, minlength=self.n_videos)

    @property
    def thresholds(self) -> np.ndarray:
        """The distinct finite scores, from the highest down."""
        return np.unique(self.scores[np.isfinite(self.scores)])[::-1]

    def reaching(self, thresholds: np.ndarray, *, above: bool = False) -> Iterator[np.ndarray]:
        """Yield how many things of each video reach each of falling `thresholds`, or lie above it.

        The counts (n_videos, b) float64 come for `BLOCK` thresholds at once.
        """
        side: Literal["left", "right"] = "left" if above else "right"
        # The first threshold that each thing passes; it then passes all lower ones too.
        first = len(thresholds) - np.searchsorted(thresholds[::-1], self.scores, side)
        passed = np.zeros((self.n_videos, 1))
        for start in range(0, len(thresholds), BLOCK):
            size = min(BLOCK, len(thresholds) - start)
            selected = slice(*np.searchsorted(first, [start, start + size]))
            cells = self.video[selected] * size + first[selected] - start
            new = np.bincount(cells, weights=self.times[selected], minlength=self.n_videos * size)
            counts = passed + np.cumsum(new.reshape(self.n_videos, size), axis=1)
            passed = counts[:, -1:]
            yield counts


def tally(scores: Sequence[np.ndarray], times: Sequence[np.ndarray] | None = None) -> Tally:
    """Return the tally of videos whose things have `scores` (n,) each, and each of them is there `times` (n,), or once.

    Raises `ValueError` for a score that is not a number.
    """
    distinct, sizes = [], []
    for i, of_video in enumerate(scores):
        values, inverse, ones = np.unique(of_video, return_inverse=True, return_counts=True)
        distinct.append(values)
        sizes.append(ones if times is None else np.bincount(inverse, weights=times[i], minlength=len(values)))
    everything = np.concatenate([np.zeros(0), *distinct])
    if np.isnan(everything).any():
        raise ValueError("a score is not a number")
    order = np.argsort(-everything, kind="stable")
    video = np.repeat(np.arange(len(scores)), [len(values) for values in distinct])
    return Tally(everything[order], video[order], np.concatenate([np.zeros(0), *sizes])[order], len(scores))


def fold_members(folds: np.ndarray) -> list[np.ndarray]:
    """Return the indices of the videos of each fold."""
    return [np.flatnonzero(folds == fold) for fold in np.unique(folds)]


def average_folds(values: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> np.ndarray:
    """Return the weighted mean over the folds in each sample, (samples,); NaN where no fold has weight."""
    total = np.sum(weights, axis=0)
    products = np.sum([value * weight for value, weight in zip(values, weights, strict=True)], axis=0)
    return np.divide(products, total, out=np.full(np.shape(total), np.nan), where=total > 0)
