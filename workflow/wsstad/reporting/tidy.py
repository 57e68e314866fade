"""Tidy tables for other programs: one row a number, and one row a comparison of two methods."""

from collections.abc import Iterator, Sequence
from typing import Any

from wsstad.evaluation import blocks
from wsstad.evaluation.blocks import Cells, PaperRows

COLUMNS = (
    *blocks.NAMES,
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
    *blocks.NAMES,
    "metric",
    "first",
    "second",
    "difference",
    "low",
    "high",
    "p_bootstrap",
    "p_permutation",
    "p_corrected",
    "n",
    "better",
)


def rows(found: Sequence[Cells], paper: PaperRows) -> list[Cells]:
    """Return one row for every block, method and metric, in percent; the paper's rows follow for its datasets.

    `part` is empty, or names the fold or the class that a number is about. `significant` lists the methods that this
    one is better than.
    """
    result = [row for block in found for row in _block(block, paper)]
    return [{column: row.get(column, "") for column in COLUMNS} for row in result]


def comparison_rows(found: Sequence[Cells]) -> list[Cells]:
    """Return one row for every comparison of two methods: the difference, in percent, is first less second."""
    return [
        {
            **blocks.names_of(block),
            **{
                name: row[name] for name in ("metric", "first", "second", "n", "p_bootstrap", "p_permutation", "better")
            },
            "difference": _percent(row["value"]),
            "low": _percent(row["interval"][0]),
            "high": _percent(row["interval"][1]),
            "p_corrected": row["corrected"],
        }
        for block in found
        for row in block["comparisons"]
    ]


def _block(block: Cells, paper: PaperRows) -> Iterator[Cells]:
    common = {**blocks.names_of(block), "gamma": block["results"][0]["settings"]["gamma"]}
    for result in block["results"]:
        method = result["names"]["method"]
        ours = {**common, "method": method, "source": "ours", "runs": blocks.count_runs(result)}
        ours |= result["counts"]["videos"]
        for metric, entry in sorted(result["metrics"].items(), key=_rank):
            better_than = ",".join(blocks.beaten(block, method, metric))
            yield {**ours, **_numbers(metric, entry), "significant": better_than}
        for kind, parts in (("class", result.get("classes", {})), ("fold", result.get("folds", {}))):
            for name, card in parts.items():
                for metric, entry in sorted(card.items(), key=_rank):
                    yield {**ours, **_numbers(metric, entry), "part": f"{kind} {name}"}
    for method, its in blocks.paper_of(paper, block).items():
        for row in its:
            yield {**common, "method": method, "source": "paper", "metric": row["metric"], "percent": row["value"]}


def _numbers(metric: str, entry: dict[str, Any]) -> Cells:
    kind, (low, high) = blocks.interval(entry) if "interval" in entry else ("", (None, None))
    return {
        "metric": metric,
        "percent": _percent(entry["mean"]),
        "std": _percent(entry["std"]),
        "low": _percent(low),
        "high": _percent(high),
        "interval": kind,
        "k": blocks.show_counts(entry.get("k", [])),
        "n": entry.get("n", entry.get("pairs")),
    }


def _rank(item: tuple[str, Cells]) -> tuple[int, str]:
    """Order metrics as a reader looks for them: the paper's, then the others."""
    name = item[0]
    return ("VAUC", "MIoU", "IoU@").index(name[:4]) if name[:4] in ("VAUC", "MIoU", "IoU@") else 3, name


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}"
