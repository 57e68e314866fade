"""Alarms: the runs of frames whose score lies above a threshold, and how many each threshold gives.

An alarm is a maximal run of consecutive frames of one video with a score *above* the threshold; two runs are one alarm
if the gap between them is shorter than `merge_seconds`. On normal videos every alarm is false. An alarm that never ends
counts once, so read the rate together with the share of the footage under alarm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.errors import UserError

MERGE_SECONDS = 1.0  # Paper is silent on alarms; nobody hears two bells less than a second apart.


@dataclass(frozen=True)
class Curve:
    """How many `alarms` (k,) each of rising `thresholds` (k,) gives in `hours` of held-out normal video.

    It is what a model keeps, so that the rate of false alarms may be chosen after the training.
    """

    thresholds: np.ndarray
    alarms: np.ndarray
    hours: float


def find(scores: np.ndarray, threshold: float, *, fps: float, merge_seconds: float = MERGE_SECONDS) -> np.ndarray:
    """Return first frame and one past the last of every alarm in a video with frame `scores` (n,), shape (k, 2).

    >>> find(np.array([0, 0.9, 0.1, 0.9, 0.1, 0.1, 0.6]), 0.5, fps=2).tolist()
    [[1, 4], [6, 7]]
    """
    on = _close(scores, fps, merge_seconds) > threshold
    return np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]))).reshape(-1, 2)


def trace(videos: Sequence[np.ndarray], *, fps: Sequence[float], merge_seconds: float = MERGE_SECONDS) -> Curve:
    """Return the alarms that each score seen in `videos` gives as threshold.

    Raises `UserError` when there is no footage at all.
    """
    if not sum(len(scores) for scores in videos):
        raise UserError("no held-out normal video to calibrate a threshold on")
    lows, highs = [], []
    for scores, rate in zip(videos, fps, strict=True):
        # Closing commutes with thresholds: an alarm begins wherever the closed scores rise across the threshold.
        closed = np.concatenate([[-np.inf], _close(scores, rate, merge_seconds)])
        rising = np.diff(closed) > 0
        lows.append(closed[:-1][rising])
        highs.append(closed[1:][rising])
    values = np.unique(np.concatenate(videos)).astype(np.float64)
    up, down = (np.searchsorted(np.sort(np.concatenate(edges)), values, "right") for edges in (lows, highs))
    return Curve(values, up - down, hours_of(videos, fps))


def hours_of(videos: Sequence[np.ndarray], fps: Sequence[float]) -> float:
    """Return the hours of all videos with frame scores `videos` and frame rates `fps`."""
    return float(sum(len(scores) / rate for scores, rate in zip(videos, fps, strict=True)) / 3600)


def _close(scores: np.ndarray, fps: float, merge_seconds: float) -> np.ndarray:
    """Return the scores (n,) float64 with each gap that is shorter than `merge_seconds` raised to its lower brink."""
    from scipy.ndimage import grey_closing

    window = max(1, math.ceil(merge_seconds * fps))  # closes gaps of at most window - 1 frames
    padded = np.pad(np.asarray(scores, dtype=np.float64), window, constant_values=-np.inf)
    return grey_closing(padded, size=window, mode="constant", cval=-np.inf)[window : len(padded) - window]
