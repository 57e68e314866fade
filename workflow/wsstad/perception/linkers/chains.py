"""Chains: which detection follows which, frame after frame, by the greatest total IoU."""

from collections import defaultdict
from itertools import pairwise

import numpy as np

from wsstad.perception.linkers.assignment import Edge, assign
from wsstad.perception.linkers.candidates import UNIT, Candidates
from wsstad.perception.linkers.groups import assign_groups, label_components

# Sources, targets and weights of possible links.
Edges = tuple[np.ndarray, np.ndarray, np.ndarray]


def link_detections(
    candidates: Candidates, *, min_iou: float, max_gap: int, min_start_score: float, class_agnostic: bool = True
) -> list[np.ndarray]:
    """Return the tubes of a video, each as the sorted indices of its detections; a detection is in one at most.

    Frame by frame, the detections are assigned to the tubes whose last detection is at most `max_gap` + 1 frames back,
    such that the total IoU with those last boxes is the greatest possible over one-to-one assignments in which no pair
    has an IoU of `min_iou` or less (ties: see `assignment.assign`, rows and columns in the order of `Candidates`). A
    detection left over starts a tube if its score is at least `min_start_score`.
    """
    if not len(candidates):
        return []
    weak = candidates.score < min_start_score
    chains = _Chains(candidates, weak, min_iou=min_iou, max_gap=max_gap, class_agnostic=class_agnostic)
    chains.link()
    return chains.read()


class _Chains:
    """Links between detections, those of neighbouring frames found for all frames at once.

    They are right wherever no other tube waits for one of the boxes, and wherever all that compete are in tubes. What
    is left are the boxes that a waiting tube meets; these are walked through in time, each with all that compete
    for it, its `group`.
    """

    def __init__(
        self, candidates: Candidates, weak: np.ndarray, *, min_iou: float, max_gap: int, class_agnostic: bool
    ) -> None:
        self.candidates, self.min_iou, self.max_gap, self.class_agnostic = candidates, min_iou, max_gap, class_agnostic
        self.frame: list[int] = candidates.frame.tolist()
        self.weak: list[bool] = weak.tolist()
        self.near = self._weighted(*candidates.neighbours(1, above=min_iou))
        source, target, _ = self.near
        shared = np.flatnonzero(source[1:] == source[:-1])
        label = label_components(len(candidates), target[shared], target[shared + 1])
        self.label: list[int] = label.tolist()  # of a detection, the group that competes for it
        self.group = label[target]
        # The links of a group are neighbours in this order.
        self.order = np.argsort(self.group, kind="stable")
        self.start = np.searchsorted(self.group[self.order], np.arange(len(candidates) + 1)).tolist()
        self.open: dict[int, list[Edge]] = defaultdict(list)  # frame -> the links into it of tubes that wait
        self.unsure: dict[int, list[int]] = defaultdict(list)  # frame -> links into it that must not be outside tubes

    def link(self) -> None:
        """Find all links."""
        source, target, weight = (column[self.order] for column in self.near)
        group, n = self.group[self.order], len(self.frame)
        chosen = assign_groups(group, source, target, weight)
        following, before = np.full(n, -1), np.full(n, -1)
        following[source[chosen]], before[target[chosen]] = target[chosen], source[chosen]
        idle = np.flatnonzero(following < 0)
        self.idle = set(idle.tolist())
        self.next: list[int] = following.tolist()
        self.previous: list[int] = before.tolist()
        # What competes with nothing may be linked outside all tubes: `read` leaves it out.
        several = np.bincount(group, minlength=n)[group] > 1
        for j in target[chosen & several & np.array(self.weak, dtype=bool)[source]].tolist():
            self.unsure[self.frame[j]].append(j)
        self._wait(idle)
        for frame in range(self.candidates.n_frames):
            if frame in self.open or frame in self.unsure:
                self._decide(frame, self.open.pop(frame, []))

    def read(self) -> list[np.ndarray]:
        """Return the chains that started, in the order of their first detections."""
        # What is too weak to start a tube may only go on with one.
        inside, previous = np.array(self._inside()), np.array(self.previous)
        goes_on = (previous >= 0) & inside[previous]
        members = np.flatnonzero(inside)
        head = _roots(np.where(goes_on, previous, np.arange(len(inside))))[members]
        order = np.argsort(head, kind="stable")
        cuts = (np.flatnonzero(np.diff(head[order])) + 1).tolist()
        ordered = members[order]
        return [ordered[first:stop] for first, stop in pairwise([0, *cuts, len(order)]) if stop > first]

    def _inside(self) -> list[bool]:
        """Return whether a tube started at each detection or at one that it follows."""
        inside = [not weak for weak in self.weak]
        for j, i in enumerate(self.previous):
            if i >= 0 and inside[i]:
                inside[j] = True
        return inside

    def _decide(self, frame: int, edges: list[Edge]) -> None:
        """Link into `frame` anew where a tube that waits meets a box, or where a source is in no tube."""
        edges = [
            edge for edge in edges if self.next[edge[0]] < 0 and (not self.weak[edge[0]] or self._in_tube(edge[0]))
        ]
        groups = {self.label[j] for _, j, _ in edges}
        groups.update(self.label[j] for j in self.unsure.get(frame, ()) if not self._in_tube(self.previous[j]))
        freed = []
        for i, j, weight in (link for group in groups for link in self._group(group)):
            linked, in_tube = self.next[i] == j, self._in_tube(i)
            if linked:
                self.next[i] = self.previous[j] = -1
            if in_tube:
                edges.append((i, j, weight))
                freed += [i] * linked
        for i, j in assign(edges):
            self.next[i], self.previous[j] = j, i
        left = freed and sorted(i for i in freed if self.next[i] < 0 and i not in self.idle)
        if left:
            self.idle.update(left)
            self._wait(np.array(left))

    def _group(self, group: int) -> list[Edge]:
        """Return the possible links from the frame before that compete in a group."""
        links = self.order[self.start[group] : self.start[group + 1]]
        return list(zip(*(column[links].tolist() for column in self.near), strict=True))

    def _in_tube(self, i: int) -> bool:
        """Return whether a tube started at detection `i` or at one that it follows."""
        while i >= 0 and self.weak[i]:
            i = self.previous[i]
        return i >= 0

    def _wait(self, sources: np.ndarray) -> None:
        """Let tubes that end at `sources` compete for the boxes of later frames."""
        if self.max_gap:
            frame = self.candidates.frame
            first = np.searchsorted(frame, frame[sources] + 2, side="left")
            stop = np.searchsorted(frame, frame[sources] + self.max_gap + 1, side="right")
            far = self._weighted(*self.candidates.overlapping(sources, first, stop, above=self.min_iou))
            for edge in zip(*(column.tolist() for column in far), strict=True):
                self.open[self.frame[edge[1]]].append(edge)

    def _weighted(self, source: np.ndarray, target: np.ndarray, overlap: np.ndarray) -> Edges:
        if not self.class_agnostic:
            same = self.candidates.label[source] == self.candidates.label[target]
            source, target, overlap = source[same], target[same], overlap[same]
        # At least 1: what passed the gate may be linked, however small.
        return source, target, np.maximum(np.rint(overlap * UNIT), 1).astype(np.int64)


def _roots(above: np.ndarray) -> np.ndarray:
    """Return the last of each node's ancestors, where `above` (n,) names the next one, or the node itself."""
    while not np.array_equal(higher := above[above], above):
        above = higher
    return above
