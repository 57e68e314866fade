"""Comparisons: any two methods of a table on the same tests, with a verdict that does not call noise a win."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from wsstad.evaluation.assessment import Assessment
from wsstad.evaluation.metrics import Resampling, significance
from wsstad.evaluation.metrics.significance import Difference, Shared, Verdict
from wsstad.evaluation.results import Comparison
from wsstad.evaluation.scorecard import rounded, rounded_pair
from wsstad.structures.predictions import Case


def compare(
    assessed: Sequence[Assessment], *, thresholds: Sequence[float], resampling: Resampling
) -> tuple[Comparison, ...]:
    """Return the differences between any two methods that were measured on the same tests, metric by metric.

    What knows the truth, an upper bound, is no rival and is left out. All pairs of a table in one metric are one
    family for Holm's correction.
    """
    rivals = [assessment for assessment in assessed if not assessment.result.is_oracle]
    shared: dict[tuple[Sequence[Case], Sequence[Case]], Shared] = {}
    families: dict[str, list[tuple[str, str, Difference]]] = {}
    for first, second in combinations(rivals, 2):
        tests = (first.tests, first.boxed)
        if tests != (second.tests, second.boxed):
            continue
        if tests not in shared:
            shared[tests] = _draw(first, resampling)
        for difference in significance.compare(first.row, second.row, shared[tests], thresholds):
            pair = first.result.method, second.result.method, difference
            families.setdefault(difference.metric, []).append(pair)
    rows: list[Comparison] = []
    for family in families.values():
        verdicts = significance.decide([difference for _, _, difference in family])
        rows += [_row(first, second, v) for (first, second, _), v in zip(family, verdicts, strict=True)]
    return tuple(rows)


def _draw(assessment: Assessment, resampling: Resampling) -> Shared:
    folds = np.array([fold for fold, _ in assessment.tests])
    n_boxed = len(assessment.boxed)
    return significance.draw_shared(assessment.abnormal, folds, n_boxed=n_boxed, resampling=resampling)


def _row(first: str, second: str, verdict: Verdict) -> Comparison:
    return Comparison(
        metric=verdict.metric,
        first=first,
        second=second,
        n=verdict.n,
        value=rounded(verdict.value),
        interval=rounded_pair(verdict.interval),
        p_bootstrap=rounded(verdict.p_bootstrap),
        p_permutation=rounded(verdict.p_permutation),
        corrected=rounded(verdict.corrected),
        better=(first if verdict.value > 0 else second) if verdict.significant else "",
    )
