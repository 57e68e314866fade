"""Tabulate: metrics as a table, tidy, as Markdown and as LaTeX, beside the paper's own rows."""

import argparse
import logging
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.evaluation import blocks
from wsstad.reporting import latex, markdown, tidy

log = logging.getLogger(__name__)

PAPER_COLUMNS = {"dataset", "method", "label", "metric", "value"}


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
    found = blocks.in_order([storage.read_json(path) for path in args.metrics])
    paper = storage.read_table(args.paper) if args.paper else []
    if paper and paper[0].keys() != PAPER_COLUMNS:
        raise UserError(
            f"{args.paper}: row 1: columns {', '.join(paper[0])}; needed: {', '.join(sorted(PAPER_COLUMNS))}"
        )
    numbers, comparisons, readable, tex = args.output
    storage.write_table(numbers, tidy.rows(found, paper), tidy.COLUMNS)
    storage.write_table(comparisons, tidy.comparison_rows(found), tidy.COMPARISONS)
    storage.write_text(readable, markdown.table(found, paper, title=args.title))
    storage.write_text(tex, latex.table(found, paper, title=args.title))
    log.info("tabulate: %d rows -> %s", sum(len(block["results"]) for block in found), readable)
