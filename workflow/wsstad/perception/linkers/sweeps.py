"""Sweeps: which detection follows which, by a model of motion, forwards through the video and then backwards."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from wsstad.perception.linkers.assignment import assign
from wsstad.perception.linkers.candidates import UNIT, Candidates

Pairs = tuple[np.ndarray, np.ndarray]


def link_by_motion(
    candidates: Candidates, *, min_iou: float, max_gap: int, weak_gap: int, memory: int, min_start_score: float
) -> list[np.ndarray]:
    """Return the tubes of a video, each as the sorted indices of its detections; a detection is in one at most.

    A tube expects its next box where a constant velocity takes its centre, at the size of its last box. Forwards,
    frame by frame, the detections with a score of `min_start_score` or more are assigned to the tubes seen at most
    `max_gap` + 1 frames before, such that the total IoU with the expected boxes is the greatest possible and none is
    `min_iou` or less; then the weaker ones to those left over that were seen at most `weak_gap` + 1 frames before. A
    strong detection that is left over starts a tube. Backwards the same is done from the first box of each tube, with
    the weak detections that are in none and the last boxes of other tubes, which are joined to it. (Ties: see
    `assignment.assign`, rows and columns in the order of `Candidates`.)
    """
    strong = candidates.score >= min_start_score
    sweeps = _Sweeps(candidates, strong, min_iou=min_iou, max_gap=max_gap, weak_gap=weak_gap, memory=memory)
    sweeps.run()
    return sweeps.read()


def gains(memory: int) -> tuple[np.ndarray, np.ndarray]:
    """Return by how much of its error a new box moves centre and velocity of a tube of k boxes, k = 0 .. `memory`.

    Up to `memory` boxes the tube's way is then the least-squares line through all of them, as long as none is missing.
    From there on the gains stay: an alpha-beta filter, in which older boxes fade.

    >>> [row[1:].round(3).tolist() for row in gains(3)]
    [[1.0, 0.833, 0.7], [1.0, 0.5, 0.3]]
    """
    k = np.arange(memory + 1)
    return 2 * (2 * k + 1) / ((k + 1) * (k + 2)), 6 / ((k + 1) * (k + 2))


class _Sweeps:
    """The links found so far, `after` and `before` each detection (-1 for none), and what is `inside` a tube."""

    def __init__(
        self, candidates: Candidates, strong: np.ndarray, *, min_iou: float, max_gap: int, weak_gap: int, memory: int
    ) -> None:
        self.strong, self.min_iou, self.max_gap, self.weak_gap = strong, min_iou, max_gap, weak_gap
        self.centre_gains, self.velocity_gains = gains(memory)
        self.frame, boxes = candidates.frame, candidates.boxes
        # Points are complex numbers x + iy: arrays of one axis take half the time, and a product by a real is exact.
        self.low, self.high = boxes[:, 0] + 1j * boxes[:, 1], boxes[:, 2] + 1j * boxes[:, 3]
        self.middle, self.half = (self.low + self.high) * 0.5, (self.high - self.low) * 0.5
        self.area = 4 * self.half.real * self.half.imag
        n = len(candidates)
        self.after, self.before = np.full(n, -1), np.full(n, -1)
        # A strong detection goes on with a tube or starts one; a weak one only goes on.
        self.inside = strong.copy()

    def run(self) -> None:
        """Sweep forwards, then backwards."""
        spans = frame_spans(self.frame)
        self._sweep(spans, self.after, self.before)
        self._sweep(reversed(spans), self.before, self.after)

    def read(self) -> list[np.ndarray]:
        """Return the tubes in the order of their first detections."""
        return read_chains(self.after, np.flatnonzero(self.inside & (self.before < 0)))

    def _sweep(self, spans: Iterable[tuple[int, int]], onward: np.ndarray, back: np.ndarray) -> None:
        """Go through frames, each a span of detections, and link `onward` what has no link in that direction yet."""
        # Of the tube that a detection is the last of in this direction so far: centre and velocity, number of boxes.
        self.centre, self.velocity = self.middle.copy(), np.zeros_like(self.middle)
        self.count = np.ones(len(self.frame), dtype=np.int64)
        waiting = np.zeros(0, dtype=np.int64)
        for first, stop in spans:
            current = np.arange(first, stop)
            sources = back[first:stop]
            free = current[sources < 0]
            if len(free) and len(waiting):
                waiting = waiting[np.abs(self.frame[waiting] - self.frame[first]) <= self.max_gap + 1]
                ends, targets = self._match(waiting, free)
                onward[ends], back[targets] = targets, ends
                waiting = waiting[onward[waiting] < 0]
            # `sources` is a view: what was linked just now goes on like what was linked before.
            going_on = sources >= 0
            if going_on.any():
                self._follow(sources[going_on], current[going_on])
                self.inside[current[going_on]] = True
            # In the order of the detections, by which ties are decided in either direction.
            waiting = np.sort(np.concatenate([waiting, current[self.inside[first:stop] & (onward[first:stop] < 0)]]))

    def _match(self, waiting: np.ndarray, free: np.ndarray) -> Pairs:
        """Return the links from tubes that end at `waiting` to detections `free` of one frame: strong, then weak."""
        gap = np.abs(self.frame[free[0]] - self.frame[waiting])
        row, column, overlap = self._overlaps(waiting, free, gap)
        strong = self.strong[free[column]]
        rows, columns = _assign(row[strong], column[strong], overlap[strong])
        taken = np.zeros(len(waiting), dtype=bool)
        taken[rows] = True
        weak = ~(strong | taken[row]) & (gap[row] <= self.weak_gap + 1)
        more_rows, more_columns = _assign(row[weak], column[weak], overlap[weak])
        return waiting[np.concatenate([rows, more_rows])], free[np.concatenate([columns, more_columns])]

    def _overlaps(
        self, waiting: np.ndarray, free: np.ndarray, gap: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return row, column and IoU of the pairs of an expected box and a detection that overlap enough."""
        expected = (self.centre[waiting] + self.velocity[waiting] * gap)[:, None]
        low, high, half = self.low[free], self.high[free], self.half[waiting][:, None]
        start, stop = expected - half, expected + half
        width = np.minimum(stop.real, high.real) - np.maximum(start.real, low.real)
        height = np.minimum(stop.imag, high.imag) - np.maximum(start.imag, low.imag)
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        overlap = shared / (self.area[waiting][:, None] + self.area[free] - shared)
        row, column = (overlap > self.min_iou).nonzero()
        return row, column, overlap[row, column]

    def _follow(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Let the tubes that end at `sources` go on with `targets`: move centre and velocity towards what was seen."""
        gap = np.abs(self.frame[targets] - self.frame[sources])
        count, velocity = self.count[sources], self.velocity[sources]
        known = np.minimum(count, len(self.centre_gains) - 1)
        expected = self.centre[sources] + velocity * gap
        error = self.middle[targets] - expected
        self.centre[targets] = expected + self.centre_gains[known] * error
        self.velocity[targets] = velocity + self.velocity_gains[known] / gap * error
        self.count[targets] = count + 1


def _assign(row: np.ndarray, column: np.ndarray, overlap: np.ndarray) -> Pairs:
    """Return rows and columns of the one-to-one assignment of the greatest total IoU."""
    if not len(row):
        return row, column
    rival = (np.bincount(row)[row] > 1) | (np.bincount(column)[column] > 1)
    if not rival.any():
        return row, column
    edges = zip(row[rival].tolist(), column[rival].tolist(), as_weights(overlap[rival]).tolist(), strict=True)
    chosen = np.array(assign(list(edges)))
    return np.concatenate([row[~rival], chosen[:, 0]]), np.concatenate([column[~rival], chosen[:, 1]])


def as_weights(overlap: np.ndarray) -> np.ndarray:
    """Return IoUs as the integers that `assign` adds up, at least 1: what passed the gate may be linked."""
    return np.maximum(np.rint(overlap * UNIT), 1).astype(np.int64)


def frame_spans(frame: np.ndarray) -> list[tuple[int, int]]:
    """Return the first index and one past the last of each value in sorted `frame` (n,).

    >>> frame_spans(np.array([2, 2, 5]))
    [(0, 2), (2, 3)]
    """
    starts = np.flatnonzero(np.diff(frame, prepend=-1)).tolist()
    return list(pairwise([*starts, len(frame)]))


def read_chains(after: np.ndarray, heads: np.ndarray) -> list[np.ndarray]:
    """Return for each of `heads` itself and all that follow, where `after` (n,) is -1 at the end of a chain."""
    following, chains = after.tolist(), []
    for i in heads.tolist():
        chain = []
        while i >= 0:
            chain.append(i)
            i = following[i]
        chains.append(np.array(chain))
    return chains
