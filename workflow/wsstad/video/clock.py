"""The one clock: from whatever times a stream gives its frames to seconds since the first frame, rising.

Streams start anywhere (a camera's uptime), jump where recordings were joined, give no times at all, or give them in the
order of decoding. What a stream gives is used; only the rest is guessed.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from wsstad.structures import times

REORDERED = 16  # frames by which a time may be out of its place; no codec holds back more
PAUSE = 10  # seconds; a longer step of a joined stream is another clock and no pause (as ffmpeg takes it)
ROUNDING = 1e-6  # of a tick
ENOUGH = 8  # frames that show a rate
Ticks = int | Fraction


class Clock(NamedTuple):
    """Times of the frames (n + 1,) as `structures.times` has them, the first by the stream's clock, joins passed."""

    edges: np.ndarray
    start: float
    joins: int


def read(
    ticks: Sequence[int | None], tick: Fraction, *, fps: Fraction, last: int = 0, is_joined: bool = False
) -> Clock:
    """Return the clock of frames in display order from their times in units of `tick` seconds, None where unknown.

    `fps` is the nominal rate, `last` how many ticks the last frame is shown (0: unknown), `is_joined` whether the
    stream shows seams, so that a leap forward may be another clock.
    """
    if not ticks or all(time is None for time in ticks):
        return Clock(times.regular(len(ticks), fps), 0.0, 0)
    step = 1 / (fps * tick)
    whole = _fill(ticks, step)
    moves = [b - a for a, b in pairwise(whole) if b > a]
    usual = sorted(moves)[len(moves) // 2] if moves else step
    risen, joins = _join(whole, usual, leap=max(PAUSE / tick, 10 * usual) if is_joined else None)
    risen.sort()
    start, since = float(risen[0] * tick), np.array([float(time - risen[0]) for time in risen])
    for rate in (fps, _own_rate(since, tick, fps)):
        lasts = float(1 / (rate * tick))
        if np.abs(since - np.arange(len(since)) * lasts).max() <= min(1, lasts / 4) + ROUNDING:
            return Clock(times.regular(len(since), rate), start, joins)  # a constant rate, rounded to ticks
    end = since[-1] + (last or since[-1] - since[-2] or float(step))
    return Clock(_spread(np.append(since, end) * float(tick)), start, joins)


def _own_rate(since: np.ndarray, tick: Fraction, fps: Fraction) -> Fraction:
    """Return the frames a second between the first and the last, whatever the stream calls its rate."""
    return times.mean_rate(since * float(tick)) if len(since) >= ENOUGH else fps


def _fill(ticks: Sequence[int | None], step: Fraction) -> list[Ticks]:
    """Return the times with those that are unknown put a step after the one before."""
    first, known = next((number, time) for number, time in enumerate(ticks) if time is not None)
    filled: list[Ticks] = [known - (first - number) * step for number in range(first)]
    for time in ticks[first:]:
        filled.append(filled[-1] + step if time is None else time)
    return filled


def _join(whole: Sequence[Ticks], usual: Ticks, leap: Ticks | None) -> tuple[list[Ticks], int]:
    """Return the times with a constant added from each point on at which the clock was set anew; and how many."""
    joined: list[Ticks] = []
    offset: Ticks = 0
    highest, joins = whole[0], 0
    for time in whole:
        moved = time + offset
        is_back = moved < highest and (moved <= highest - REORDERED * usual or moved in joined[-REORDERED:])
        if is_back or (leap is not None and moved - highest > leap):
            offset += highest + usual - moved
            moved = time + offset
            joins += 1
        joined.append(moved)
        highest = max(highest, moved)
    return joined, joins


def _spread(edges: np.ndarray) -> np.ndarray:
    """Return times that rise strictly: frames of the same time share the span up to the next one evenly."""
    values, first, counts = np.unique(edges, return_index=True, return_counts=True)
    if len(values) == len(edges):
        return edges
    ends = np.append(values[1:], values[-1] + (values[-1] - values[-2] if len(values) > 1 else 1.0))
    place = np.arange(len(edges)) - np.repeat(first, counts)
    return np.repeat(values, counts) + np.repeat((ends - values) / counts, counts) * place
