"""What a threshold costs an operator in false alarms, and the lowest one that costs little enough."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.structures.alarms import MERGE_SECONDS, Curve, find, hours_of

FEW = 10  # allowed alarms below which a threshold rests on a handful of frames, as its note tells


@dataclass(frozen=True)
class AlarmRate:
    """The alarms in `hours` of video, how many that is `per_hour`, and the `share` of frames under alarm."""

    alarms: int
    hours: float
    per_hour: float
    share: float


@dataclass(frozen=True)
class Calibration:
    """A threshold (exact: rounding it moves alarms), the alarms `allowed` and `given`, and what to know of it."""

    threshold: float
    allowed: int
    given: int
    note: str


def rate(
    videos: Sequence[np.ndarray],
    threshold: float,
    *,
    edges: Sequence[np.ndarray],
    merge_seconds: float = MERGE_SECONDS,
) -> AlarmRate:
    """Return the alarms that a threshold gives in videos with frame scores `videos` and times `edges` of frames."""
    spans = [
        find(scores, threshold, edges=times, merge_seconds=merge_seconds)
        for scores, times in zip(videos, edges, strict=True)
    ]
    hours = hours_of(edges)
    alarms = sum(map(len, spans))
    frames = sum(int(np.diff(rows).sum()) for rows in spans)
    return AlarmRate(alarms, hours, alarms / hours, frames / sum(len(scores) for scores in videos))


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


def _note(allowed: int, hours: float, per_hour: float, *, is_lowest: bool) -> str:
    footage = f"{hours:.2g} h of normal video at {per_hour:g} an hour allow"
    if is_lowest:
        return "even the lowest score seen keeps the limit as threshold: the scores hardly vary, or alarms never end"
    if not allowed:
        return f"{footage} no alarm: the threshold is the highest score seen, and says little about new video"
    if allowed < FEW:
        return f"{footage} {allowed}: the threshold rests on few frames"
    return ""
