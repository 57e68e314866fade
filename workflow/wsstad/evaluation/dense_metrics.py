"""What is measured of all candidates of a method and not of the chosen one alone: frames, regions, alarms."""

from collections.abc import Mapping, Sequence

import numpy as np

from wsstad.evaluation import alarms, scorecard
from wsstad.evaluation.cases import TestSet
from wsstad.evaluation.entries import Card
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.evaluation.method_runs import MethodRuns, Seed
from wsstad.evaluation.metrics import Resampling, regions
from wsstad.evaluation.metrics.regions import Matches
from wsstad.evaluation.results import Alarms, SeedAlarms
from wsstad.structures.alarms import find, hours_of
from wsstad.structures.predictions import Case

Frames = dict[Case, np.ndarray]  # of every test an array (n_frames,)


def measure(
    predicted: MethodRuns,
    test_set: TestSet,
    truths: Mapping[str, GroundTruth],
    *,
    resampling: Resampling,
    alarms_per_hour: float,
) -> tuple[Card, Alarms | None]:
    """Return the entries of a scorecard for frames and regions, and the alarms, if any model has a threshold."""
    first, seeds = predicted.first.predictions, list(predicted.seeds.values())
    abnormal = test_set.abnormal(list(first))
    # An abnormal video without boxes says nothing about its frames.
    counted = [test for test in first if test[1] in truths or not abnormal[test]]
    abnormal_frames = {test: np.zeros(first[test].n_frames, dtype=bool) for test in counted}
    abnormal_frames |= {test: truths[test[1]].united.present for test in counted if test[1] in truths}
    painted = [{test: row.frame_scores for test, row in seed.predictions.items()} for seed in seeds]
    matched = [_match(seed, counted, test_set, truths) for seed in seeds]
    card = scorecard.frames(painted, abnormal_frames, abnormal=abnormal, resampling=resampling)
    card |= scorecard.regions(matched, abnormal=abnormal, resampling=resampling)
    return card, rate_alarms(seeds, painted, abnormal_frames, alarms_per_hour)


def rate_alarms(
    seeds: Sequence[Seed], painted: Sequence[Frames], abnormal_frames: Mapping[Case, np.ndarray], per_hour: float
) -> Alarms | None:
    """Return the alarms at the threshold that the model of each fold took from its held-out normal videos.

    `abnormal_frames` (n_frames,) bool has those of the tests that count. None where no fold has both a threshold and a
    normal test.
    """
    rated = [_rate_seed(*pair, abnormal_frames, per_hour) for pair in zip(seeds, painted, strict=True)]
    if not all(rated):
        return None
    return Alarms(allowed_per_hour=per_hour, seeds=tuple(row for row in rated if row))


def _rate_seed(
    seed: Seed, scores: Frames, abnormal_frames: Mapping[Case, np.ndarray], per_hour: float
) -> SeedAlarms | None:
    calibrated = {fold: alarms.calibrate(curve, per_hour) for fold, curve in seed.curves.items()}
    tests = [test for test in abnormal_frames if test[0] in calibrated]
    spans = {test: find(scores[test], calibrated[test[0]].threshold, edges=seed.edges[test[1]]) for test in tests}
    events, normal = ([test for test in tests if abnormal_frames[test].any() == wanted] for wanted in (True, False))
    if not normal:
        return None
    n_frames = sum(len(scores[test]) for test in normal)
    return SeedAlarms(
        alarms=sum(len(spans[test]) for test in normal),
        hours=scorecard.rounded(hours_of([seed.edges[test[1]] for test in normal])),
        share=scorecard.rounded(sum(int(np.diff(spans[test]).sum()) for test in normal) / n_frames),
        detected=sum(
            any(abnormal_frames[test][start:stop].any() for start, stop in spans[test].tolist()) for test in events
        ),
        events=len(events),
        notes=tuple(sorted({calibration.note for calibration in calibrated.values() if calibration.note})),
        thresholds={str(fold): calibration.threshold for fold, calibration in calibrated.items()},
    )


def _match(
    seed: Seed, counted: Sequence[Case], test_set: TestSet, truths: Mapping[str, GroundTruth]
) -> dict[Case, Matches]:
    matched = {}
    for test in counted:
        prediction = seed.predictions[test]
        events = truths[test[1]].events if test[1] in truths else ()
        candidates = test_set.candidates(prediction)
        matched[test] = regions.match(candidates, prediction.scores, events, prediction.n_frames)
    return matched
