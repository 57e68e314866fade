"""Selections: which candidate of each test video an evaluation looks at, and how well it meets the ground truth.

``top1`` is the method's own choice (Eq. 9), one run a seed. ``oracle`` takes the candidate of the largest S_loc: the
upper bound that the tubes allow. ``oracle_frames`` chooses anew in each annotated frame: the upper bound that the boxes
inside the candidates allow, were they linked well. What a choice at random reaches is in `chance`: nothing is chosen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation import metrics
from wsstad.evaluation.groundtruth import FrameBoxes, GroundTruth
from wsstad.structures import boxes as box
from wsstad.structures.predictions import Case, VideoPrediction
from wsstad.structures.tubes import Tube

# What is measured of a tube in a video with ground truth, and the metric that is its mean over the videos.
METRIC_OF = {
    "s_loc": "MIoU",
    "temporal": "temporal",
    "keyframes": "keyframe_IoU",
    "best_event": "best_event_MIoU",
    "tube_iou": "tube_IoU",
}
MEASURES = tuple(METRIC_OF)
BEST_EVENT = MEASURES.index("best_event")


@dataclass(frozen=True)
class Choice:
    """What one run chose in one video: the video's score, the candidate's frames, and its `MEASURES` (5,), if any."""

    score: float
    span: tuple[int, int]
    measures: np.ndarray | None


Run = dict[Case, Choice]

# In a video with boxes that was set aside nothing is chosen, which meets the truth nowhere.
NO_OVERLAP = np.zeros(len(MEASURES))
NOTHING = Choice(np.nan, (0, 0), NO_OVERLAP)


def measure(prediction: VideoPrediction, candidate: int, truth: GroundTruth, gamma: str) -> np.ndarray:
    """Return the `MEASURES` of one candidate, (5,)."""
    if candidate not in prediction.candidates:
        raise UserError(f"{prediction.video}: the predictions hold no boxes of candidate {candidate}")
    return measure_boxes(prediction.candidates[candidate], truth, prediction.detected, gamma)


def measure_all(prediction: VideoPrediction, truth: GroundTruth, gamma: str) -> np.ndarray:
    """Return the `MEASURES` of every candidate, (s, 5)."""
    return np.array([measure(prediction, candidate, truth, gamma) for candidate in range(len(prediction.scores))])


def measure_boxes(predicted: Tube | FrameBoxes, truth: GroundTruth, detected: np.ndarray, gamma: str) -> np.ndarray:
    """Return the `MEASURES` of a tube, which may have gaps, (5,).

    `s_loc` and its `temporal` part follow `gamma`; `keyframes` is the mean IoU over the frames that were annotated and
    not filled in; `best_event` is the largest S_loc with one event alone as ground truth; `tube_iou` is that of the
    volumes.
    """
    whole = metrics.overlap(truth.united, predicted, detected=detected, gamma=gamma)
    keyframes = metrics.s_loc(truth.keyframes, predicted, detected=detected, gamma="gt_only")
    events = [metrics.s_loc(event, predicted, detected=detected, gamma=gamma) for event in truth.events]
    volumes = metrics.tube_iou(truth.united, predicted)
    return np.array([whole.score, whole.temporal, keyframes, max(events), volumes])


def top1(predictions: Mapping[Case, VideoPrediction], truths: Mapping[str, GroundTruth], gamma: str) -> Run:
    """Return what the method chose."""
    return {
        test: _choice(prediction, prediction.top1, prediction.video_score, truths.get(test[1]), gamma)
        for test, prediction in predictions.items()
    }


def oracle(
    predictions: Mapping[Case, VideoPrediction],
    truths: Mapping[str, GroundTruth],
    labels: Mapping[str, str],
    gamma: str,
) -> Run:
    """Return the best candidates; the score of a video is its label, so that VAUC is 1 by definition, as in Table 1.

    `best_event` is a bound of its own: that of the candidate that meets any one event best.
    """

    def best_candidate(prediction: VideoPrediction, truth: GroundTruth) -> tuple[tuple[int, int], np.ndarray]:
        table = measure_all(prediction, truth, gamma)
        best = int(np.argmax(table[:, 0]))
        return _span(prediction, best), _with_best_event(table[best], table[:, BEST_EVENT].max())

    return _choose_by_truth(predictions, truths, labels, best_candidate)


def oracle_frames(
    predictions: Mapping[Case, VideoPrediction],
    truths: Mapping[str, GroundTruth],
    labels: Mapping[str, str],
    gamma: str,
) -> Run:
    """Return for every video the best box of any candidate in each annotated frame, and no box elsewhere.

    So Gamma of Eq. 10 is the annotated frames, the detected ones among them if `gamma` is ``detected``. The score of a
    video is its label; the span runs from the first to the last chosen frame, with gaps. `best_event` is a bound of its
    own, with the best boxes for any one event.
    """

    def best_frames(prediction: VideoPrediction, truth: GroundTruth) -> tuple[tuple[int, int], np.ndarray]:
        best = best_boxes(prediction, truth.united)
        frames = np.flatnonzero(best.present).tolist() or [0]
        measures = measure_boxes(best, truth, prediction.detected, gamma)
        alone = [
            metrics.s_loc(event, best_boxes(prediction, event), detected=prediction.detected, gamma=gamma)
            for event in truth.events
        ]
        return (frames[0], frames[-1] + 1), _with_best_event(measures, max(alone))

    return _choose_by_truth(predictions, truths, labels, best_frames)


def best_boxes(prediction: VideoPrediction, truth: FrameBoxes) -> FrameBoxes:
    """Return for each frame of `truth` the box of the highest IoU among those that candidates have there, if any."""
    boxes, best = np.zeros((prediction.n_frames, 4)), np.full(prediction.n_frames, -1.0)
    for tube in prediction.candidates.values():
        frames = tube.start + np.flatnonzero(truth.present[tube.start : tube.stop])
        candidate_boxes = tube.boxes[frames - tube.start]
        ious = box.paired_iou(truth.boxes[frames], candidate_boxes)
        better = ious > best[frames]
        boxes[frames[better]], best[frames[better]] = candidate_boxes[better], ious[better]
    return FrameBoxes(boxes, best >= 0)


def stack(runs: Sequence[Run], tests: Sequence[Case]) -> np.ndarray:
    """Return the measures of `tests`, which all have ground truth, as (runs, tests, measures)."""
    return np.array([[run[test].measures for test in tests] for run in runs]).reshape(len(runs), len(tests), -1)


def _with_best_event(measures: np.ndarray, score: float) -> np.ndarray:
    measures = measures.copy()
    measures[BEST_EVENT] = score
    return measures


def _choose_by_truth(
    predictions: Mapping[Case, VideoPrediction],
    truths: Mapping[str, GroundTruth],
    labels: Mapping[str, str],
    choose: Callable[[VideoPrediction, GroundTruth], tuple[tuple[int, int], np.ndarray]],
) -> Run:
    """Return span and measures that `choose` takes in videos with boxes, elsewhere the top-1; scores are the labels."""
    run = {}
    for test, prediction in predictions.items():
        truth = truths.get(test[1])
        span, measures = (_span(prediction, prediction.top1), None) if truth is None else choose(prediction, truth)
        run[test] = Choice(float(labels[test[1]] == "abnormal"), span, measures)
    return run


def _choice(prediction: VideoPrediction, candidate: int, score: float, truth: GroundTruth | None, gamma: str) -> Choice:
    measures = None if truth is None else measure(prediction, candidate, truth, gamma)
    return Choice(score, _span(prediction, candidate), measures)


def _span(prediction: VideoPrediction, candidate: int) -> tuple[int, int]:
    _, start, stop = prediction.spans[candidate].tolist()
    return start, stop
