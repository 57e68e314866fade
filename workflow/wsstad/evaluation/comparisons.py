"""Comparisons: a table's reference with each of its rivals on the same tests, so that no noise is called a win."""

import logging
from collections.abc import Sequence

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation.assessment import Assessment
from wsstad.evaluation.metrics import Resampling, significance
from wsstad.evaluation.metrics.significance import Difference, Row, Verdict
from wsstad.evaluation.results import Comparison, Family
from wsstad.evaluation.scorecard import rounded, rounded_pair

log = logging.getLogger(__name__)


def compare(
    assessed: Sequence[Assessment], family: Family, *, thresholds: Sequence[float], resampling: Resampling
) -> tuple[Comparison, ...]:
    """Return the differences between the reference and each rival of `family`, metric by metric.

    In each metric the declared family is one for Holm's correction, also where a rival was measured on other tests, so
    that it cannot be compared. Raises `UserError` when the family names a method that has nothing to compare.
    """
    by_name = {assessment.result.method: assessment for assessment in assessed}
    for name in (family.reference, *family.rivals):
        if name not in by_name or by_name[name].row is None:
            known = ", ".join(name for name, assessment in by_name.items() if assessment.row)
            raise UserError(f"{name!r} cannot be compared; allowed: {known}")
    reference = by_name[family.reference]
    shared = _draw(reference, resampling)
    by_metric: dict[str, list[tuple[str, Difference]]] = {}
    for rival in (by_name[name] for name in family.rivals):
        if (rival.tests, rival.boxed) != (reference.tests, reference.boxed):
            log.warning("evaluate: %s is not compared: its test videos differ", rival.result.method)
            continue
        for difference in significance.compare(_row(reference), _row(rival), shared, thresholds):
            by_metric.setdefault(difference.metric, []).append((rival.result.method, difference))
    rows: list[Comparison] = []
    for pairs in by_metric.values():
        verdicts = significance.decide([difference for _, difference in pairs], size=len(family.rivals))
        rows += [_record(family.reference, rival, v) for (rival, _), v in zip(pairs, verdicts, strict=True)]
    return tuple(rows)


def _row(assessment: Assessment) -> Row:
    if assessment.row is None:
        raise ValueError(f"{assessment.result.method} has nothing to compare")
    return assessment.row


def _draw(assessment: Assessment, resampling: Resampling) -> significance.Shared:
    folds = np.array([fold for fold, _ in assessment.tests])
    n_boxed = len(assessment.boxed)
    return significance.draw_shared(assessment.abnormal, folds, n_boxed=n_boxed, resampling=resampling)


def _record(first: str, second: str, verdict: Verdict) -> Comparison:
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
        smallest=None if verdict.smallest is None else rounded(verdict.smallest),
    )
