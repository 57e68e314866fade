"""Selections: which candidate of each test video an evaluation looks at, and how well it meets the ground truth.

``top1`` is the method's own choice (Eq. 9), one run a seed. ``random`` draws a candidate and a score for every video,
many times. ``oracle`` takes the candidate of the largest S_loc: the upper bound that the tubes allow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wsstad import metrics
from wsstad.errors import UserError
from wsstad.groundtruth import GroundTruth
from wsstad.predictions import VideoPrediction

# A test of a video: its fold and its id.
Test = tuple[int, str]
# What is measured of a tube in a video with ground truth.
MEASURES = ("s_loc", "temporal", "keyframes", "best_event")


@dataclass(frozen=True)
class Choice:
    """What one run chose in one video: the video's score, the candidate's frames, and its `MEASURES` (4,), if any."""

    score: float
    span: tuple[int, int]
    measures: np.ndarray | None


Run = dict[Test, Choice]


def measure(prediction: VideoPrediction, candidate: int, truth: GroundTruth, gamma: str) -> np.ndarray:
    """Return the `MEASURES` of one candidate, (4,).

    `s_loc` and its `temporal` part follow `gamma`; `keyframes` is the mean IoU over the frames that were annotated and
    not filled in; `best_event` is the largest S_loc with one event alone as ground truth.
    """
    if candidate not in prediction.candidates:
        raise UserError(f"{prediction.video}: the predictions hold no boxes of candidate {candidate}")
    tube, detected = prediction.candidates[candidate], prediction.detected
    whole = metrics.overlap(truth.united, tube, detected=detected, gamma=gamma)
    keyframes = metrics.s_loc(truth.keyframes, tube, detected=detected, gamma="gt_only")
    events = [metrics.s_loc(event, tube, detected=detected, gamma=gamma) for event in truth.events]
    return np.array([whole.score, whole.temporal, keyframes, max(events)])


def top1(predictions: Mapping[Test, VideoPrediction], truths: Mapping[str, GroundTruth], gamma: str) -> Run:
    """Return what the method chose."""
    return {
        test: _choice(prediction, prediction.top1, prediction.video_score, truths.get(test[1]), gamma)
        for test, prediction in predictions.items()
    }


def oracle(
    predictions: Mapping[Test, VideoPrediction],
    truths: Mapping[str, GroundTruth],
    labels: Mapping[str, str],
    gamma: str,
) -> Run:
    """Return the best candidates; the score of a video is its label, so that VAUC is 1 by definition, as in Table 1."""
    run = {}
    for test, prediction in predictions.items():
        score, truth = float(labels[test[1]] == "abnormal"), truths.get(test[1])
        if truth is None:
            run[test] = _choice(prediction, prediction.top1, score, None, gamma)
            continue
        table = _measure_all(prediction, truth, gamma)
        best = int(np.argmax(table[:, 0]))
        run[test] = Choice(score, _span(prediction, best), table[best])
    return run


def random(
    predictions: Mapping[Test, VideoPrediction], truths: Mapping[str, GroundTruth], gamma: str, *, draws: int, seed: int
) -> list[Run]:
    """Return `draws` runs that choose a candidate of every video, and its score, uniformly."""
    rng = np.random.default_rng(seed)
    tests = sorted(predictions)
    tables = {t: _measure_all(predictions[t], truths[t[1]], gamma) for t in tests if t[1] in truths}
    runs = []
    for _ in range(draws):
        run = {}
        for test in tests:
            candidate = int(rng.integers(len(predictions[test].scores)))
            measures = tables[test][candidate] if test in tables else None
            run[test] = Choice(float(rng.random()), _span(predictions[test], candidate), measures)
        runs.append(run)
    return runs


def stack(runs: Sequence[Run], tests: Sequence[Test]) -> np.ndarray:
    """Return the measures of `tests`, which all have ground truth, as (runs, tests, measures)."""
    return np.array([[run[test].measures for test in tests] for run in runs]).reshape(len(runs), len(tests), -1)


def _choice(prediction: VideoPrediction, candidate: int, score: float, truth: GroundTruth | None, gamma: str) -> Choice:
    measures = None if truth is None else measure(prediction, candidate, truth, gamma)
    return Choice(score, _span(prediction, candidate), measures)


def _measure_all(prediction: VideoPrediction, truth: GroundTruth, gamma: str) -> np.ndarray:
    return np.array([measure(prediction, candidate, truth, gamma) for candidate in range(len(prediction.scores))])


def _span(prediction: VideoPrediction, candidate: int) -> tuple[int, int]:
    _, start, stop = prediction.spans[candidate].tolist()
    return start, stop
