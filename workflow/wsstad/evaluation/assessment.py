"""Assessment: everything that is measured of one method's runs on a test set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation import chance, dense_metrics, results, scorecard, selections
from wsstad.evaluation.cases import Cases, TestSet
from wsstad.evaluation.entries import Card, Spread
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.evaluation.method_runs import MethodRuns, Seed
from wsstad.evaluation.metrics import Resampling
from wsstad.evaluation.metrics.significance import Row
from wsstad.evaluation.results import Alarms, Counts, MethodResult, Names, Settings, VideoResult
from wsstad.evaluation.selections import NO_OVERLAP, NOTHING, Run
from wsstad.structures.predictions import Case

BOOTSTRAP_SEED = 0  # the bootstrap repeats to the last digit


@dataclass(frozen=True)
class Options:
    """Gamma of Eq. 10, the eps of IoU@eps, bootstrap, false alarms that are allowed."""

    gamma: str
    thresholds: tuple[float, ...]
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
    """The numbers of a result; and what a comparison needs: the row, its tests with `abnormal` (v,), the boxed ones.

    The row of a choice at random is None: there is nothing to compare.
    """

    result: MethodResult
    row: Row | None
    tests: tuple[Case, ...]
    abnormal: np.ndarray
    boxed: tuple[Case, ...]


@dataclass(frozen=True)
class _Scored:
    """What is measured of the chosen tubes: over all tests, by fold, by class, video by video."""

    metrics: Card
    folds: dict[str, dict[str, Spread]]
    classes: dict[str, Card]
    videos: tuple[VideoResult, ...]
    row: Row | None = None


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
    lost = tuple(sorted(test for test in predicted.first.missing if test_set.has_boxes(test[1])))
    cases = Cases(abnormal, (*(test for test in tests if test[1] in truths), *lost))
    selection = predicted.first.selection
    score = _score_chance if selection == "random" else _score_runs
    scored = score(predicted, test_set, truths, cases, lost, options)
    dense, alarms = _measure_all_candidates(predicted, test_set, truths, options)
    result = MethodResult(
        names=identity.names,
        title=identity.title,
        features=identity.features,
        settings=_settings(selection, options),
        seeds=tuple(predicted.seeds),
        counts=_count(cases, test_set),
        metrics=scored.metrics | dense,
        folds=scored.folds,
        classes=scored.classes,
        alarms=alarms,
        missing=tuple(
            results.Missing(fold=f, video=v, reason=reason) for (f, v), reason in predicted.first.missing.items()
        ),
        unboxed=tuple(test[1] for test in tests if abnormal[test] and test not in cases.boxed),
        videos=scored.videos,
        notes=test_set.notes(identity.names.detector),
    )
    return Assessment(result, scored.row, tests, cases.flags(tests), tuple(sorted(cases.boxed)))


def _score_runs(
    predicted: MethodRuns,
    test_set: TestSet,
    truths: Mapping[str, GroundTruth],
    cases: Cases,
    lost: Sequence[Case],
    options: Options,
) -> _Scored:
    runs = [choose(seed, test_set, truths, options.gamma) | dict.fromkeys(lost, NOTHING) for seed in predicted.all]
    settings: Any = {"thresholds": options.thresholds, "resampling": options.resampling}
    classes = _classes(cases, test_set)
    scores = np.array([[run[test].score for test in sorted(cases.abnormal)] for run in runs])
    s_loc = selections.stack(runs, sorted(cases.boxed))[..., 0] if cases.boxed else np.zeros((len(runs), 0))
    return _Scored(
        metrics=scorecard.build(runs, cases, **settings)
        | scorecard.in_groups(runs, cases, groups=test_set.groups, resampling=options.resampling),
        folds=scorecard.by_fold(runs, cases),
        classes=scorecard.by_class(runs, cases, classes=classes, **settings) if classes else {},
        videos=scorecard.video_rows(runs, cases, test_set.labels),
        row=Row(scores, s_loc),
    )


def _score_chance(
    predicted: MethodRuns,
    test_set: TestSet,
    truths: Mapping[str, GroundTruth],
    cases: Cases,
    lost: Sequence[Case],
    options: Options,
) -> _Scored:
    # What can be chosen does not depend on the seed.
    tables = chance.measure(predicted.first.predictions, truths, options.gamma)
    tables |= dict.fromkeys(lost, NO_OVERLAP[None])
    classes = _classes(cases, test_set)
    return _Scored(
        metrics=chance.build(tables, cases, thresholds=options.thresholds)
        | chance.in_groups(cases, groups=test_set.groups),
        folds=chance.by_fold(tables, cases),
        classes=chance.by_class(tables, cases, classes=classes, thresholds=options.thresholds) if classes else {},
        videos=chance.video_rows(tables, cases, test_set.labels),
    )


def choose(seed: Seed, test_set: TestSet, truths: Mapping[str, GroundTruth], gamma: str) -> Run:
    """Return what the run of a seed chose."""
    if seed.selection == "oracle":
        return selections.oracle(seed.predictions, truths, test_set.labels, gamma)
    if seed.selection == "oracle_frames":
        return selections.oracle_frames(seed.predictions, truths, test_set.labels, gamma)
    return selections.top1(seed.predictions, truths, gamma)


def _classes(cases: Cases, test_set: TestSet) -> dict[Case, str]:
    """Return the class of every test; nothing where the abnormal ones are of one class alone."""
    classes = {test: test_set.classes[test[1]] for test in [*cases.abnormal, *cases.boxed]}
    return classes if len(cases.of_classes(classes)) > 1 else {}


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
    )


def _count(cases: Cases, test_set: TestSet) -> Counts:
    """Return how many test videos were evaluated, and how many there are."""
    expected = sum(test_set.labels[video] == "abnormal" for _, video in test_set.expected)
    abnormal = sum(cases.abnormal.values())
    return Counts(
        videos=results.Evaluated(evaluated=len(cases.abnormal), expected=len(test_set.expected)),
        abnormal=results.EvaluatedAbnormal(evaluated=abnormal, expected=expected, localised=len(cases.boxed)),
    )
