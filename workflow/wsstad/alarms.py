"""Alarms: what a threshold on frame scores costs an operator, and the lowest threshold that costs little enough.

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
FEW = 10  # allowed alarms below which a threshold hangs on a handful of moments, and the note says so


@dataclass(frozen=True)
class AlarmRate:
    """The alarms in `hours` of video, how many that is `per_hour`, and the `share` of frames under alarm."""

    alarms: int
    hours: float
    per_hour: float
    share: float


@dataclass(frozen=True)
class Curve:
    """How many `alarms` (k,) each of rising `thresholds` (k,) gives in `hours` of held-out normal video.

    It is what a model keeps, so that the rate of false alarms may be chosen after the training.
    """

    thresholds: np.ndarray
    alarms: np.ndarray
    hours: float


@dataclass(frozen=True)
class Calibration:
    """A threshold (exact: rounding it moves alarms), the alarms `allowed` and `given`, and what to know of it."""

    threshold: float
    allowed: int
    given: int
    note: str


def find(scores: np.ndarray, threshold: float, *, fps: float, merge_seconds: float = MERGE_SECONDS) -> np.ndarray:
    """Return first frame and one past the last of every alarm in a video with frame `scores` (n,), shape (k, 2).

    >>> find(np.array([0, 0.9, 0.1, 0.9, 0.1, 0.1, 0.6]), 0.5, fps=2).tolist()
    [[1, 4], [6, 7]]
    """
    on = _close(scores, fps, merge_seconds) > threshold
    return np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]))).reshape(-1, 2)


def rate(
    videos: Sequence[np.ndarray], threshold: float, *, fps: Sequence[float], merge_seconds: float = MERGE_SECONDS
) -> AlarmRate:
    """Return the alarms that a threshold gives in videos with frame scores `videos` and frame rates `fps`."""
    spans = [
        find(scores, threshold, fps=its, merge_seconds=merge_seconds) for scores, its in zip(videos, fps, strict=True)
    ]
    hours = _hours(videos, fps)
    alarms = sum(len(its) for its in spans)
    frames = sum(int((its[:, 1] - its[:, 0]).sum()) for its in spans)
    return AlarmRate(alarms, hours, alarms / hours, frames / sum(len(scores) for scores in videos))


def trace(videos: Sequence[np.ndarray], *, fps: Sequence[float], merge_seconds: float = MERGE_SECONDS) -> Curve:
    """Return the alarms that each score seen in `videos` gives as threshold.

    Raises `UserError` when there is no footage at all.
    """
    if not sum(len(scores) for scores in videos):
        raise UserError("no held-out normal video to calibrate a threshold on")
    lows, highs = [], []
    for scores, its in zip(videos, fps, strict=True):
        # Closing commutes with thresholds: an alarm begins wherever the closed scores rise across the threshold.
        closed = np.concatenate([[-np.inf], _close(scores, its, merge_seconds)])
        rising = np.diff(closed) > 0
        lows.append(closed[:-1][rising])
        highs.append(closed[1:][rising])
    values = np.unique(np.concatenate(videos)).astype(np.float64)
    up, down = (np.searchsorted(np.sort(np.concatenate(its)), values, "right") for its in (lows, highs))
    return Curve(values, up - down, _hours(videos, fps))


def calibrate(curve: Curve, per_hour: float = 1.0) -> Calibration:
    """Return the smallest threshold with at most `per_hour` alarms an hour in held-out normal videos.

    It is one of the scores seen. Lower thresholds may give fewer alarms again, since runs grow together until all is
    one alarm: every higher score seen must keep the limit too. Where the footage is so short that not one alarm is
    allowed, the threshold is the highest score seen.
    """
    allowed = math.floor(per_hour * curve.hours + 1e-9)  # an hour in many videos may add up to a last bit less
    too_many = np.flatnonzero(curve.alarms > allowed)
    chosen = int(too_many[-1]) + 1 if len(too_many) else 0
    note = _note(allowed, curve.hours, per_hour, is_lowest=not len(too_many))
    return Calibration(float(curve.thresholds[chosen]), allowed, int(curve.alarms[chosen]), note)


def _close(scores: np.ndarray, fps: float, merge_seconds: float) -> np.ndarray:
    """Return the scores (n,) float64 with each gap that is shorter than `merge_seconds` raised to its lower brink."""
    from scipy.ndimage import grey_closing

    window = max(1, math.ceil(merge_seconds * fps))  # closes gaps of at most window - 1 frames
    padded = np.pad(np.asarray(scores, dtype=np.float64), window, constant_values=-np.inf)
    return grey_closing(padded, size=window, mode="constant", cval=-np.inf)[window : len(padded) - window]


def _hours(videos: Sequence[np.ndarray], fps: Sequence[float]) -> float:
    return float(sum(len(scores) / its for scores, its in zip(videos, fps, strict=True)) / 3600)


def _note(allowed: int, hours: float, per_hour: float, *, is_lowest: bool) -> str:
    footage = f"{hours:.2g} h of normal video at {per_hour:g} an hour allow"
    if is_lowest:
        return "even the lowest score seen keeps the limit as threshold: the scores hardly vary, or alarms never end"
    if not allowed:
        return f"{footage} no alarm: the threshold is the highest score seen, and says little about new video"
    if allowed < FEW:
        return f"{footage} {allowed}: the threshold hangs on few moments"
    return ""
