"""Before and after: what a change did to the metrics of a method, tested on the videos that both results test.

The tests are those of a table's comparisons (`metrics.significance`), of a method's second result less its first. There
are two families, declared here before anything is measured: the trained methods that both results have, and the upper
bounds that both have. In each metric Holm's correction is for the size of the family; metrics are not corrected for
each other.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from wsstad.evaluation import metrics
from wsstad.evaluation.assessment import BOOTSTRAP_SEED
from wsstad.evaluation.metrics import Resampling, pair_matrix, significance
from wsstad.evaluation.metrics.significance import Difference, Row, Verdict
from wsstad.evaluation.results import BlockResult, MethodResult, VideoResult
from wsstad.structures.predictions import Case

METHODS, BOUNDS = "methods", "upper bounds"


@dataclass(frozen=True)
class Change:
    """A metric of a method before and after, on paired videos, and what the tests say of the difference.

    `better` is "first" or "second", empty where no difference is shown.
    """

    family: str
    method: str
    metric: str
    first: float
    second: float
    verdict: Verdict

    @property
    def better(self) -> str:
        """Which of the two is shown to be better."""
        return "" if not self.verdict.significant else "second" if self.verdict.value > 0 else "first"


@dataclass(frozen=True)
class VideoChange:
    """A test video before and after: its score, S_loc where it has boxes, and the share of pairs ranked rightly.

    `ranked` is the share of the videos with the other label, of its fold, that its score stands on the right side of:
    scores of two models share no scale, and these do. None where the fold has none. A side is NaN where the video was
    set aside.
    """

    fold: int
    video: str
    label: str
    score: tuple[float, float]
    s_loc: tuple[float, float] | None
    ranked: tuple[float, float] | None

    @property
    def moved(self) -> float:
        """How much S_loc changed, or where there is none, the share of pairs."""
        before, after = self.s_loc or self.ranked or (0.0, 0.0)
        return 0.0 if np.isnan(after - before) else after - before


@dataclass(frozen=True)
class Paired:
    """The tests that both results of a method have: of scores, and of boxes (those set aside count as 0 there)."""

    tests: tuple[Case, ...]
    boxed: tuple[Case, ...]
    first: Mapping[Case, VideoResult]
    second: Mapping[Case, VideoResult]
    lost: int = 0
    """Tests with boxes that neither result has: a difference of 0 each."""

    def labels(self) -> np.ndarray:
        """Return whether each of the tests is of an abnormal video, (n,) bool."""
        return np.array([self.first[test].label == "abnormal" for test in self.tests], dtype=bool)

    def row(self, rows: Mapping[Case, VideoResult]) -> Row:
        """Return scores and S_loc of the runs of one side."""
        scores = np.array([rows[test].scores_of_runs for test in self.tests]).reshape(len(self.tests), -1).T
        runs = len(next(iter(rows.values())).scores_of_runs)
        s_loc = [rows[test].s_loc_of_runs if test in rows else (0.0,) * runs for test in self.boxed]
        s_loc += [(0.0,) * runs] * self.lost
        return Row(scores, np.array(s_loc).reshape(len(s_loc), runs).T)


def pair(first: MethodResult, second: MethodResult, *, unlike: Collection[str] = (), boxes: bool = True) -> Paired:
    """Return the tests that two results of a method share: the same fold and video, with the same label.

    `unlike` are videos whose annotations differ, so that their S_loc is not compared; without `boxes`, none is.
    """
    sides = [{(row.fold, row.video): row for row in result.videos} for result in (first, second)]
    missing = [{(row.fold, row.video) for row in result.missing} for result in (first, second)]
    tests = [t for t in sorted(sides[0].keys() & sides[1].keys()) if sides[0][t].label == sides[1][t].label]
    known = [{t for t, row in rows.items() if row.s_loc is not None} for rows in sides]
    boxed = [
        test
        for test in (sorted(known[0] | known[1]) if boxes else ())
        if test[1] not in unlike and all(test in known[i] or test in missing[i] for i in (0, 1))
    ]
    lost = [
        result.counts.abnormal.localised - len(known[i] | (known[1 - i] & missing[i]))
        for i, result in enumerate((first, second))
    ]
    n_lost = max(0, min(lost)) if boxes and not unlike else 0
    return Paired(tuple(tests), tuple(boxed), sides[0], sides[1], n_lost)


def compare(
    first: BlockResult,
    second: BlockResult,
    *,
    trained: Collection[str],
    unlike: Collection[str] = (),
    boxes: bool = True,
) -> list[Change]:
    """Return what changed in VAUC, MIoU and IoU@eps of the methods and of the upper bounds that both results have.

    `trained` are the methods that both trained; `unlike` and `boxes` as of `pair`.
    """
    others = {row.method: row for row in second.results}
    shared = [(row, others[row.method]) for row in first.results if row.method in others]
    families = {
        METHODS: [sides for sides in shared if sides[0].method in trained and all(map(_has_runs, sides))],
        BOUNDS: [sides for sides in shared if all(row.is_oracle for row in sides)],
    }
    changes: list[Change] = []
    for family, members in families.items():
        by_metric: dict[str, list[_Measured]] = {}
        for sides in members:
            for measured in _measure(*sides, pair(*sides, unlike=unlike, boxes=boxes)):
                if not (family == BOUNDS and measured.difference.metric == "VAUC"):  # 100 % by definition
                    by_metric.setdefault(measured.difference.metric, []).append(measured)
        for metric, rows in by_metric.items():
            verdicts = significance.decide([row.difference for row in rows], size=len(members))
            changes += [
                Change(family, row.method, metric, row.first, row.second, verdict)
                for row, verdict in zip(rows, verdicts, strict=True)
            ]
    return changes


def videos(paired: Paired) -> list[VideoChange]:
    """Return every test of either result before and after, those that moved most first."""
    ranked = [_ranked(paired, rows) for rows in (paired.first, paired.second)]
    changes = []
    for test in sorted(paired.first.keys() | paired.second.keys()):
        sides = paired.first.get(test), paired.second.get(test)
        before, after = (row.score if row else float("nan") for row in sides)
        s_loc = [(row.s_loc or 0.0) if row else 0.0 for row in sides]
        label = next(row.label for row in sides if row)
        changes.append(
            VideoChange(
                *test,
                label,
                (before, after),
                (s_loc[0], s_loc[1]) if test in paired.boxed else None,
                (ranked[0][test], ranked[1][test]) if test in ranked[0] else None,
            )
        )
    return sorted(changes, key=lambda change: (-abs(change.moved), change.fold, change.video))


@dataclass(frozen=True)
class _Measured:
    """A metric of a method before and after, and the second's difference from the first, not yet in a family."""

    method: str
    first: float
    second: float
    difference: Difference


