"""Doubles: further boxes that a detector gives to an object that it has found already."""

from dataclasses import replace

import numpy as np

from wsstad.perception.linkers.candidates import Candidates


def owners(candidates: Candidates, double_iou: float) -> np.ndarray:
    """Return for each detection the one that it is a double of, or itself where it is none, (n,) int64.

    That is greedy non-maximum suppression whatever the classes: in the order of `Candidates`, a detection that is no
    double owns all later ones of its frame whose IoU with it is greater than `double_iou` and that have no owner yet.
    """
    owner = np.arange(len(candidates))
    if double_iou >= 1:
        return owner
    # Sorted by the first of each pair: when its turn comes, all that could own it have had theirs.
    source, target, _ = candidates.neighbours(0, above=double_iou)
    owned = owner.tolist()
    for i, j in zip(source.tolist(), target.tolist(), strict=True):
        if owned[i] == i and owned[j] == j:
            owned[j] = i
    return np.array(owned, dtype=np.int64)


def without_doubles(candidates: Candidates, double_iou: float) -> Candidates:
    """Return the detections that are doubles of none; see `owners`."""
    owner = owners(candidates, double_iou)
    return take(candidates, owner == np.arange(len(owner)))


def take(candidates: Candidates, chosen: np.ndarray) -> Candidates:
    """Return the detections `chosen`, a boolean (n,) or sorted indices."""
    parts = {name: getattr(candidates, name)[chosen] for name in ("frame", "boxes", "score", "label")}
    return replace(candidates, **parts)
