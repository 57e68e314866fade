"""The trackers of ultralytics as linkers: each track that they report becomes a tube."""

from collections.abc import Mapping
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from wsstad import config
from wsstad.perception.detectors.yolo import prepare_environment
from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.doubles import without_doubles
from wsstad.perception.linkers.iou import make_tube
from wsstad.structures.clips import CLIP_FRAMES
from wsstad.structures.tubes import VideoTubes


class Tracker:
    """ByteTrack ("bytetrack") or BoT-SORT ("botsort"), with the settings that ultralytics ships.

    Cameras here do not move, so BoT-SORT has no motion of the camera to make up for. A track becomes a tube as ours do:
    it has the boxes of the detections, gaps are interpolated, and tubes shorter than a clip are dropped.
    """

    def __init__(self, name: str, *, double_iou: float = 1.0) -> None:
        prepare_environment()
        from ultralytics.engine.results import Boxes
        from ultralytics.trackers import BOTSORT, BYTETracker
        from ultralytics.utils import ROOT

        self.double_iou, self.boxes = double_iou, Boxes
        self.make = {"bytetrack": BYTETracker, "botsort": BOTSORT}[name]
        options = config.load_yaml(ROOT / f"cfg/trackers/{name}.yaml")
        self.options = SimpleNamespace(**{**options, "gmc_method": "none"})

    def link(self, arrays: Mapping[str, np.ndarray]) -> tuple[VideoTubes, int]:
        """Return the unary tubes of a video, and 0, for no tube is one too many."""
        candidates = without_doubles(Candidates.from_arrays(arrays), self.double_iou)
        tracks: dict[int, list[int]] = {}
        tracker: Any = self.make(self.options)
        size = candidates.height, candidates.width
        facts = [candidates.boxes, candidates.score[:, None], candidates.label[:, None]]
        rows = np.concatenate(facts, axis=1).astype(np.float32)
        edges = np.searchsorted(candidates.frame, np.arange(candidates.n_frames + 1)).tolist()
        for first, stop in pairwise(edges):
            for *_, track, _, _, index in tracker.update(self.boxes(rows[first:stop], size)).tolist():
                tracks.setdefault(int(track), []).append(first + int(index))
        tubes = [make_tube(candidates, np.array(chain), "unary") for chain in tracks.values()]
        detected = np.diff(edges) > 0
        long = [tube for tube in tubes if len(tube.boxes) >= CLIP_FRAMES]
        return VideoTubes(candidates.n_frames, candidates.width, candidates.height, detected, long), 0
