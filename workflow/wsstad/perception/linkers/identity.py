"""Tubes of the tracks that a precomputed detector read: nothing is linked anew."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from wsstad.errors import UserError
from wsstad.perception.linkers.iou import videolets
from wsstad.perception.linkers.parameters import IdentityParameters
from wsstad.structures import boxes as box
from wsstad.structures import tracks
from wsstad.structures.tubes import KINDS, Tube, VideoTubes


class IdentityLinker:
    """One tube a track; a gap of more than `max_gap` frames ends it, a shorter one is filled by interpolation.

    A track whose label is the name of a kind of tubes is of that kind, any other is unary.
    """

    def __init__(self, parameters: IdentityParameters) -> None:
        self.parameters = parameters

    def link(self, arrays: Mapping[str, np.ndarray]) -> tuple[VideoTubes, int]:
        """Return the tubes of a video from its "detections" arrays, and how many more than `max_tubes` there were.

        Raises `UserError` for detections without tracks.
        """
        if "track" not in arrays:
            raise UserError("link: the linker 'identity' takes tracks; allowed: a detector of the type precomputed")
        n_frames, width, height = (int(value) for value in arrays["size"])
        tubes: list[Tube] = []
        detected = np.zeros(n_frames, dtype=bool)
        for number in range(int(arrays["track"].max(initial=-1)) + 1):
            rows = arrays["track"] == number
            if rows.any():
                tubes += self._tubes(arrays, np.flatnonzero(rows), KINDS[arrays["kind"][number]])
        for tube in tubes:
            detected[tube.start : tube.stop] |= tube.observed & (tube.kind != "frame")
        detected[arrays["frame"][arrays["track"] < 0]] = True
        wanted = [tube for tube in tubes if self._is_wanted(tube)]
        kept = self._best(wanted)
        size = n_frames, width, height
        return VideoTubes(*size, arrays.get("detected", detected), kept or videolets(*size)), len(wanted) - len(kept)

    def _is_wanted(self, tube: Tube) -> bool:
        return tube.kind in (*self.parameters.kinds, "frame") and len(tube.boxes) >= self.parameters.min_frames

    def _best(self, tubes: list[Tube]) -> list[Tube]:
        """Return the tubes with the greatest sum of confidences, in their order."""
        evidence = [-tube.score * int(tube.observed.sum()) for tube in tubes]
        return [tubes[i] for i in sorted(np.argsort(evidence, kind="stable")[: self.parameters.max_tubes].tolist())]

    def _tubes(self, arrays: Mapping[str, np.ndarray], rows: np.ndarray, kind: str) -> Iterator[Tube]:
        """Yield the tubes of the boxes of one track, `rows` of the arrays, which are in the order of frames."""
        frames = arrays["frame"][rows].astype(np.int64)
        for part in np.split(rows, np.flatnonzero(np.diff(frames) > self.parameters.max_gap + 1) + 1):
            yield self._tube({name: arrays[name][part] for name in ("frame", "boxes", "score", "observed")}, kind)

    def _tube(self, columns: Mapping[str, np.ndarray], kind: str) -> Tube:
        frames, boxes = columns["frame"].astype(np.int64), columns["boxes"].astype(np.float64)
        places = frames - frames[0]
        filled, observed = np.zeros((places[-1] + 1, 4)), np.zeros(places[-1] + 1, dtype=bool)
        filled[places], observed[places] = boxes, columns["observed"]
        for i in np.flatnonzero(np.diff(places) > 1).tolist():
            between = tracks.interpolate(boxes[i], boxes[i + 1], int(places[i + 1] - places[i]))
            filled[places[i] + 1 : places[i + 1]] = between
        seen = columns["score"][columns["observed"]] if columns["observed"].any() else columns["score"]
        score = math.fsum(seen.tolist()) / len(seen)
        return Tube(int(frames[0]), box.quantise(filled), kind, score, observed)
