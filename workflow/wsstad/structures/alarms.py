"""Alarms: the runs of frames whose score lies above a threshold, and how many each threshold gives.

An alarm is a maximal run of consecutive frames of one video with a score *above* the threshold; two runs are one alarm
if the gap between them is shorter than `merge_seconds`, by the times of the frames. On normal videos every alarm is
false. An alarm that never ends counts once, so read the rate together with the share of the footage under alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.errors import UserError

MERGE_SECONDS = 1.0  # Paper is silent on alarms; nobody hears two bells less than a second apart.
ROUNDING = 1e-6  # seconds; sums of frame times end a last bit early or late


@dataclass(frozen=True)
class Curve:
    """How many `alarms` (k,) each of rising `thresholds` (k,) gives in `hours` of held-out normal video.

    It is what a model keeps, so that the rate of false alarms may be chosen after the training.
    """

    thresholds: np.ndarray
    alarms: np.ndarray
    hours: float


def find(
    scores: np.ndarray, threshold: float, *, edges: np.ndarray, merge_seconds: float = MERGE_SECONDS
) -> np.ndarray:
    """Return first frame and one past the last of every alarm in a video with frame `scores` (n,), shape (k, 2).

    `edges` (n + 1,) are the times of the frames, in seconds.

    >>> find(np.array([0, 0.9, 0.1, 0.9, 0.1, 0.1, 0.6]), 0.5, edges=np.arange(8) / 2).tolist()
    [[1, 4], [6, 7]]
    """
    on = np.flatnonzero(np.asarray(scores) > threshold)
    if not len(on):
        return np.zeros((0, 2), dtype=np.int64)
    gaps = edges[on[1:]] - edges[on[:-1] + 1]  # 0 between two frames that follow each other
    parts = 1 + np.flatnonzero((gaps >= merge_seconds - ROUNDING) & (np.diff(on) > 1))
    return np.stack([on[[0, *parts]], on[[*(parts - 1), -1]] + 1], axis=1)


def trace(videos: Sequence[np.ndarray], *, edges: Sequence[np.ndarray], merge_seconds: float = MERGE_SECONDS) -> Curve:
    """Return the alarms that each score seen in `videos` gives as threshold; `edges` are the times of their frames.

    Raises `UserError` when there is no footage at all.
    """
    if not sum(len(scores) for scores in videos):
        raise UserError("no held-out normal video to calibrate a threshold on")
    lows, highs = [], []
    for scores, times in zip(videos, edges, strict=True):
        # A frame begins an alarm at every threshold below its score that no frame shortly before it exceeds.
        exact = np.asarray(scores, dtype=np.float64)
        before = _highest_before(exact, times, merge_seconds)
        begins = before < exact
        lows.append(before[begins])
        highs.append(exact[begins])
    values = np.unique(np.concatenate(videos)).astype(np.float64)
    up, down = (np.searchsorted(np.sort(np.concatenate(ends)), values, "right") for ends in (lows, highs))
    return Curve(values, up - down, hours_of(edges))


def hours_of(edges: Sequence[np.ndarray]) -> float:
    """Return the hours of all videos, the times of whose frames are `edges`."""
    return float(sum(times[-1] - times[0] for times in edges) / 3600)


def _highest_before(scores: np.ndarray, edges: np.ndarray, merge_seconds: float) -> np.ndarray:
    """Return for each frame the highest score (n,) of those before it that it would be one alarm with, else -inf."""
    n = len(scores)
    starts, ends = edges[:-1], edges[1:]
    first = np.searchsorted(ends, starts - (merge_seconds - ROUNDING), "right")
    first = np.minimum(first, np.maximum(np.arange(n) - 1, 0))  # the frame right before is always one of them
    length = np.arange(n) - first
    highest, level, size = np.full(n, -np.inf), scores, 1  # level[i]: the highest of scores[i : i + size]
    while size <= length.max(initial=0):
        wanted = np.flatnonzero((length >= size) & (length < 2 * size))
        highest[wanted] = np.maximum(level[first[wanted]], level[wanted - size])
        level = np.maximum(level, np.concatenate([level[size:], np.full(min(size, n), -np.inf)])[:n])
        size *= 2
    return highest
