"""Overlaps: which boxes of the same frame, or of neighbouring frames, intersect, looked at in many frames at once."""

from collections.abc import Iterator

import numpy as np

# Frames and pairs of boxes looked at in one go: few enough to stay in a core's cache, many enough to be worth a call.
FRAMES = 512
PAIRS = 1 << 17

# Sources, targets and their IoU.
Overlaps = tuple[np.ndarray, np.ndarray, np.ndarray]


def overlaps(frame: np.ndarray, sides: np.ndarray, *, n_frames: int, step: int, above: float) -> Overlaps:
    """Return the pairs of boxes, each with one `step` frames later, whose IoU is over `above` (at least 0).

    Frames (n,) are sorted; `sides` (4, n) int32 are x1, y1, x2, y2 in any unit, whole numbers, so that differences and
    products are exact. With a step of 0 a pair comes once, the earlier box first. Three arrays (m,): source, target,
    IoU, sorted by source, then target.
    """
    start = np.searchsorted(frame, np.arange(n_frames + 1))
    area = (sides[2] - sides[0]).astype(np.float64) * (sides[3] - sides[1])
    parts = []
    for first, stop in _spans(np.diff(start), step):
        source, target, shared = _intersections(sides, start, first, stop, step)
        overlap = shared / (area[source] + area[target] - shared)
        kept = overlap > above
        parts.append((source[kept], target[kept], overlap[kept]))
    source, target, overlap = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(source * len(frame) + target)
    return source[order], target[order], overlap[order]


def _spans(counts: np.ndarray, step: int) -> Iterator[tuple[int, int]]:
    """Yield spans of frames with at most `PAIRS` pairs, if each frame had as many boxes as the fullest."""
    first = 0
    while first < max(len(counts), 1):
        stop = min(first + FRAMES, len(counts))
        while stop - first > 1 and int(counts[first : stop + step].max()) ** 2 * (stop - first) > PAIRS:
            stop = (first + stop) // 2
        yield first, stop
        first = max(stop, first + 1)


def _intersections(
    sides: np.ndarray, start: np.ndarray, first: int, stop: int, step: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return source, target and area of the intersections between frames first .. stop - 1 and later.

    The boxes of a frame stand in a column, and all frames are compared row by row.
    """
    last = min(stop + step, len(start) - 1)
    columns = last - first
    rows = int(np.diff(start[first : last + 1]).max(initial=0))
    low, high = start[first], start[last]
    column = np.repeat(np.arange(columns), np.diff(start[first : last + 1]))
    place = (np.arange(low, high) - start[first:last][column]) * columns + column
    lanes = np.zeros((4, rows * columns), dtype=np.int32)
    lanes[:2] = np.iinfo(np.int32).max // 2  # where there is no box, nothing intersects
    lanes[:, place] = sides[:, low:high]
    one, other = (
        lanes.reshape(4, rows, 1, columns)[..., : columns - step],
        lanes.reshape(4, 1, rows, columns)[..., step:],
    )
    wide = np.minimum(one[2], other[2]) - np.maximum(one[0], other[0])
    tall = np.minimum(one[3], other[3]) - np.maximum(one[1], other[1])
    crossing = np.flatnonzero((wide > 0) & (tall > 0))
    row, later, at = np.unravel_index(crossing, wide.shape)
    if step == 0:
        once = row < later
        crossing, row, later, at = crossing[once], row[once], later[once], at[once]
    shared = wide.reshape(-1)[crossing].astype(np.float64) * tall.reshape(-1)[crossing]
    return start[first + at] + row, start[first + at + step] + later, shared