def _measure(first: MethodResult, second: MethodResult, paired: Paired) -> Iterator[_Measured]:
    """Yield the metrics that both sides have of the paired tests; nothing without any."""
    if not paired.tests:
        return
    before, after = paired.row(paired.first), paired.row(paired.second)
    abnormal, folds = paired.labels(), np.array([fold for fold, _ in paired.tests])
    can_rank = any(len(set(abnormal[folds == fold])) == 2 for fold in np.unique(folds))
    if not can_rank:  # one pair that says nothing stands in for those that are missing
        abnormal, folds = np.array([True, False]), np.zeros(2)
        before, after = (Row(np.zeros((len(row.s_loc), 2)), row.s_loc) for row in (before, after))
    resampling = Resampling(first.settings.bootstrap, BOOTSTRAP_SEED)
    shared = significance.draw_shared(abnormal, folds, n_boxed=before.s_loc.shape[1], resampling=resampling)
    eps = {f"IoU@{t:g}": t for t in first.settings.thresholds if t in second.settings.thresholds}
    for difference in significance.compare(after, before, shared, list(eps.values())):
        metric = difference.metric
        if metric == "VAUC":
            values = [
                float(np.mean([metrics.vauc(run, abnormal, folds) for run in row.scores])) for row in (before, after)
            ]
        else:
            sides = [
                row.s_loc if metric == "MIoU" else metrics.iou_at(row.s_loc, eps[metric]) for row in (before, after)
            ]
            values = [float(side.mean()) for side in sides]
        if can_rank or metric != "VAUC":
            yield _Measured(first.method, values[0], values[1], difference)


def _ranked(paired: Paired, rows: Mapping[Case, VideoResult]) -> dict[Case, float]:
    """Return the share of the pairs of each paired test that a side ranks rightly; of tests without a pair nothing."""
    if not paired.tests:
        return {}
    abnormal, folds = paired.labels(), np.array([fold for fold, _ in paired.tests])
    runs = np.array([rows[test].scores_of_runs or (rows[test].score,) for test in paired.tests])
    right, same_fold = pair_matrix(runs.reshape(len(paired.tests), -1).T, abnormal, folds)
    shares: dict[Case, float] = {}
    for is_abnormal, axis in ((True, 1), (False, 0)):
        pairs, hits = same_fold.sum(axis=axis), (right * same_fold).sum(axis=axis)
        tests = [test for test, flag in zip(paired.tests, abnormal, strict=True) if flag == is_abnormal]
        shares |= {test: float(h / n) for test, h, n in zip(tests, hits, pairs, strict=True) if n}
    return shares


def _has_runs(result: MethodResult) -> bool:
    return not result.is_random and not result.is_oracle and all(row.scores_of_runs for row in result.videos)
