"""The test set: what all methods of a table are measured on, each piece of it read once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from wsstad.artefacts import readers
from wsstad.artefacts.manifest import Manifest
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.structures.predictions import Case, VideoPrediction
from wsstad.structures.tubes import Tube, VideoTubes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cases:
    """The tests of a method: whether each is of an abnormal video; `boxed` are the abnormal ones with boxes.

    The latter may have been set aside: a video without a prediction has S_loc 0, and no score for VAUC.
    """

    abnormal: Mapping[Case, bool]
    boxed: tuple[Case, ...]

    def flags(self, tests: Sequence[Case]) -> np.ndarray:
        """Return whether each of `tests` is of an abnormal video, (n,) bool."""
        return np.array([self.abnormal[test] for test in tests])

    @property
    def normal(self) -> list[Case]:
        """The tests of normal videos, sorted."""
        return sorted(test for test, abnormal in self.abnormal.items() if not abnormal)

    def of_classes(self, classes: Mapping[Case, str]) -> dict[str, tuple[list[Case], list[Case]]]:
        """Return by class of abnormal videos its tests, and those of them with boxes, sorted."""
        abnormal = sorted(test for test, is_abnormal in self.abnormal.items() if is_abnormal)
        boxed = sorted(self.boxed)
        return {
            name: ([t for t in abnormal if classes[t] == name], [t for t in boxed if classes[t] == name])
            for name in sorted({classes[test] for test in [*abnormal, *boxed]})
        }

    def of_folds(self) -> dict[str, tuple[list[Case], list[Case]]]:
        """Return by fold its tests, and those of them with boxes, sorted."""
        tests, boxed = sorted(self.abnormal), sorted(self.boxed)
        return {
            str(fold): ([t for t in tests if t[0] == fold], [t for t in boxed if t[0] == fold])
            for fold in sorted({fold for fold, _ in [*tests, *boxed]})
        }


@dataclass(frozen=True)
class TestSet:
    """Labels and classes of all videos, the tests that the split expects, annotated boxes, manifests of the tubes.

    `groups` has where videos are from, and is empty where nobody says.
    """

    __test__ = False  # pytest: this is no test

    labels: Mapping[str, str]
    classes: Mapping[str, str]
    expected: frozenset[Case]
    annotations: Mapping[str, Sequence[BoxRow]]
    tubes: Manifest
    groups: Mapping[str, str] = field(default_factory=dict)
    _truths: dict[str, GroundTruth] = field(default_factory=dict)
    _tubes: dict[str, VideoTubes] = field(default_factory=dict)

    def abnormal(self, tests: Sequence[Case]) -> dict[Case, bool]:
        """Return whether each test is of an abnormal video."""
        return {test: self.labels[test[1]] == "abnormal" for test in tests}

    def has_boxes(self, video: str) -> bool:
        """Return whether a video can be localised: it is abnormal, and annotated."""
        return self.labels[video] == "abnormal" and video in self.annotations

    def truths(self, predictions: Mapping[Case, VideoPrediction]) -> dict[str, GroundTruth]:
        """Return the ground truth of every abnormal video that has some, in the frames of its prediction."""
        return {
            video: self._truth(prediction) for (_, video), prediction in predictions.items() if self.has_boxes(video)
        }

    def candidates(self, prediction: VideoPrediction) -> list[Tube]:
        """Return the boxes of every candidate of a prediction, cut from the video's tubes where it holds none."""
        if len(prediction.candidates) == len(prediction.scores):
            return list(prediction.candidates.values())
        video = prediction.video
        if video not in self._tubes:
            self._tubes[video] = readers.read_tubes(self.tubes, video)
        return [self._tubes[video].tubes[t].cut(start, stop) for t, start, stop in prediction.spans.tolist()]

    def notes(self, detector: str) -> tuple[str, ...]:
        """Return a note if there is no tube in any video, else nothing."""
        counts = [row.counts.get("unary") for row in self.tubes.rows.values() if row.ok]
        if not counts or any(count != 0 for count in counts):
            return ()
        return (f"There is no tube in any of the {len(counts)} videos: {detector} found nothing that goes on in time.",)

    def _truth(self, prediction: VideoPrediction) -> GroundTruth:
        video = prediction.video
        if video not in self._truths:
            size = {"n_frames": prediction.n_frames, "width": prediction.width, "height": prediction.height}
            self._truths[video] = truth = groundtruth.from_rows(self.annotations[video], **size)
            if truth.n_late:
                log.warning("evaluate: %d boxes of %s come after its last frame", truth.n_late, video)
        return self._truths[video]
