"""Agreement of two results on one video: boxes and tubes matched one to one, features clip by clip.

Nothing here knows a truth: it says by how much two detectors, linkers or extractors differ, not which is better.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wsstad.structures import boxes as box
from wsstad.structures.tubes import VideoTubes

LEAST_IOU = 0.5  # of two boxes, or of two tubes as volumes, that are called the same
MOST_PAIRS = 2_000_000  # of boxes that are compared at once

_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Agreement:
    """How many boxes, tubes or clips the first result has, the second, and both; `likeness` is summed over the last.

    Of boxes and tubes `likeness` is their IoU; of features it is their relative distance.
    """

    first: int = 0
    second: int = 0
    matched: int = 0
    likeness: float = 0.0

    def __add__(self, other: "Agreement") -> "Agreement":
        """Return the agreement over both."""
        return Agreement(
            self.first + other.first,
            self.second + other.second,
            self.matched + other.matched,
            self.likeness + other.likeness,
        )

    @property
    def mean(self) -> float | None:
        """The mean likeness of what both have; None where that is nothing."""
        return self.likeness / self.matched if self.matched else None


def of_boxes(
    frames: tuple[np.ndarray, np.ndarray], boxes: tuple[np.ndarray, np.ndarray], least: float = LEAST_IOU
) -> Agreement:
    """Return the agreement of two sets of boxes (n, 4) and (m, 4) in `frames` (n,) and (m,), frame by frame.

    Pairs are matched by falling IoU, each box in one at most, down to an IoU of `least`.
    """
    matched, likeness = 0, 0.0
    for i, j in _of_one_frame(*frames):
        ious = box.paired_iou(boxes[0][i], boxes[1][j])
        near = ious >= least
        chosen = match(i[near], j[near], ious[near])
        matched += len(chosen)
        likeness += float(ious[near][chosen].sum())
    return Agreement(len(frames[0]), len(frames[1]), matched, likeness)


def of_tubes(first: VideoTubes, second: VideoTubes, least: float = LEAST_IOU) -> Agreement:
    """Return the agreement of the tubes of two results, matched as boxes are, by their IoU as volumes."""
    (f_tube, f_frame, f_boxes), (s_tube, s_frame, s_boxes) = _flat(first), _flat(second)
    n = len(second.tubes)
    overlaps = [(_NONE, _NONE)]
    for i, j in _of_one_frame(f_frame, s_frame):
        corners = [np.maximum(f_boxes[i, :2], s_boxes[j, :2]), np.minimum(f_boxes[i, 2:], s_boxes[j, 2:])]
        overlaps.append(_summed(f_tube[i] * n + s_tube[j], box.area(np.concatenate(corners, axis=1))))
    keys, shared = _summed(*map(np.concatenate, zip(*overlaps, strict=True)))
    a, b = np.divmod(keys, max(n, 1))
    volumes = [
        np.bincount(tube, weights=box.area(boxes), minlength=len(video.tubes))
        for tube, boxes, video in ((f_tube, f_boxes, first), (s_tube, s_boxes, second))
    ]
    union = volumes[0][a] + volumes[1][b] - shared
    ious = np.divide(shared, union, out=np.zeros(len(keys)), where=union > 0)
    near = ious >= least
    chosen = match(a[near], b[near], ious[near])
    return Agreement(len(first.tubes), n, len(chosen), float(ious[near][chosen].sum()))


def of_features(first: np.ndarray, second: np.ndarray) -> Agreement:
    """Return the agreement of features of the same clips, (n, d) each: the distance of two over their mean length."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    distance = np.linalg.norm(a - b, axis=1)
    length = (np.linalg.norm(a, axis=1) + np.linalg.norm(b, axis=1)) / 2
    relative = np.divide(distance, length, out=np.zeros(len(a)), where=length > 0)
    return Agreement(len(a), len(b), len(a), float(relative.sum()))


def match(first: np.ndarray, second: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return which pairs (k,) of items are matched, by falling value, each item in one pair at most.

    Of equal pairs the one with the lower items comes first. In each round all pairs are taken that are the best of both
    of their items: they are those that one after the other would be taken.
    """
    left = np.lexsort((second, first, -np.asarray(value)))
    chosen = [np.zeros(0, dtype=np.int64)]
    while len(left):
        best, other = (np.unique(items[left], return_index=True)[1] for items in (first, second))
        taken = left[np.intersect1d(best, other)]
        chosen.append(taken)
        left = left[~np.isin(first[left], first[taken]) & ~np.isin(second[left], second[taken])]
    return np.concatenate(chosen)


def _of_one_frame(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the indices of every pair of items of one frame, those of whole frames at a time."""
    orders = [np.argsort(items, kind="stable") for items in (first, second)]
    frames = np.intersect1d(first, second)
    starts, counts = [], []
    for items, order in zip((first, second), orders, strict=True):
        low, high = (np.searchsorted(items[order], frames, side) for side in ("left", "right"))
        starts.append(low)
        counts.append(high - low)
    sizes = counts[0] * counts[1]
    group = (np.cumsum(sizes) - 1) // MOST_PAIRS if len(sizes) else _NONE
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        n_pairs = sizes[members]
        frame = np.repeat(members, n_pairs)
        within = np.arange(len(frame)) - np.repeat(np.cumsum(n_pairs) - n_pairs, n_pairs)
        i, j = np.divmod(within, counts[1][frame])
        yield orders[0][starts[0][frame] + i], orders[1][starts[1][frame] + j]


def _flat(video: VideoTubes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tube, frame and box of every box of every tube."""
    lengths = [len(tube.boxes) for tube in video.tubes]
    tube = np.repeat(np.arange(len(lengths)), lengths)
    frames = [np.arange(part.start, part.stop) for part in video.tubes]
    boxes = [part.boxes for part in video.tubes]
    return tube, np.concatenate([_NONE, *frames]), np.concatenate([np.zeros((0, 4)), *boxes])


def _summed(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different keys, rising, and the sum of the values of each."""
    different, inverse = np.unique(keys, return_inverse=True)
    return different, np.bincount(inverse, weights=values, minlength=len(different))
