"""Assessment: everything that is measured of one method's runs on a test set."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation import dense_metrics, results, scorecard, selections
from wsstad.evaluation.cases import Cases, TestSet
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.evaluation.method_runs import MethodRuns
from wsstad.evaluation.metrics import Resampling
from wsstad.evaluation.metrics.significance import Row
from wsstad.evaluation.results import Alarms, Card, Counts, MethodResult, Names, Settings
from wsstad.evaluation.selections import Run
from wsstad.structures.predictions import Case

RANDOM_SEED = 0  # of the row Random and of the bootstrap: both repeat to the last digit


@dataclass(frozen=True)
class Options:
    """Gamma of Eq. 10, the eps of IoU@eps, draws of the row Random, bootstrap, false alarms that are allowed."""

    gamma: str
    thresholds: tuple[float, ...]
    draws: int
    resampling: Resampling
    alarms_per_hour: float


@dataclass(frozen=True)
class Identity:
    """What is assessed: the method in its block, the title of the dataset, the features in words."""

    names: Names
    title: str
    features: str


@dataclass(frozen=True)
class Assessment:
    """The numbers of a result; and what a comparison needs: the row, its tests with `abnormal` (v,), the boxed ones."""

    result: MethodResult
    row: Row
    tests: tuple[Case, ...]
    abnormal: np.ndarray
    boxed: tuple[Case, ...]


def assess(predicted: MethodRuns, test_set: TestSet, options: Options, identity: Identity) -> Assessment:
    """Measure the runs of a method.

    Raises `UserError` when its tests are of one class alone: VAUC needs both.
    """
    first = predicted.first.predictions
    tests = tuple(sorted(first))
    abnormal, truths = test_set.abnormal(tests), test_set.truths(first)
    if len(set(abnormal.values())) < 2:
        only = ", ".join(sorted({test_set.labels[video] for _, video in tests})) or "no"
        raise UserError(f"{only} test videos alone can be evaluated; VAUC needs both classes")
    cases = Cases(abnormal, tuple(test for test in tests if test[1] in truths))
    runs = choose(predicted, test_set, truths, options)
    metrics = scorecard.build(runs, cases, thresholds=options.thresholds, resampling=options.resampling)
    if test_set.groups:
        metrics |= scorecard.in_groups(runs, cases, groups=test_set.groups, resampling=options.resampling)
    dense, alarms = _measure_all_candidates(predicted, test_set, truths, options)
    selection = predicted.first.selection
    result = MethodResult(
        names=identity.names,
        title=identity.title,
        features=identity.features,
        settings=_settings(selection, options),
        seeds=tuple(predicted.seeds),
        counts=_count(cases, test_set),
        metrics=metrics | dense,
        folds=scorecard.by_fold(runs, cases),
        classes=_by_class(runs, cases, test_set, options),
        alarms=alarms,
        missing=tuple(
            results.Missing(fold=f, video=v, reason=reason) for (f, v), reason in predicted.first.missing.items()
        ),
        unboxed=tuple(test[1] for test in tests if abnormal[test] and test not in cases.boxed),
        videos=scorecard.video_rows(runs, labels=test_set.labels, boxed=cases.boxed, each_run=selection != "random"),
    )
    scores = np.array([[run[test].score for test in tests] for run in runs])
    s_loc = selections.stack(runs, cases.boxed)[..., 0] if cases.boxed else np.zeros((len(runs), 0))
    return Assessment(result, Row(scores, s_loc), tests, cases.flags(tests), cases.boxed)


def choose(predicted: MethodRuns, test_set: TestSet, truths: Mapping[str, GroundTruth], options: Options) -> list[Run]:
    """Return what each run chose: a run is a seed, or for Random a draw."""
    runs: list[Run] = []
    for number, seed in enumerate(predicted.seeds.values()):
        rows, gamma = seed.predictions, options.gamma
        if seed.selection == "random":
            runs += selections.random(rows, truths, gamma, draws=options.draws, seed=RANDOM_SEED + number)
        elif seed.selection == "oracle":
            runs.append(selections.oracle(rows, truths, test_set.labels, gamma))
        elif seed.selection == "oracle_frames":
            runs.append(selections.oracle_frames(rows, truths, test_set.labels, gamma))
        else:
            runs.append(selections.top1(rows, truths, gamma))
    return runs


def _by_class(runs: list[Run], cases: Cases, test_set: TestSet, options: Options) -> dict[str, Card]:
    """Return the cards of the classes of abnormal videos; none where there is one class alone."""
    classes = {test: test_set.classes[test[1]] for test in cases.abnormal}
    if len({classes[test] for test, abnormal in cases.abnormal.items() if abnormal}) < 2:
        return {}
    return scorecard.by_class(
        runs, cases, classes=classes, thresholds=options.thresholds, resampling=options.resampling
    )


def _measure_all_candidates(
    predicted: MethodRuns, test_set: TestSet, truths: Mapping[str, GroundTruth], options: Options
) -> tuple[Card, Alarms | None]:
    """Return frames, regions and alarms of a method that scores every candidate itself; nothing of other rows."""
    if predicted.first.selection != "top1":
        return {}, None
    return dense_metrics.measure(
        predicted, test_set, truths, resampling=options.resampling, alarms_per_hour=options.alarms_per_hour
    )


def _settings(selection: str, options: Options) -> Settings:
    return Settings(
        gamma=options.gamma,
        thresholds=options.thresholds,
        bootstrap=options.resampling.resamples,
        selection=selection,
        draws=options.draws if selection == "random" else None,
    )


def _count(cases: Cases, test_set: TestSet) -> Counts:
    """Return how many test videos were evaluated, and how many there are."""
    expected = sum(test_set.labels[video] == "abnormal" for _, video in test_set.expected)
    abnormal = sum(cases.abnormal.values())
    return Counts(
        videos=results.Evaluated(evaluated=len(cases.abnormal), expected=len(test_set.expected)),
        abnormal=results.EvaluatedAbnormal(evaluated=abnormal, expected=expected, localised=len(cases.boxed)),
    )
