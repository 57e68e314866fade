"""Unions: multivariate tubes that keep their members, of pairs of unary tubes and of groups of detections.

Linked by the overlap of their boxes alone, unions drift: a box around a and b overlaps the next one around b and c,
and that one around c and d.
"""

from collections.abc import Iterator, Sequence, Set

import numpy as np

from wsstad.perception.linkers.assignment import assign
from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.sweeps import as_weights, frame_spans, read_chains
from wsstad.structures import boxes as box
from wsstad.structures.tubes import Tube


def pairs(
    tubes: Sequence[Tube], candidates: Candidates, *, max_gap: int, min_frames: int
) -> Iterator[tuple[Tube, int, int]]:
    """Yield the union of each two unary tubes while their boxes intersect, and the two's indices.

    They may be apart for `max_gap` frames, and must be together for `min_frames` from the first to the last.
    """
    first, second, frame = _meetings(tubes, candidates)
    breaks = (np.diff(first) != 0) | (np.diff(second) != 0) | (np.diff(frame) > max_gap + 1)
    cuts = np.flatnonzero(breaks) + 1
    starts, stops = np.concatenate([[0], cuts]), np.concatenate([cuts, [len(frame)]])
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        if stop > start and frame[stop - 1] - frame[start] + 1 >= min_frames:
            i, j = int(first[start]), int(second[start])
            yield _unite(tubes[i], tubes[j], int(frame[start]), int(frame[stop - 1]) + 1), i, j


def _meetings(tubes: Sequence[Tube], candidates: Candidates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return index, larger index and frame of every meeting of two tubes' boxes, sorted."""
    if not tubes:
        return (np.zeros(0, dtype=np.int64),) * 3
    frame = np.concatenate([np.arange(tube.start, tube.stop) for tube in tubes])
    boxes = np.concatenate([tube.boxes for tube in tubes]).astype(np.float64)
    owner = np.repeat(np.arange(len(tubes)), [len(tube.boxes) for tube in tubes])
    order = np.lexsort((owner, frame))
    size = candidates.n_frames, candidates.width, candidates.height
    placed = Candidates(*size, frame[order], boxes[order], np.ones(len(frame)), owner[order])
    one, other, _ = placed.neighbours(0, above=0.0)
    meetings = np.stack([placed.label[one], placed.label[other], placed.frame[one]])
    first, second, frames = meetings[:, np.lexsort(meetings[::-1])]
    return first, second, frames


def _unite(one: Tube, other: Tube, start: int, stop: int) -> Tube:
    """Return the union of two tubes over frames that both have; a box counts as observed where both are."""
    one, other = one.cut(start, stop), other.cut(start, stop)
    low = np.minimum(one.boxes[:, :2], other.boxes[:, :2])
    high = np.maximum(one.boxes[:, 2:], other.boxes[:, 2:])
    score = (one.score + other.score) / 2
    return Tube(start, np.hstack([low, high]), "multivariate", score, one.observed & other.observed)


def link_groups(unions: Candidates, objects: Sequence[Set[int]], *, min_iou: float, max_gap: int) -> list[np.ndarray]:
    """Return tubes of union boxes, each as their sorted indices; `objects` names the objects inside each union.

    Frame by frame, the unions are assigned to the tubes seen at most `max_gap` + 1 frames before, such that the total
    IoU with their last boxes is the greatest possible, none is `min_iou` or less, and at least one object stays: one
    that is in all unions of its tube. What is left over starts a tube.
    """
    after = np.full(len(unions), -1)
    staying = list(objects)  # of the tube that a union is the last of
    waiting = np.zeros(0, dtype=np.int64)
    for first, stop in frame_spans(unions.frame):
        waiting = waiting[unions.frame[first] - unions.frame[waiting] <= max_gap + 1]
        overlap = box.iou(unions.boxes[waiting], unions.boxes[first:stop])
        row, column = (overlap > min_iou).nonzero()
        weight = as_weights(overlap[row, column]).tolist()
        links = zip(waiting[row].tolist(), (first + column).tolist(), weight, strict=True)
        for i, j in assign([(i, j, w) for i, j, w in links if staying[i] & objects[j]]):
            after[i], staying[j] = j, staying[i] & objects[j]
        waiting = np.concatenate([waiting[after[waiting] < 0], np.arange(first, stop)])
    return read_chains(after, np.setdiff1d(np.arange(len(unions)), after))
