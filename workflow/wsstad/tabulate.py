"""Tabulate: metrics as a table, tidy, as Markdown and as LaTeX, beside the paper's own rows."""

import argparse
import logging
from pathlib import Path

from wsstad import cli, latex, leaderboard, storage
from wsstad.errors import UserError

log = logging.getLogger(__name__)

PAPER_COLUMNS = {"dataset", "method", "label", "metric", "value"}


def main(argv: list[str] | None = None) -> None:
    """Write a table as tidy numbers, Markdown and LaTeX."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--title", default="Benchmark", help="heading of the table")
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="the JSON files of `evaluate`")
    parser.add_argument("--paper", type=Path, help="the paper's table: dataset method label metric value")
    parser.add_argument("--output", type=Path, nargs=3, required=True, help="the .tsv, .md and .tex to write")
    args = parser.parse_args(argv)
    results = [result for path in args.metrics for result in storage.read_json(path)["results"]]
    paper = storage.read_table(args.paper) if args.paper else []
    if paper and paper[0].keys() != PAPER_COLUMNS:
        raise UserError(
            f"{args.paper}: row 1: columns {', '.join(paper[0])}; needed: {', '.join(sorted(PAPER_COLUMNS))}"
        )
    tsv, markdown, tex = args.output
    storage.write_table(tsv, leaderboard.tidy(results, paper), leaderboard.COLUMNS)
    storage.write_text(markdown, leaderboard.markdown(results, paper, title=args.title))
    storage.write_text(tex, latex.table(results, paper, title=args.title))
    log.info("tabulate: %d rows -> %s", len(results), markdown)


if __name__ == "__main__":
    cli.run(main)
