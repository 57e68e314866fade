"""What is measured of all candidates of a method and not of the chosen one alone: frames, regions, alarms."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsstad.evaluation import alarms, scorecard
from wsstad.evaluation.cases import TestSet
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.evaluation.method_runs import MethodRuns, Seed
from wsstad.evaluation.metrics import regions
from wsstad.evaluation.metrics.regions import Matches
from wsstad.structures.alarms import find
from wsstad.structures.predictions import Case

Frames = dict[Case, np.ndarray]  # of every test an array (n_frames,)


def measure(
    found: MethodRuns,
    exam: TestSet,
    truths: Mapping[str, GroundTruth],
    *,
    draws: int,
    seed: int,
    alarms_per_hour: float,
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return the entries of a scorecard for frames and regions, and the alarms, if any model has a threshold."""
    first, seeds = found.first.predictions, list(found.seeds.values())
    abnormal = exam.abnormal(list(first))
    # An abnormal video without boxes says nothing about its frames.
    counted = [test for test in first if test[1] in truths or not abnormal[test]]
    shown = {test: np.zeros(first[test].n_frames, dtype=bool) for test in counted}
    shown |= {test: truths[test[1]].united.present for test in counted if test[1] in truths}
    painted = [_paint(its) for its in seeds]
    resampling: dict[str, Any] = {"abnormal": abnormal, "draws": draws, "seed": seed}
    card = scorecard.frames(painted, shown, **resampling)
    card |= scorecard.regions([_match(its, counted, exam, truths) for its in seeds], **resampling)
    return card, rate_alarms(seeds, painted, shown, alarms_per_hour)


def rate_alarms(
    seeds: Sequence[Seed], painted: Sequence[Frames], shown: Mapping[Case, np.ndarray], per_hour: float
) -> dict[str, Any]:
    """Return the alarms at the threshold that the model of each fold took from its held-out normal videos.

    `shown` (n_frames,) bool has the abnormal frames of the tests that count. `alarms` are false ones, in normal tests
    of `hours`; `share` is that of their frames under alarm; `detected` of `events` abnormal tests have an alarm in an
    abnormal frame. Empty where no fold has both a threshold and a normal test.
    """
    rows = []
    for seed, scores in zip(seeds, painted, strict=True):
        chosen = {fold: alarms.calibrate(curve, per_hour) for fold, curve in seed.curves.items()}
        tests = [test for test in shown if test[0] in chosen]
        spans = {t: find(scores[t], chosen[t[0]].threshold, fps=seed.fps[t[1]]) for t in tests}
        normal, events = ([t for t in tests if shown[t].any() == wanted] for wanted in (False, True))
        if not normal:
            return {}
        frames = sum(len(scores[t]) for t in normal)
        row = {
            "alarms": sum(len(spans[t]) for t in normal),
            "hours": round(sum(len(scores[t]) / seed.fps[t[1]] for t in normal) / 3600, scorecard.DECIMALS),
            "share": round(sum(int(np.diff(spans[t]).sum()) for t in normal) / frames, scorecard.DECIMALS),
            "detected": sum(any(shown[t][start:stop].any() for start, stop in spans[t].tolist()) for t in events),
            "events": len(events),
        }
        rows.append({**row, "notes": sorted({its.note for its in chosen.values() if its.note})})
    return {"allowed_per_hour": per_hour, "seeds": rows}


def _paint(seed: Seed) -> Frames:
    return {test: its.frame_scores for test, its in seed.predictions.items()}


def _match(
    seed: Seed, counted: Sequence[Case], exam: TestSet, truths: Mapping[str, GroundTruth]
) -> dict[Case, Matches]:
    matched = {}
    for test in counted:
        its = seed.predictions[test]
        events = truths[test[1]].events if test[1] in truths else ()
        matched[test] = regions.match(exam.candidates(its), its.scores, events, its.n_frames)
    return matched
