"""Assessment: everything that is measured of one method's runs on a test set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation import dense_metrics, scorecard, selections
from wsstad.evaluation.cases import TestSet
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.evaluation.method_runs import MethodRuns
from wsstad.evaluation.metrics.significance import Row
from wsstad.evaluation.selections import Run
from wsstad.structures.predictions import Case

RANDOM_SEED = 0  # of the row Random and of the bootstrap: both repeat to the last digit


@dataclass(frozen=True)
class Options:
    """Gamma of Eq. 10, the eps of IoU@eps, draws of the row Random, resamples, false alarms that are allowed."""

    gamma: str
    thresholds: tuple[float, ...]
    draws: int
    bootstrap: int
    alarms_per_hour: float


@dataclass(frozen=True)
class Assessment:
    """The numbers of a result; and what a comparison needs: the row, its tests with `abnormal` (v,), the boxed ones."""

    result: dict[str, Any]
    row: Row
    tests: tuple[Case, ...]
    abnormal: np.ndarray
    boxed: tuple[Case, ...]


def assess(found: MethodRuns, exam: TestSet, options: Options) -> Assessment:
    """Measure the runs of a method.

    Raises `UserError` when its tests are of one class alone: VAUC needs both.
    """
    first = found.first.predictions
    tests = sorted(first)
    abnormal, truths = exam.abnormal(tests), exam.truths(first)
    if len(set(abnormal.values())) < 2:
        only = ", ".join(sorted({exam.labels[video] for _, video in tests})) or "no"
        raise UserError(f"{only} test videos alone can be evaluated; VAUC needs both classes")
    boxed = [test for test in tests if test[1] in truths]
    runs = choose(found, exam, truths, options)
    about: dict[str, Any] = {"abnormal": abnormal, "boxed": boxed}
    draws: dict[str, Any] = {"draws": options.bootstrap, "seed": RANDOM_SEED}
    eps = list(options.thresholds)
    result: dict[str, Any] = {
        "seeds": list(found.seeds),
        "counts": _count(abnormal, exam, boxed),
        "metrics": scorecard.build(runs, **about, thresholds=eps, **draws),
        "folds": scorecard.by_fold(runs, **about),
        "missing": [{"fold": f, "video": v, "reason": reason} for (f, v), reason in found.first.missing.items()],
        "unboxed": [test[1] for test in tests if abnormal[test] and test not in boxed],
        "videos": scorecard.video_rows(
            runs, labels=exam.labels, boxed=boxed, each_run=found.first.selection != "random"
        ),
    }
    classes = {test: exam.classes[test[1]] for test in tests}
    if len({classes[test] for test in tests if abnormal[test]}) > 1:
        result["classes"] = scorecard.by_class(runs, classes=classes, **about, thresholds=eps, **draws)
    if found.first.selection == "top1":
        card, rated = dense_metrics.measure(found, exam, truths, **draws, alarms_per_hour=options.alarms_per_hour)
        result["metrics"] |= card
        result |= {"alarms": rated} if rated else {}
    scores = np.array([[run[test].score for test in tests] for run in runs])
    s_loc = selections.stack(runs, boxed)[..., 0] if boxed else np.zeros((len(runs), 0))
    is_abnormal = np.array([abnormal[test] for test in tests])
    return Assessment(result, Row(scores, s_loc), tuple(tests), is_abnormal, tuple(boxed))


def choose(found: MethodRuns, exam: TestSet, truths: Mapping[str, GroundTruth], options: Options) -> list[Run]:
    """Return what each run chose: a run is a seed, or for Random a draw."""
    result = []
    for number, seed in enumerate(found.seeds.values()):
        its = seed.predictions
        if seed.selection == "random":
            drawn = selections.random(its, truths, options.gamma, draws=options.draws, seed=RANDOM_SEED + number)
            result += drawn
        elif seed.selection == "oracle":
            result.append(selections.oracle(its, truths, exam.labels, options.gamma))
        elif seed.selection == "oracle_frames":
            result.append(selections.oracle_frames(its, truths, exam.labels, options.gamma))
        else:
            result.append(selections.top1(its, truths, options.gamma))
    return result


def _count(abnormal: Mapping[Case, bool], exam: TestSet, boxed: Sequence[Case]) -> dict[str, dict[str, int]]:
    """Return how many test videos were evaluated, and how many there are."""
    expected = sum(exam.labels[video] == "abnormal" for _, video in exam.expected)
    return {
        "videos": {"evaluated": len(abnormal), "expected": len(exam.expected)},
        "abnormal": {"evaluated": sum(abnormal.values()), "expected": expected, "localised": len(boxed)},
    }
