"""What a section begins with: in words and in a few numbers, what was found of the method that it shows."""

from collections.abc import Sequence

from wsstad.evaluation import blocks
from wsstad.evaluation.blocks import Cells
from wsstad.reporting.page.shown import Shown

MEANING = {
    "VAUC": "of the pairs of an abnormal and a normal video are ranked rightly",
    "MIoU": "is the mean overlap (S_loc) of its one tube with the truth in abnormal videos",
}


def measured(result: Cells) -> str:
    """Return in words what the numbers of a row are means of."""
    runs = blocks.count_runs(result)
    if runs == 1:
        return "one run"
    return f"the mean of {runs} {'draws' if result['settings']['selection'] == 'random' else 'seeds'}"


def tiles(result: Cells) -> list[tuple[str, str, str]]:
    """Return name, value and interval of the metrics of the paper."""
    found = []
    for name in ["VAUC", "MIoU", *sorted(its for its in result["metrics"] if its.startswith("IoU@"))]:
        if name in result["metrics"]:
            entry = result["metrics"][name]
            low, high = blocks.interval(entry)[1]
            found.append((name, f"{100 * entry['mean']:.1f} %", f"{100 * low:.1f} to {100 * high:.1f}"))
    return found


def paragraphs(shown: Shown) -> list[str]:
    """Return in words what was found, claiming no difference that the comparisons do not: a paragraph a metric."""
    counts, features = shown.result["counts"]["videos"], shown.result["features"]
    evaluated = f"{counts['evaluated']} of {counts['expected']} test videos were evaluated."
    mind = f" Mind the features ({features}): the numbers show that the chain works, not how good a method is."
    first = f"{shown.title} of split {shown.block.split}. {evaluated}{mind if 'not trained' in features else ''}"
    metrics = [name for name in MEANING if name in shown.result["metrics"]]
    return [first, *(" ".join([_own(shown, metric), *_highest(shown, metric)]) for metric in metrics)]


def _own(shown: Shown, metric: str) -> str:
    beaten = blocks.beaten(shown.metrics, shown.method, metric)
    against = f"better than {_list(beaten)}" if beaten else "not surely better than any other row"
    return f"{shown.method}: {100 * _mean(shown.result, metric):.1f} % {MEANING[metric]} ({metric}); {against}."


def _highest(shown: Shown, metric: str) -> list[str]:
    """Return who has the highest value, where it is another row, and whether that is a difference."""
    rivals = [its for its in shown.metrics["results"] if not blocks.is_oracle(its) and metric in its["metrics"]]
    best = max(rivals, key=lambda its: _mean(its, metric), default=shown.result)
    if _mean(best, metric) <= _mean(shown.result, metric):
        return []
    name = best["names"]["method"]
    surely = shown.method in blocks.beaten(shown.metrics, name, metric)
    difference = f"it is better than {shown.method}" if surely else "the difference is not shown to be real"
    return [f"The highest {metric} is {name}'s, {100 * _mean(best, metric):.1f} %; {difference}."]


def _mean(result: Cells, metric: str) -> float:
    return float(result["metrics"][metric]["mean"])


def _list(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
