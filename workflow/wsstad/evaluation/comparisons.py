"""Comparisons: any two methods of a table on the same tests, with a verdict that does not call noise a win."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np

from wsstad.evaluation.assessment import Assessment
from wsstad.evaluation.metrics import significance
from wsstad.evaluation.metrics.significance import Difference, Shared
from wsstad.evaluation.scorecard import rounded


def compare(
    assessed: Mapping[str, Assessment], *, thresholds: Sequence[float], draws: int, seed: int
) -> list[dict[str, Any]]:
    """Return the differences between any two methods that were measured on the same tests, metric by metric.

    What knows the truth, an upper bound, is no rival and is left out. All pairs of a table in one metric are one
    family for Holm's correction.
    """
    rivals = {
        name: its for name, its in assessed.items() if not its.result["settings"]["selection"].startswith("oracle")
    }
    shared: dict[Any, Shared] = {}
    families: dict[str, list[tuple[str, str, Difference]]] = {}
    for (first, mine), (second, other) in combinations(rivals.items(), 2):
        about = (mine.tests, mine.boxed)
        if about != (other.tests, other.boxed):
            continue
        if about not in shared:
            shared[about] = _draw(mine, draws, seed)
        for its in significance.compare(mine.row, other.row, shared[about], thresholds):
            families.setdefault(its.metric, []).append((first, second, its))
    rows = []
    for family in families.values():
        decided = significance.decide([its for _, _, its in family])
        rows += [_row(first, second, its) for (first, second, _), its in zip(family, decided, strict=True)]
    return rows


def _draw(its: Assessment, draws: int, seed: int) -> Shared:
    folds = np.array([fold for fold, _ in its.tests])
    return significance.draw_shared(its.abnormal, folds, n_boxed=len(its.boxed), draws=draws, seed=seed)


def _row(first: str, second: str, its: Difference) -> dict[str, Any]:
    """Return a comparison as JSON has it; one that is significant names the method that is `better`."""
    cells = asdict(its)
    numbers = {name: rounded(cells[name]) for name in ("value", "p_bootstrap", "p_permutation", "corrected")}
    better = (first if its.value > 0 else second) if its.significant else ""
    low, high = its.interval
    return {
        "metric": its.metric,
        "first": first,
        "second": second,
        "n": its.n,
        **numbers,
        "interval": [rounded(low), rounded(high)],
        "better": better,
    }
