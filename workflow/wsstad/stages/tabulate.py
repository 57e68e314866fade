"""Tabulate: metrics as a table, tidy, as Markdown and as LaTeX, beside the paper's own rows."""

import argparse
import logging
from pathlib import Path

from wsstad.artefacts import cells, seals, storage
from wsstad.evaluation import results
from wsstad.reporting import latex, markdown, paper, tidy

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> None:
    """Write a table as tidy numbers, comparisons, Markdown and LaTeX."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--title", default="Benchmark", help="heading of the table")
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="the JSON files of `evaluate`")
    parser.add_argument("--paper", type=Path, help="the paper's table: dataset method label metric value")
    parser.add_argument(
        "--output", type=Path, nargs=4, required=True, help="the .tsv, .comparisons.tsv, .md and .tex to write"
    )
    args = parser.parse_args(argv)
    blocks = results.in_order([results.read(path) for path in args.metrics])
    rows = paper.read(args.paper) if args.paper else []
    numbers, comparisons, readable, tex = args.output
    storage.write_table(numbers, cells.readable(tidy.rows(blocks, rows)), tidy.COLUMNS)
    storage.write_table(comparisons, cells.readable(tidy.comparison_rows(blocks)), tidy.COMPARISONS)
    storage.write_text(readable, markdown.table(blocks, rows, title=args.title))
    storage.write_text(tex, latex.table(blocks, rows, title=args.title))
    seals.seal(*args.output)
    log.info("tabulate: %d rows -> %s", sum(len(block.results) for block in blocks), readable)
