"""Tidy tables for other programs: one row a number, and one row a comparison of two methods."""

from collections.abc import Iterator, Mapping, Sequence

from wsstad.evaluation.entries import Entry, Spread
from wsstad.evaluation.results import NAMES, BlockResult
from wsstad.reporting import paper as papers
from wsstad.reporting.leaderboard import show_counts
from wsstad.reporting.paper import PaperRow

Cells = dict[str, str | float | None]  # by column

COLUMNS = (
    *NAMES,
    "gamma",
    "method",
    "source",
    "part",
    "metric",
    "percent",
    "std",
    "low",
    "high",
    "interval",
    "k",
    "n",
    "significant",
    "runs",
    "evaluated",
    "expected",
)
COMPARISONS = (
    *NAMES,
    "metric",
    "first",
    "second",
    "difference",
    "low",
    "high",
    "p_bootstrap",
    "p_permutation",
    "p_corrected",
    "smallest",
    "n",
    "better",
)


def rows(blocks: Sequence[BlockResult], paper: Sequence[PaperRow]) -> list[Cells]:
    """Return one row for every block, method and metric, in percent; the paper's rows follow for its datasets.

    `part` is empty, or names the fold or the class that a number is about. `significant` lists the methods that this
    one is better than.
    """
    filled = [row for block in blocks for row in _block(block, paper)]
    return [{column: row.get(column, "") for column in COLUMNS} for row in filled]


def comparison_rows(blocks: Sequence[BlockResult]) -> list[Cells]:
    """Return one row for every comparison, first the reference: the difference, in percent, is first less second.

    `smallest` is the smallest difference of the two that as many videos show at 80 % power.
    """
    return [
        {
            **block.names,
            "metric": row.metric,
            "first": row.first,
            "second": row.second,
            "difference": _percent(row.value),
            "low": _percent(row.interval[0]),
            "high": _percent(row.interval[1]),
            "p_bootstrap": row.p_bootstrap,
            "p_permutation": row.p_permutation,
            "p_corrected": row.corrected,
            "smallest": _percent(row.smallest),
            "n": row.n,
            "better": row.better,
        }
        for block in blocks
        for row in block.comparisons
    ]


def _block(block: BlockResult, paper: Sequence[PaperRow]) -> Iterator[Cells]:
    common: Cells = {**block.names, "gamma": block.gamma}
    for result in block.results:
        measured_row: Cells = {**common, "method": result.method, "source": "ours", "runs": len(result.seeds)}
        measured_row |= {"evaluated": result.counts.videos.evaluated, "expected": result.counts.videos.expected}
        for metric, entry in sorted(result.metrics.items(), key=_rank):
            better_than = ",".join(block.beaten(result.method, metric))
            yield {**measured_row, **_numbers(metric, entry), "significant": better_than}
        parts: dict[str, Mapping[str, Spread]] = {f"class {name}": card for name, card in result.classes.items()}
        parts |= {f"fold {name}": card for name, card in result.folds.items()}
        for part, card in parts.items():
            for metric, spread in sorted(card.items(), key=_rank):
                yield {**measured_row, **_numbers(metric, spread), "part": part}
    for method, values in papers.by_method(paper, block).items():
        for row in values:
            yield {**common, "method": method, "source": "paper", "metric": row.metric, "percent": row.value}


def _numbers(metric: str, spread: Spread) -> Cells:
    cells: Cells = {"metric": metric, "percent": _percent(spread.mean), "std": _percent(spread.std)}
    cells["n"] = spread.pairs if spread.n is None else spread.n
    if isinstance(spread, Entry):
        cells["k"] = show_counts(spread.k)
        if spread.bounds:
            cells |= {"low": _percent(spread.bounds[0]), "high": _percent(spread.bounds[1])}
            cells["interval"] = "wilson" if spread.wilson else "bootstrap"
    return cells


def _rank(item: tuple[str, Spread]) -> tuple[int, str]:
    """Order metrics as a reader looks for them: the paper's, then the others."""
    name = item[0]
    return ("VAUC", "MIoU", "IoU@").index(name[:4]) if name[:4] in ("VAUC", "MIoU", "IoU@") else 3, name


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}"
