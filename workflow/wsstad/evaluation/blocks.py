"""Blocks: what `evaluate` found in one dataset, chain of variants and annotator. Only inside one can methods compare.

A block is a mapping with `results`, one for each method of a table in its order, and `comparisons` of any two.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Cells = dict[str, Any]
PaperRows = Sequence[Mapping[str, str]]

NAMES = ("dataset", "split", "extractor", "detector", "linker", "scale", "annotator")
MAX_COUNTS = 5  # runs whose counts k are listed one by one; of more, the mean


def in_order(blocks: Sequence[Cells]) -> list[Cells]:
    """Return blocks sorted by their names, whatever the order of their files."""
    return sorted(blocks, key=lambda block: [*names_of(block).values(), block["results"][0]["settings"]["gamma"]])


def names_of(block: Cells) -> dict[str, str]:
    """Return the names that tell a block from others."""
    return {name: block["results"][0]["names"][name] for name in NAMES}


def paper_of(paper: PaperRows, block: Cells) -> dict[str, list[Mapping[str, str]]]:
    """Return the paper's own values on the dataset of a block, by method."""
    methods: dict[str, list[Mapping[str, str]]] = {}
    for row in paper:
        if row["dataset"] == names_of(block)["dataset"]:
            methods.setdefault(row["method"], []).append(row)
    return methods


def is_oracle(result: Cells) -> bool:
    """Return whether a row knows the truth: an upper bound, whose VAUC is 100 % by definition."""
    return result["settings"]["selection"].startswith("oracle")


def count_runs(result: Cells) -> int:
    """Return the number of runs behind a row: its seeds, or its draws."""
    return len(result["seeds"]) * result["settings"].get("draws", 1)


def interval(entry: Cells) -> tuple[str, list[float]]:
    """Return the kind of a metric's interval and its bounds: Wilson's for a share, honest at 0 and n of n too."""
    return ("wilson", entry["wilson"]) if "wilson" in entry else ("bootstrap", entry["interval"])


def show_counts(ks: Sequence[int]) -> str:
    """Return the counts of all runs, as one where they agree, as their mean where there are many.

    >>> show_counts([3, 4, 3]), show_counts([3, 3]), show_counts([1, 2] * 50)
    ('3, 4, 3', '3', '1.5')
    """
    if len(set(ks)) <= 1:
        return str(ks[0]) if ks else ""
    return ", ".join(map(str, ks)) if len(ks) <= MAX_COUNTS else f"{sum(ks) / len(ks):.1f}"


def beaten(block: Cells, method: str, metric: str) -> list[str]:
    """Return the methods that `method` is significantly better than in a metric, in the order of the table."""
    found = {
        row["second"] if row["first"] == method else row["first"]
        for row in block["comparisons"]
        if row["metric"] == metric and row["better"] == method
    }
    return [result["names"]["method"] for result in block["results"] if result["names"]["method"] in found]
