"""Chains linked one frame after the other: slow, plain in time, and what `chains.link_detections` must equal."""

from collections import defaultdict

import numpy as np

from wsstad.perception.linkers.assignment import assign
from wsstad.perception.linkers.candidates import UNIT


def sequential_chains(candidates, *, min_iou, max_gap, min_start_score, class_agnostic=True):
    """Return what `link_detections` returns, by a walk through the frames in which boxes compete."""
    weak = candidates.score < min_start_score
    chains = SequentialChains(candidates, weak, min_iou=min_iou, max_gap=max_gap, class_agnostic=class_agnostic)
    chains.link()
    return chains.read()


class SequentialChains:
    """Links between detections, found without a solver where only one answer is possible.

    Two detections of neighbouring frames that overlap each other and nothing else are linked at once, for the whole
    video. What is left are the frames in which boxes compete, or in which a tube that waits meets a box; only these
    are walked through in time.
    """

    def __init__(self, candidates, weak, *, min_iou, max_gap, class_agnostic):
        self.candidates, self.min_iou, self.max_gap, self.class_agnostic = candidates, min_iou, max_gap, class_agnostic
        self.frame = candidates.frame.tolist()
        self.weak = weak.tolist()
        self.next = [-1] * len(candidates)
        self.previous = [-1] * len(candidates)
        self.weight = [0] * len(candidates)  # of the link from `previous`, where that is the only possible one
        self.open = defaultdict(list)  # frame -> the links into it that compete

    def link(self):
        """Find all links."""
        every = np.arange(len(self.candidates))
        source, target, weight = self._edges(every, 1, 1)
        n = len(every)
        alone = (np.bincount(source, minlength=n)[source] == 1) & (np.bincount(target, minlength=n)[target] == 1)
        for i, j, w in zip(source[alone].tolist(), target[alone].tolist(), weight[alone].tolist(), strict=True):
            self.next[i], self.previous[j], self.weight[j] = j, i, w
        self._compete(source[~alone], target[~alone], weight[~alone])
        self._wait(np.setdiff1d(every, source))
        for frame in sorted(set(self.frame)):
            if frame in self.open:
                self._decide(frame, self.open.pop(frame))

    def read(self):
        """Return the chains that started, in the order of their first detections."""
        chains = []
        for head in range(len(self.next)):
            if self.previous[head] >= 0:
                continue
            chain = []
            i = head
            while i >= 0:
                # Detections too weak to start a tube may only go on with one.
                if chain or not self.weak[i]:
                    chain.append(i)
                i = self.next[i]
            if chain:
                chains.append(np.array(chain))
        return sorted(chains, key=lambda chain: int(chain[0]))

    def _decide(self, frame, edges):
        """Link into `frame` where several links are possible."""
        edges = [edge for edge in edges if self.next[edge[0]] < 0 and self._in_tube(edge[0])]
        if not edges:
            return
        for j in sorted({edge[1] for edge in edges}):
            i = self.previous[j]
            if i >= 0:
                # A tube that waits has met a box that seemed to be another's alone: that link competes after all.
                self.next[i] = self.previous[j] = -1
                if self._in_tube(i):
                    edges.append((i, j, self.weight[j]))
        for i, j in assign(edges):
            self.next[i], self.previous[j] = j, i
        left = {i for i, _, _ in edges if self.next[i] < 0 and self.frame[i] == frame - 1}
        if left:
            self._wait(np.array(sorted(left)))

    def _in_tube(self, i):
        """Return whether a tube started at detection `i` or at one that it follows."""
        while i >= 0 and self.weak[i]:
            i = self.previous[i]
        return i >= 0

    def _wait(self, sources):
        """Let the boxes of later frames compete for tubes that end at `sources`."""
        if self.max_gap:
            self._compete(*self._edges(sources, 2, self.max_gap + 1))

    def _compete(self, source, target, weight):
        for edge in zip(source.tolist(), target.tolist(), weight.tolist(), strict=True):
            self.open[self.frame[edge[1]]].append(edge)

    def _edges(self, sources, first, last):
        """Return the possible links from `sources` to the frames `first` .. `last` after theirs, with their weights."""
        frame = self.candidates.frame
        source, target, overlap = self.candidates.overlapping(
            sources,
            np.searchsorted(frame, frame[sources] + first, side="left"),
            np.searchsorted(frame, frame[sources] + last, side="right"),
            above=self.min_iou,
        )
        if not self.class_agnostic:
            same = self.candidates.label[source] == self.candidates.label[target]
            source, target, overlap = source[same], target[same], overlap[same]
        # At least 1: what passed the gate may be linked, however small.
        return source, target, np.maximum(np.rint(overlap * UNIT), 1).astype(np.int64)
