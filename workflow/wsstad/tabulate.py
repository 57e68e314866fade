"""Tabulate: the metrics of all runs as the benchmark table, tidy and as Markdown, beside the paper's own rows."""

import argparse
import logging
from pathlib import Path

from wsstad import cli, leaderboard, storage
from wsstad.errors import UserError

log = logging.getLogger(__name__)

PAPER_COLUMNS = {"dataset", "method", "label", "metric", "value"}


def main(argv: list[str] | None = None) -> None:
    """Write the benchmark table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="the JSON files of `evaluate`")
    parser.add_argument(
        "--paper", type=Path, required=True, help="the paper's table: dataset method label metric value"
    )
    parser.add_argument("--output-tsv", type=Path, required=True, help="the tidy table to write")
    parser.add_argument("--output-md", type=Path, required=True, help="the Markdown to write")
    args = parser.parse_args(argv)
    results = [storage.read_json(path) for path in args.metrics]
    paper = storage.read_table(args.paper)
    if paper and paper[0].keys() != PAPER_COLUMNS:
        raise UserError(
            f"{args.paper}: row 1: columns {', '.join(paper[0])}; needed: {', '.join(sorted(PAPER_COLUMNS))}"
        )
    seen: dict[str, Path] = {}
    for path, result in zip(args.metrics, results, strict=True):
        name = storage.canonical_json([result["names"], result["settings"]["gamma"]])
        if name in seen:
            raise UserError(f"{path}: holds the same run as {seen[name]}")
        seen[name] = path
    storage.write_table(args.output_tsv, leaderboard.tidy(results, paper), leaderboard.COLUMNS)
    storage.write_text(args.output_md, leaderboard.markdown(results, paper))
    log.info("tabulate: %d runs -> %s, %s", len(results), args.output_tsv, args.output_md)


if __name__ == "__main__":
    cli.run(main)
