"""Verdict: the scores of all videos of some footage as a table and in words, the alarms first."""

import argparse
from pathlib import Path

from wsstad import cli, names
from wsstad.artefacts import cells, manifest, model_card, seals, shards, storage
from wsstad.planning import artefact_keys, dataset_tables, footage
from wsstad.reporting import verdicts


def main(argv: list[str] | None = None) -> None:
    """Write the verdicts in words and as a page, and last their table."""
    parser = argparse.ArgumentParser(description=__doc__)
    cli.add_shard_map(parser)
    parser.add_argument("--scores", type=Path, nargs="+", required=True, help="manifests of all shards")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the footage's videos.tsv")
    parser.add_argument("--model", type=Path, required=True, help="the model")
    parser.add_argument(
        "--output", type=Path, required=True, help="verdicts.tsv; the words go to .txt and .html beside it"
    )
    args = parser.parse_args(argv)
    from wsstad.reporting.page import verdict_page

    paths = {video: row["path"] for video, row in dataset_tables.read_videos(args.tables).items()}
    scores = manifest.read_manifest(*shards.manifests(args.scores, args.shard_map))
    rows, threshold = verdicts.read(scores, paths)
    card = model_card.read(args.model)
    changed = card.changed(artefact_keys.chain_code(**card.types()))
    skipped = footage.describe(footage.read_passed_over(args.tables))
    remarks = list(map(names.printable, verdicts.remarks(rows, card, threshold, changed=changed, skipped=skipped)))
    text, page = args.output.with_suffix(".txt"), args.output.with_suffix(".html")
    storage.write_text(text, "\n".join(map(names.printable, verdicts.describe(rows, remarks))) + "\n")
    storage.write_text(page, verdict_page.page(scores, rows, remarks))
    storage.write_table(args.output, cells.readable(rows), verdicts.COLUMNS)
    seals.seal(text, page, args.output)
