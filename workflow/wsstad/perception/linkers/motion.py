"""Link detections by where a constant velocity takes them into unary tubes, and these into multivariate ones."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.doubles import owners, take
from wsstad.perception.linkers.iou import make_tube, name_members, select, videolets
from wsstad.perception.linkers.parameters import MotionParameters
from wsstad.perception.linkers.sweeps import link_by_motion
from wsstad.perception.linkers.unions import link_groups, pairs
from wsstad.structures.tubes import Tube, VideoTubes

# A tube, and the detections inside it.
TubeDetections = tuple[Tube, np.ndarray]


class MotionLinker:
    """Tubes by motion, strong detections before weak ones.

    Paper is silent on the linking (its supplement is not public). Detections that are doubles of others are left out;
    the rest become tubes of any length, and those of `min_frames` are the unary tubes. The multivariate ones are of two
    sorts: `pairs` unite two unary tubes as long as they touch, `groups` link the union boxes of touching detections, of
    which one object has to stay.
    """

    def __init__(self, parameters: MotionParameters) -> None:
        self.parameters = parameters

    def link(self, arrays: Mapping[str, np.ndarray]) -> tuple[VideoTubes, int]:
        """Return the tubes of a video from its "detections" arrays, and how many more than `max_tubes` there were.

        Raises `ValueError` for boxes that are not finite or empty, and for frames outside the video.
        """
        candidates = Candidates.from_arrays(arrays)
        owner = owners(candidates, self.parameters.double_iou)
        single = np.flatnonzero(owner == np.arange(len(owner)))
        chains = [single[chain] for chain in self._link(take(candidates, single))]
        unary = [(make_tube(candidates, chain, "unary"), chain) for chain in chains if self._is_long(candidates, chain)]
        tubes = list(unary) if "unary" in self.parameters.kinds else []
        if "multivariate" in self.parameters.kinds and "pairs" in self.parameters.unions:
            tubes += self._pairs(unary, candidates)
        if "multivariate" in self.parameters.kinds and "groups" in self.parameters.unions:
            tubes += self._groups(chains, owner, candidates)
        kept = select(tubes, self.parameters.max_tubes)
        detected = np.bincount(candidates.frame, minlength=candidates.n_frames) > 0
        size = candidates.n_frames, candidates.width, candidates.height
        return VideoTubes(*size, detected, name_members(kept) or videolets(*size)), len(tubes) - len(kept)

    def _link(self, candidates: Candidates) -> list[np.ndarray]:
        return link_by_motion(
            candidates,
            min_iou=self.parameters.min_iou,
            max_gap=self.parameters.max_gap,
            weak_gap=self.parameters.weak_gap,
            memory=self.parameters.memory,
            min_start_score=self.parameters.min_start_score,
        )

    def _pairs(self, unary: Sequence[TubeDetections], candidates: Candidates) -> Iterator[TubeDetections]:
        tubes = [tube for tube, _ in unary]
        for union, i, j in pairs(
            tubes, candidates, max_gap=self.parameters.max_gap, min_frames=self.parameters.min_frames
        ):
            yield union, np.concatenate([unary[i][1], unary[j][1]])

    def _groups(
        self, chains: Sequence[np.ndarray], owner: np.ndarray, candidates: Candidates
    ) -> Iterator[TubeDetections]:
        united, inside = candidates.unions()
        # A detection in no tube is an object by itself, and a double is the object that it is a double of.
        name = -1 - np.arange(len(candidates))
        for number, chain in enumerate(chains):
            name[chain] = number
        name = name[owner]
        objects = [frozenset(name[group].tolist()) for group in inside]
        for chain in link_groups(united, objects, min_iou=self.parameters.min_iou, max_gap=self.parameters.max_gap):
            if self._is_long(united, chain):
                yield make_tube(united, chain, "multivariate"), owner[np.concatenate([inside[i] for i in chain])]

    def _is_long(self, candidates: Candidates, chain: np.ndarray) -> bool:
        return bool(candidates.frame[chain[-1]] - candidates.frame[chain[0]] + 1 >= self.parameters.min_frames)
