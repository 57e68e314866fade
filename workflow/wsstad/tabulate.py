"""Tabulate: the metrics of all runs as the benchmark table, tidy and as Markdown, beside the paper's own rows."""

import argparse
import logging
from collections.abc import Sequence
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
        "--paper", type=Path, nargs="+", required=True, help="the paper's tables: dataset method label metric value"
    )
    parser.add_argument("--output-tsv", type=Path, required=True, help="the tidy table to write")
    parser.add_argument("--output-md", type=Path, required=True, help="the Markdown to write")
    args = parser.parse_args(argv)
    results = [storage.read_json(path) for path in args.metrics]
    paper = _read_paper(args.paper)
    seen: dict[str, Path] = {}
    for path, result in zip(args.metrics, results, strict=True):
        name = storage.canonical_json([result["names"], result["settings"]["gamma"]])
        if name in seen:
            raise UserError(f"{path}: holds the same run as {seen[name]}")
        seen[name] = path
    storage.write_table(args.output_tsv, leaderboard.tidy(results, paper), leaderboard.COLUMNS)
    storage.write_text(args.output_md, leaderboard.markdown(results, paper))
    log.info("tabulate: %d runs -> %s, %s", len(results), args.output_tsv, args.output_md)


def _read_paper(paths: Sequence[Path]) -> list[dict[str, str]]:
    """Return the rows of all tables of the paper, once where two tables share them."""
    rows: list[dict[str, str]] = []
    for path in paths:
        found = storage.read_table(path)
        if found and found[0].keys() != PAPER_COLUMNS:
            raise UserError(f"{path}: row 1: columns {', '.join(found[0])}; needed: {', '.join(sorted(PAPER_COLUMNS))}")
        rows += [row for row in found if row not in rows]
    return rows


if __name__ == "__main__":
    cli.run(main)
