"""What a section begins with: in words and in a few numbers, what was found of the method that it shows."""

from collections.abc import Sequence

from wsstad.evaluation.results import MethodResult
from wsstad.reporting.page.shown import Shown

MEANING = {
    "VAUC": "of the pairs of an abnormal and a normal video are ranked rightly",
    "MIoU": "is the mean overlap (S_loc) of its one tube with the truth in abnormal videos",
}


def measured(result: MethodResult) -> str:
    """Return in words what the numbers of a row are means of."""
    if result.n_runs == 1:
        return "one run"
    return f"the mean of {result.n_runs} {'draws' if result.is_drawn else 'seeds'}"


def tiles(result: MethodResult) -> list[tuple[str, str, str]]:
    """Return name, value and interval of the metrics of the paper."""
    rows = []
    for name in ["VAUC", "MIoU", *sorted(metric for metric in result.metrics if metric.startswith("IoU@"))]:
        if name in result.metrics:
            entry = result.metrics[name]
            low, high = entry.bounds
            rows.append((name, f"{100 * entry.mean:.1f} %", f"{100 * low:.1f} to {100 * high:.1f}"))
    return rows


def paragraphs(shown: Shown) -> list[str]:
    """Return in words what was found, claiming no difference that the comparisons do not: a paragraph a metric."""
    counts, features = shown.result.counts.videos, shown.result.features
    evaluated = f"{counts.evaluated} of {counts.expected} test videos were evaluated."
    mind = f" Mind the features ({features}): the numbers show that the chain works, not how good a method is."
    first = f"{shown.title} of split {shown.block.split}. {evaluated}{mind if 'not trained' in features else ''}"
    metrics = [name for name in MEANING if name in shown.result.metrics]
    return [first, *(" ".join([_own(shown, metric), *_highest(shown, metric)]) for metric in metrics)]


def _own(shown: Shown, metric: str) -> str:
    beaten = shown.measured.beaten(shown.method, metric)
    against = f"better than {_list(beaten)}" if beaten else "not surely better than any other row"
    return f"{shown.method}: {100 * _mean(shown.result, metric):.1f} % {MEANING[metric]} ({metric}); {against}."


def _highest(shown: Shown, metric: str) -> list[str]:
    """Return who has the highest value, where it is another row, and whether that is a difference."""
    rivals = [row for row in shown.measured.results if not row.is_oracle and metric in row.metrics]
    best = max(rivals, key=lambda row: _mean(row, metric), default=shown.result)
    if _mean(best, metric) <= _mean(shown.result, metric):
        return []
    surely = shown.method in shown.measured.beaten(best.method, metric)
    difference = f"it is better than {shown.method}" if surely else "the difference is not shown to be real"
    return [f"The highest {metric} is {best.method}'s, {100 * _mean(best, metric):.1f} %; {difference}."]


def _mean(result: MethodResult, metric: str) -> float:
    return result.metrics[metric].mean


def _list(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
