"""The detections of one video in one order, the pairs of them that overlap, and the unions of those that touch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

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
        order = sort_order(frame, boxes, score, label)
        return cls(n_frames, width, height, frame[order], boxes[order], score[order], label[order])

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
        left, right = self.boxes[:, 0], self.boxes[:, 2]
        # Most pairs lie side by side: four look-ups settle them.
        near = np.minimum(right[source], right[target]) > np.maximum(left[source], left[target])
        source, target = source[near], target[near]
        overlap = box.paired_iou(self.boxes[source], self.boxes[target])
        kept = overlap > above
        return source[kept], target[kept], overlap[kept]

    def unions(self) -> tuple["Candidates", list[np.ndarray]]:
        """Return the union boxes of intersecting detections, and for each the detections inside it.

        Per frame one union for each connected component, of at least two, under "their boxes intersect". Its score
        is the mean of its members', its label 0.
        """
        every = np.arange(len(self))
        source, target, _ = self.overlapping(
            every, every + 1, np.searchsorted(self.frame, self.frame, side="right"), above=0.0
        )
        groups = components(zip(source.tolist(), target.tolist(), strict=True))
        if not groups:
            return replace(self, frame=every[:0], boxes=self.boxes[:0], score=self.score[:0], label=every[:0]), []
        sizes = np.array([len(group) for group in groups])
        inside, starts = np.concatenate(groups), np.cumsum(sizes) - sizes
        frame = self.frame[inside[starts]]
        low, high = self.boxes[inside, :2], self.boxes[inside, 2:]
        boxes = np.concatenate([np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)], axis=1)
        # Paper is silent on a union's score: the mean, so that a union does not outrank its members.
        score = np.round(np.add.reduceat(self.score[inside], starts) / sizes * 4096) / 4096
        label = np.zeros(len(groups), dtype=np.int64)
        order = sort_order(frame, boxes, score, label)
        union = replace(self, frame=frame[order], boxes=boxes[order], score=score[order], label=label[order])
        return union, [np.array(groups[k]) for k in order]


def sort_order(frame: np.ndarray, boxes: np.ndarray, score: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return the order by frame, then the higher score, then box, then label, shape (n,)."""
    return np.lexsort((label, *boxes.T[::-1], -score, frame))


def components(edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the connected components of a graph given by its edges, each sorted, in the order of their first nodes.

    Not scipy's, because a call of that costs more than the five edges of a frame, and its import more than a video.

    >>> components([(5, 1), (2, 3), (3, 5), (7, 8)])
    [[1, 2, 3, 5], [7, 8]]
    """
    root: dict[int, int] = {}
    for first, second in edges:
        first, second = _find(root, first), _find(root, second)
        if first != second:
            root[max(first, second)] = min(first, second)
    groups: dict[int, list[int]] = {}
    for node in sorted(root):
        groups.setdefault(_find(root, node), []).append(node)
    return list(groups.values())


def _find(root: dict[int, int], node: int) -> int:
    parent = root.setdefault(node, node)
    while parent != node:
        root[node] = root[parent]
        node, parent = parent, root[parent]
    return node


def _refuse(bad: np.ndarray, boxes: np.ndarray, frame: np.ndarray, why: str) -> None:
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(f"detection {first} (frame {frame[first]}, box {boxes[first].tolist()}) {why}")
