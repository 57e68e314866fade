"""What a section begins with: in words and in a few numbers, what was found of the method that it shows."""

from wsstad.evaluation.entries import Entry
from wsstad.evaluation.results import Comparison, MethodResult
from wsstad.reporting.declared import listed
from wsstad.reporting.page.shown import Shown

MEANING = {
    "VAUC": "of the pairs of an abnormal and a normal video are ranked rightly",
    "MIoU": "is the mean overlap (S_loc) of its one tube with the truth in abnormal videos",
}


def measured(result: MethodResult) -> str:
    """Return in words what the numbers of a row are means of."""
    if result.is_random:
        return "the expectation over all choices"
    return "one run" if len(result.seeds) == 1 else f"the mean of {len(result.seeds)} seeds"


def tiles(result: MethodResult) -> list[tuple[str, str, str]]:
    """Return name, value and interval of the metrics of the paper."""
    rows = []
    for name in ["VAUC", "MIoU", *sorted(metric for metric in result.metrics if metric.startswith("IoU@"))]:
        if name in result.metrics:
            entry = result.metrics[name]
            rows.append((name, f"{100 * entry.mean:.1f} %", _span(entry)))
    return rows


def _span(entry: Entry) -> str:
    """Return an interval in words; one without width is none: no resampling of so few videos moves the value."""
    if not entry.bounds:
        return ""
    low, high = (f"{100 * bound:.1f}" for bound in entry.bounds)
    return "no interval: no resampling of the videos moves it" if low == high else f"{low} to {high}"


def paragraphs(shown: Shown) -> list[str]:
    """Return in words what was found, claiming no difference that the comparisons do not: a paragraph a metric."""
    counts, features = shown.result.counts.videos, shown.result.features
    evaluated = f"{counts.evaluated} of {counts.expected} test videos were evaluated."
    caution = f" Mind the features ({features}): the numbers show that the chain works, not how good a method is."
    first = f"{shown.title} of split {shown.block.split}. {evaluated}{caution if 'not trained' in features else ''}"
    metrics = [name for name in MEANING if name in shown.result.metrics]
    return [first, *(" ".join([_own(shown, metric), *_highest(shown, metric)]) for metric in metrics)]


def _own(shown: Shown, metric: str) -> str:
    """Return what the comparisons say of the method: of the reference, all of them; of a rival, its own."""
    block, method = shown.measured, shown.method
    rows = [row for row in block.comparisons if row.metric == metric and method in (row.first, row.second)]
    beaten, better = block.beaten(method, metric), [row.better for row in rows if row.better not in ("", method)]
    verdict = "not compared with any row"
    if beaten or better:
        parts = (("better", beaten), ("worse", better))
        verdict = ", ".join(f"{word} than {listed(names)}" for word, names in parts if names)
    elif rows:
        verdict = f"not shown to differ from {listed([_other(row, method) for row in rows])}"
    return f"{method}: {100 * _mean(shown.result, metric):.1f} % {MEANING[metric]} ({metric}); {verdict}."


def _highest(shown: Shown, metric: str) -> list[str]:
    """Return who has the highest value, where it is another row, and whether that is a difference."""
    rivals = [row for row in shown.measured.results if not row.is_oracle and metric in row.metrics]
    best = max(rivals, key=lambda row: _mean(row, metric), default=shown.result)
    if _mean(best, metric) <= _mean(shown.result, metric):
        return []
    pair = {best.method, shown.method}
    tested = any(row.metric == metric and {row.first, row.second} == pair for row in shown.measured.comparisons)
    difference = "the difference is not shown to be real" if tested else "the difference is not tested"
    if shown.method in shown.measured.beaten(best.method, metric):
        difference = f"it is better than {shown.method}"
    return [f"The highest {metric} is {best.method}'s, {100 * _mean(best, metric):.1f} %; {difference}."]


def _other(row: Comparison, method: str) -> str:
    return row.second if row.first == method else row.first


def _mean(result: MethodResult, metric: str) -> float:
    return result.metrics[metric].mean
