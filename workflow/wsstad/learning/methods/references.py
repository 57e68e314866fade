"""The reference rows of a table: what chance, no learning at all, and a perfect choice among the tubes would reach.

They are told apart at evaluation by their `selection`; the scores here are placeholders of 0.5.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from wsstad.learning import bags
from wsstad.learning.bags import NO_TUBE, Bag
from wsstad.learning.parameters import MethodParameters, TubesParameters
from wsstad.structures.predictions import VideoPrediction
from wsstad.structures.tubes import Tube, VideoTubes


class _Reference:
    selection = "top1"
    scored: tuple[str, ...] = ()

    def __init__(self, parameters: MethodParameters, *, seed: int = 0, device: str = "cpu", threads: int = 1) -> None:
        self.parameters = parameters

    def predict(
        self,
        video: str,
        video_tubes: VideoTubes,
        bag: Bag | None = None,
        detections: Mapping[str, np.ndarray] | None = None,
    ) -> VideoPrediction:
        """Return the candidates of a video, all with their boxes; `detections` are the columns of that artefact."""
        parts = self.candidates(video_tubes, detections)
        return VideoPrediction(
            video=video,
            n_frames=video_tubes.n_frames,
            width=video_tubes.width,
            height=video_tubes.height,
            detected=video_tubes.detected,
            spans=np.array([(t, tube.start, tube.stop) for t, tube in parts], dtype=np.int32),
            scores=np.full(len(parts), 0.5, dtype=np.float32),
            branch_scores=np.zeros((len(parts), 0), dtype=np.float32),
            candidates={i: tube for i, (_, tube) in enumerate(parts)},
        )

    def candidates(
        self, video_tubes: VideoTubes, detections: Mapping[str, np.ndarray] | None = None
    ) -> Sequence[tuple[int, Tube]]:
        """Return index of the tube it is cut from, and boxes, of each candidate: here every sub-tube (section 3.4)."""
        options = cast(TubesParameters, self.parameters)
        parts = bags.divide_tubes(video_tubes, options.sub_tubes, min_frames=options.min_frames, kinds=options.kinds)
        return [(t, video_tubes.tubes[t].cut(start, stop)) for t, start, stop in parts]


class RandomTube(_Reference):
    """A sub-tube at random, drawn at evaluation (the paper's "Random")."""

    selection = "random"


class UpperBound(_Reference):
    """The sub-tube that overlaps the ground truth best, found at evaluation (the paper's "Upper Bound")."""

    selection = "oracle"


class UpperBoundDetection(_Reference):
    """The detection that overlaps the ground truth best in each frame: what a perfect linker and choice would reach.

    It bounds what comes of one detection a frame. A multivariate tube unites several, and a linker fills gaps.
    """

    selection = "oracle_frames"

    def candidates(
        self, video_tubes: VideoTubes, detections: Mapping[str, np.ndarray] | None = None
    ) -> Sequence[tuple[int, Tube]]:
        """Return all detections; those of a video without any are its whole-frame tubes.

        Each is a tube of one frame to the selection, which chooses frame by frame. The k-th detections of consecutive
        frames are kept together as one candidate all the same: a video has hundreds of those, not a million.
        """
        if detections is None:
            raise ValueError("upper_bound_detection needs the detections")
        if not len(detections["frame"]):
            return list(enumerate(video_tubes.tubes))
        return [(NO_TUBE, tube) for tube in _layers(detections["frame"], detections["boxes"])]


class WholeFrame(_Reference):
    """The whole frame over the whole video."""

    def candidates(
        self, video_tubes: VideoTubes, detections: Mapping[str, np.ndarray] | None = None
    ) -> Sequence[tuple[int, Tube]]:
        """Return the one candidate."""
        return [(NO_TUBE, _constant(video_tubes, 0.0, 1.0))]


class CentreBox(_Reference):
    """The box of a quarter of the frame's area at its centre, over the whole video."""

    def candidates(
        self, video_tubes: VideoTubes, detections: Mapping[str, np.ndarray] | None = None
    ) -> Sequence[tuple[int, Tube]]:
        """Return the one candidate."""
        return [(NO_TUBE, _constant(video_tubes, 0.25, 0.75))]


def _constant(video_tubes: VideoTubes, low: float, high: float) -> Tube:
    size = np.array([video_tubes.width, video_tubes.height], dtype=np.float32)
    box = np.concatenate([low * size, high * size])
    return Tube(0, np.repeat(box[None], video_tubes.n_frames, axis=0), "frame")


def _layers(frames: np.ndarray, boxes: np.ndarray) -> list[Tube]:
    """Return boxes (n, 4) of `frames` (n,), sorted, as tubes: the k-th boxes of frames without a gap between them."""
    number = np.arange(len(frames)) - np.searchsorted(frames, frames)  # of a box in its frame
    order = np.lexsort((frames, number))
    frames, number = frames[order], number[order]
    cuts = np.flatnonzero((np.diff(number) != 0) | (np.diff(frames) != 1)) + 1
    starts = frames[np.concatenate([[0], cuts])].tolist()
    return [Tube(start, part) for start, part in zip(starts, np.split(boxes[order], cuts), strict=True)]
