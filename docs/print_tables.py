"""Print tables of results as docs/results.md shows them: every number with its interval and its counts.

``python docs/print_tables.py results/tables/benchmark.tsv [more.tsv ...]``; the comparisons are read beside each file.
"""

import sys
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd

BLOCK = ["dataset", "split", "extractor", "detector", "linker", "scale", "annotator", "gamma"]
TOP1 = ["VAUC", "MIoU", "IoU@0.1", "IoU@0.2", "IoU@0.3", "IoU@0.5"]
# Over all candidates, not the top-1 alone.
CANDIDATES = ["frame_AUC", "frame_AUC_abn", "frame_AP", "RBDC", "TBDC", "tube_IoU"]


def main(tables: list[str]) -> None:
    """Print the blocks of each table."""
    for table in map(Path, tables):
        numbers = pd.read_csv(table, sep="\t", dtype=str, keep_default_na=False)
        comparisons = pd.read_csv(table.with_suffix(".comparisons.tsv"), sep="\t", keep_default_na=False)
        for names, block in numbers[(numbers["source"] == "ours")].groupby(BLOCK, sort=False):
            print("\n\n".join([f"`{table.stem}`: {', '.join(names)}.", *parts(block)]), end="\n\n")
            keys = [key for key in BLOCK if key in comparisons]
            of_block = comparisons[(comparisons[keys] == list(block[keys].iloc[0])).all(axis=1)]
            print("\n\n".join(differences(of_block)), end="\n\n")


def parts(block: pd.DataFrame) -> Iterator[str]:
    """Yield the grid of the top-1, that of all candidates, and one of the classes where there are any."""
    whole = block[block["part"] == ""]
    yield grid(whole, TOP1)
    yield grid(whole, CANDIDATES)
    classes = block[block["part"].str.startswith("class ")]
    if len(classes):
        label = classes["part"].str.removeprefix("class ") + ": " + classes["method"]
        yield grid(classes.assign(method=label).sort_values("part", kind="stable"), ["VAUC", "MIoU"])


def grid(rows: pd.DataFrame, metrics: list[str]) -> str:
    """Return a Markdown table, a row a method and a column a metric that any of them has."""
    metrics = [metric for metric in metrics if metric in set(rows["metric"])]
    cells = {(row.method, row.metric): cell(row) for row in rows.itertuples()}
    methods = [m for m in rows["method"].unique() if any((m, metric) in cells for metric in metrics)]
    lines = [["method", *metrics], ["---", *["--:"] * len(metrics)]]
    lines += [[method, *[cells.get((method, metric), "–") for metric in metrics]] for method in methods]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(row) -> str:
    """Return a number as mean ± standard deviation [interval] (counts)."""
    if row.method.startswith("upper_bound") and row.metric == "VAUC":
        return f"{tenths(row.percent)} by definition"
    texts = [tenths(row.percent) if row.percent else "–"]
    if row.std and (row.runs != "1" or row.method == "random"):
        texts.append(f"± {tenths(row.std)}")
    if row.low:
        texts.append(f"[{tenths(row.low)}, {tenths(row.high)}]")
    if row.k:
        texts.append(f"({row.k}/{row.n})")
    return " ".join(texts)


def tenths(hundredths: str) -> str:
    """Return a number of two digits with one, halves upwards."""
    return str(Decimal(hundredths).quantize(Decimal("0.1"), ROUND_HALF_UP))


def differences(comparisons: pd.DataFrame) -> Iterator[str]:
    """Yield a grid of the declared comparisons of VAUC and MIoU."""
    for metric, rows in comparisons[comparisons["metric"].isin(["VAUC", "MIoU"])].groupby("metric", sort=False):
        head = [f"{metric}, points", "difference", "p, corrected", "smallest that is shown at 80 % power"]
        lines = [head, ["---", "--:", "--:", "--:"]]
        for row in rows.itertuples():
            interval = f"{row.difference:+.1f} [{row.low:.1f}, {row.high:.1f}]"
            smallest = f"{float(row.smallest):.1f}" if row.smallest != "" else "–"
            p = f"{row.p_corrected:.3f}" if row.p_corrected >= 0.001 else "< 0.001"
            lines.append([f"{row.first} less {row.second}", interval, p, smallest])
        yield "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1:])
