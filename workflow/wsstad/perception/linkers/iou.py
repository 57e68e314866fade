"""Link detections by the overlap of their boxes into unary and multivariate tubes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.chains import link_detections
from wsstad.perception.linkers.doubles import without_doubles
from wsstad.perception.linkers.parameters import IouParameters
from wsstad.structures import boxes as box
from wsstad.structures.clips import CLIP_FRAMES, VIDEOLETS
from wsstad.structures.tubes import KINDS, Tube, VideoTubes, divide, whole_frame


class IouLinker:
    """Tubes by IoU.

    Paper is silent on the linking (its supplement is not public). Unary tubes link the detections of one object;
    multivariate tubes link the union boxes of intersecting detections in the same way (Fig. 2: "each union box may
    contain several objects").
    """

    def __init__(self, parameters: IouParameters) -> None:
        self.parameters = parameters

    def link(self, arrays: Mapping[str, np.ndarray]) -> tuple[VideoTubes, int]:
        """Return the tubes of a video from its "detections" arrays, and how many more than `max_tubes` there were.

        Raises `ValueError` for boxes that are not finite or empty, and for frames outside the video.
        """
        candidates = without_doubles(Candidates.from_arrays(arrays), self.parameters.double_iou)
        # Every tube comes with the detections inside it.
        tubes: list[tuple[Tube, np.ndarray]] = []
        if "unary" in self.parameters.kinds:
            for chain in self._chains(candidates, class_agnostic=self.parameters.class_agnostic):
                tubes.append((make_tube(candidates, chain, "unary"), chain))
        if "multivariate" in self.parameters.kinds:
            unions, groups = candidates.unions()
            # A union may hold several classes, so it has none to compare.
            for chain in self._chains(unions, class_agnostic=True):
                inside = np.concatenate([groups[i] for i in chain])
                tubes.append((make_tube(unions, chain, "multivariate"), inside))
        kept = select(tubes, self.parameters.max_tubes)
        detected = np.bincount(candidates.frame, minlength=candidates.n_frames) > 0
        size = candidates.n_frames, candidates.width, candidates.height
        return VideoTubes(*size, detected, name_members(kept) or videolets(*size)), len(tubes) - len(kept)

    def _chains(self, candidates: Candidates, *, class_agnostic: bool) -> list[np.ndarray]:
        chains = link_detections(
            candidates,
            min_iou=self.parameters.min_iou,
            max_gap=self.parameters.max_gap,
            min_start_score=self.parameters.min_start_score,
            class_agnostic=class_agnostic,
        )
        frame = candidates.frame
        return [chain for chain in chains if frame[chain[-1]] - frame[chain[0]] + 1 >= self.parameters.min_frames]


def make_tube(candidates: Candidates, chain: np.ndarray, kind: str) -> Tube:
    """Return the tube through the detections of `chain`, its gaps filled by linear interpolation."""
    frame = candidates.frame[chain]
    start, length = int(frame[0]), int(frame[-1] - frame[0] + 1)
    boxes, observed = candidates.boxes.take(chain, axis=0), np.zeros(length, dtype=bool)
    observed[frame - start] = True
    if length > len(chain):
        missed = np.flatnonzero(~observed)
        before = np.cumsum(observed) - 1
        first, last = before[missed], before[missed] + 1
        steps = (missed - (frame[first] - start))[:, None]
        # Multiplied before divided: a half of the 1/16 grid then stays exactly a half.
        between = (boxes[last] - boxes[first]) * steps / (frame[last] - frame[first])[:, None]
        filled = box.quantise(boxes[first] + between)
        boxes = boxes.take(before, axis=0)
        boxes[missed] = filled
    score = math.fsum(candidates.score[chain].tolist()) / len(chain)
    return Tube(start, boxes.astype(np.float32), kind, score, observed)


def select(tubes: Sequence[tuple[Tube, np.ndarray]], max_tubes: int) -> list[tuple[Tube, np.ndarray]]:
    """Return at most `max_tubes` of the tubes, sorted by start, kind and first box.

    Paper is silent on which tubes a bag that is "limited to 200" keeps. We keep those with the greatest sum of
    confidences (observed frames times mean score), unary and multivariate alike: it prefers what the detector has seen
    long and clearly, and flickering false alarms go first. Features are extracted after the cut, never for nothing.
    """

    def order(item: tuple[Tube, np.ndarray]) -> tuple[int, int, list[float]]:
        return item[0].start, KINDS.index(item[0].kind), item[0].boxes[0].tolist()

    ordered = sorted(tubes, key=order)
    evidence = [-tube.score * int(tube.observed.sum()) for tube, _ in ordered]
    return [ordered[i] for i in sorted(np.argsort(evidence, kind="stable")[:max_tubes])]


def name_members(kept: Sequence[tuple[Tube, np.ndarray]]) -> list[Tube]:
    """Return the tubes, the multivariate ones with the indices of the unary ones that share a detection with them."""
    unary_of = np.full(max((int(inside.max()) for _, inside in kept), default=-1) + 1, -1)
    for index, (tube, inside) in enumerate(kept):
        if tube.kind == "unary":
            unary_of[inside] = index
    tubes = []
    for tube, inside in kept:
        members: tuple[int, ...] = ()
        if tube.kind == "multivariate":
            members = tuple(index for index in np.unique(unary_of[inside]).tolist() if index >= 0)
        tubes.append(Tube(tube.start, tube.boxes, tube.kind, tube.score, tube.observed, members))
    return tubes


def videolets(n_frames: int, width: int, height: int) -> list[Tube]:
    """Return the whole-frame tubes of a video in which nothing was found, one for each videolet."""
    return [whole_frame(*span, width, height) for span in divide(0, n_frames, VIDEOLETS, min_frames=CLIP_FRAMES)]
