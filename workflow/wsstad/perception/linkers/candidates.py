"""The detections of one video in one order, the pairs of them that overlap, and the unions of those that touch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from wsstad.perception.linkers.groups import label_components
from wsstad.perception.linkers.overlaps import overlaps
from wsstad.structures import boxes as box

# IoU is counted in units of 2^-32: totals are then exact integers, so "equal" means equal on every machine.
UNIT = 2**32
# Pairs looked at in one go: bounds the memory, however long or crowded the video is.
CHUNK = 1 << 20


@dataclass(frozen=True)
class Candidates:
    """The boxes of a video that may be linked, sorted by frame, then the higher score, then box, then label.

    `frame` (n,) int64, `boxes` (n, 4) float64 pixels on the 1/16 grid inside the frame, `score` (n,) float64,
    `label` (n,) int64.
    """

    n_frames: int
    width: int
    height: int
    frame: np.ndarray
    boxes: np.ndarray
    score: np.ndarray
    label: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Candidates":
        """Sort and check what a "detections" artefact holds; raise `ValueError` naming the first bad detection."""
        n_frames, width, height = (int(value) for value in arrays["size"])
        frame, label = arrays["frame"].astype(np.int64), arrays["label"].astype(np.int64)
        boxes, score = arrays["boxes"].astype(np.float64).reshape(-1, 4), arrays["score"].astype(np.float64)
        # lap takes NaN without a word and returns an assignment, so nothing that is not finite may pass here.
        _refuse(~np.isfinite(boxes).all(axis=1) | ~np.isfinite(score), boxes, frame, "is not finite")
        _refuse((frame < 0) | (frame >= n_frames), boxes, frame, f"is not in a video of {n_frames} frames")
        boxes = box.quantise(box.clip(boxes, width, height)).astype(np.float64)
        _refuse(box.area(boxes) <= 0, boxes, frame, f"is empty inside a frame of {width} x {height}")
        if not _is_sorted(frame, -score, *boxes.T, label):  # what a detector wrote is
            order = sort_order(frame, boxes, score, label)
            frame, boxes, score, label = frame[order], boxes[order], score[order], label[order]
        return cls(n_frames, width, height, frame, boxes, score, label)

    def __len__(self) -> int:
        return len(self.frame)

    def overlapping(
        self, sources: np.ndarray, first: np.ndarray, stop: np.ndarray, *, above: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the pairs of detection sources[k] with each of first[k] .. stop[k] - 1 whose IoU is over `above`.

        Three arrays: source, target, IoU. `above` is at least 0.
        """
        counts = np.maximum(stop - first, 0)
        ends = np.cumsum(counts)
        cuts = np.searchsorted(ends, np.arange(CHUNK, ends[-1] if len(ends) else 0, CHUNK), side="right")
        parts = []
        for rows in np.split(np.arange(len(sources)), cuts):
            n = counts[rows]
            source = np.repeat(sources[rows], n)
            target = np.arange(len(source)) + np.repeat(first[rows] - (np.cumsum(n) - n), n)
            parts.append(self._over(source, target, above))
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]

    def _over(self, source: np.ndarray, target: np.ndarray, above: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        left, top, right, bottom = self.sides
        # Most pairs lie side by side: four look-ups settle them.
        for low, high in ((left, right), (top, bottom)):
            near = np.minimum(high.take(source), high.take(target)) > np.maximum(low.take(source), low.take(target))
            source, target = source[near], target[near]
        overlap = box.paired_iou(self.boxes[source], self.boxes[target])
        kept = overlap > above
        return source[kept], target[kept], overlap[kept]

    @cached_property
    def sides(self) -> np.ndarray:
        """The boxes as whole sixteenths of a pixel, (4, n) int32: exact, and quick to look up."""
        return np.ascontiguousarray(np.rint(self.boxes.T * box.GRID), dtype=np.int32)

    def neighbours(self, step: int, *, above: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the pairs of detections, the second `step` frames later, whose IoU is over `above` (at least 0).

        Three arrays, sorted: source, target, IoU. With a step of 0 each pair comes once.
        """
        return overlaps(self.frame, self.sides, n_frames=self.n_frames, step=step, above=above)

    def unions(self) -> tuple["Candidates", list[np.ndarray]]:
        """Return the union boxes of intersecting detections, and for each the detections inside it.

        Per frame one union for each connected component, of at least two, under "their boxes intersect". Its score
        is the mean of its members', its label 0.
        """
        source, target, _ = self.neighbours(0, above=0.0)
        label = label_components(len(self), source, target)
        touching = np.zeros(len(self), dtype=bool)
        touching[source] = touching[target] = True
        inside = np.flatnonzero(touching)
        inside = inside[np.argsort(label[inside], kind="stable")]
        starts = np.flatnonzero(np.diff(label[inside], prepend=-1))
        sizes = np.diff(starts, append=len(inside))
        frame = self.frame[inside[starts]]
        low, high = self.boxes[inside, :2], self.boxes[inside, 2:]
        boxes = np.concatenate([np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)], axis=1)
        # Paper is silent on a union's score: the mean, so that a union does not outrank its members.
        score = np.round(np.add.reduceat(self.score[inside], starts) / sizes * 4096) / 4096
        label = np.zeros(len(starts), dtype=np.int64)
        order = sort_order(frame, boxes, score, label)
        union = replace(self, frame=frame[order], boxes=boxes[order], score=score[order], label=label[order])
        spans = np.stack([starts, starts + sizes], axis=1)[order].tolist()
        return union, [inside[first:stop] for first, stop in spans]


def sort_order(frame: np.ndarray, boxes: np.ndarray, score: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return the order by frame, then the higher score, then box, then label, shape (n,)."""
    order = np.lexsort((-score, frame))
    # Equal scores are few: only those need more than two keys.
    equal = (np.diff(frame[order]) == 0) & (np.diff(score[order]) == 0)
    tied = np.flatnonzero(np.append(equal, False) | np.insert(equal, 0, False))
    some = order[tied]
    keys = (label, *boxes.T[::-1], -score, frame)
    order[tied] = some[np.lexsort([key[some] for key in keys])]
    return order


def _is_sorted(*keys: np.ndarray) -> bool:
    """Return whether rows of keys, the first one the most important, are in order."""
    equal = np.arange(max(len(keys[0]) - 1, 0))
    for key in keys:
        before, after = key[equal], key[equal + 1]
        if (before > after).any():
            return False
        equal = equal[before == after]
    return True


def _refuse(bad: np.ndarray, boxes: np.ndarray, frame: np.ndarray, why: str) -> None:
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(f"detection {first} (frame {frame[first]}, box {boxes[first].tolist()}) {why}")
