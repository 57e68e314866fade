"""Decide the hypotheses of docs/study.md from the tables of `make study`, by the rule that was written down there.

A claim of the paper is that `mgpr` is better than a row. It is supported where the table marks `mgpr` as better, and
refuted where it marks the row. Where nothing is marked, it is refuted as to size if the 95 % interval of the difference
ends below the smaller of the relative gains that the paper has on its two datasets; else it is undecided.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

import wsstad  # noqa: E402 - needs the path above

if TYPE_CHECKING:
    from pandas import DataFrame

# Table, its file of the paper's values, and the rows of its hypotheses.
CLAIMS = {
    "benchmark": ("table1", {"H1a": "dmrm", "H1b": "gclnc", "H1c": "stil", "H1d": "asa"}),
    "table2": ("table2", {"H2a": "mgpr_temporal", "H2b": "mgpr_tube"}),
    "table3": ("table3", {"H3a": "mgpr_rank", "H3b": "mgpr_mgrank", "H3c": "mgpr_ce", "H3d": "mgpr_rank_ce"}),
    "table4": ("table4", {"H4a": "mgpr_no_mvt", "H4b": "mgpr_no_rmm", "H4c": "mgpr_gcn"}),
}
# The paper has one row for this; it claims the collapse of its VAUC.
COLLAPSE = ("H3e", "table3", "mgpr_mgrank_unfrozen")
METRICS = ("MIoU", "VAUC")


def main(argv: list[str] | None = None) -> None:
    """Print a row a hypothesis and metric."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default="results", help="a folder of results (default %(default)s)")
    parser.add_argument("--dataset", default="study", help="(default %(default)s)")
    arguments = parser.parse_args(argv)
    results = wsstad.open_results(arguments.results).only(dataset=arguments.dataset)
    print("| | row | metric | mgpr | the row | difference [95 %] | p, Holm | n | could show | decision |")
    print("|---|---|---|--:|--:|--:|--:|--:|--:|---|")
    for table, (paper, claims) in CLAIMS.items():
        if table not in results.tables:
            continue
        values = {(row["method"], row["metric"]): row for row in _rows(results.only(table=table).table())}
        gains = relative_gains(REPOSITORY / "config" / "paper" / f"{paper}.tsv")
        named = {row: name for name, row in claims.items()}
        named |= {COLLAPSE[2]: COLLAPSE[0]} if table == COLLAPSE[1] else {}
        for comparison in _rows(results.only(table=table).comparisons()):
            row, metric = str(comparison["second"]), str(comparison["metric"])
            if row in named and metric in METRICS:
                rival, own = (float(values[method, metric]["percent"]) for method in (row, "mgpr"))
                least = rival * gains[row, metric] if (row, metric) in gains else None
                print(line(named[row], comparison, rival, own, least), flush=True)


def _rows(frame: "DataFrame") -> Iterator[Mapping[str, object]]:
    """Yield our own rows of a table, those over all videos."""
    for row in frame.to_dict("records"):
        if row.get("source", "ours") == "ours" and not (isinstance(row.get("part"), str) and row["part"]):
            yield row


def relative_gains(path: Path) -> dict[tuple[str, str], float]:
    """Return by row and metric the smaller of the gains of `mgpr` over it on the paper's datasets, as a share of it."""
    with path.open(encoding="utf-8") as file:
        values = {
            (row["dataset"], row["method"], row["metric"]): float(row["value"])
            for row in csv.DictReader(file, delimiter="\t")
        }
    gains: dict[tuple[str, str], float] = {}
    for (dataset, method, metric), value in values.items():
        if method != "mgpr" and (dataset, "mgpr", metric) in values:
            gain = values[dataset, "mgpr", metric] / value - 1
            gains[method, metric] = min(gain, gains.get((method, metric), gain))
    return gains


def decide(better: str, high: float, least: float | None) -> str:
    """Return the decision; `least` is the difference that the paper's smaller gain would be here."""
    if better:
        return "supported" if better == "mgpr" else "refuted"
    return "undecided" if least is None or high >= least else "refuted as to size"


def line(name: str, comparison: Mapping[str, object], rival: float, own: float, least: float | None) -> str:
    """Return a row of the table."""
    difference, low, high, p = (float(str(comparison[key])) for key in ("difference", "low", "high", "p_corrected"))
    better = comparison["better"] if isinstance(comparison["better"], str) else ""
    smallest = float(str(comparison["smallest"]))
    cells = (
        *(name, f"`{comparison['second']}`", str(comparison["metric"]), f"{own:.1f}", f"{rival:.1f}"),
        f"{difference:+.1f} [{low:.1f}, {high:.1f}]",
        f"{p:.3f}" if p >= 0.001 else "< 0.001",
        str(comparison["n"]),
        f"{smallest:.1f}",
        decide(better, high, least),
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
