"""Verdict: the scores of all videos of some footage as a table and in words, the alarms first."""

import argparse
from pathlib import Path

from wsstad import names
from wsstad.artefacts import cells, manifest, model_card, seals, storage
from wsstad.planning import artefact_keys, dataset_tables, footage
from wsstad.reporting import verdicts


def main(argv: list[str] | None = None) -> None:
    """Write the verdicts in words and as a page, and last their table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=Path, nargs="+", required=True, help="manifests of all shards")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the footage's videos.tsv")
    parser.add_argument("--model", type=Path, required=True, help="the model")
    parser.add_argument(
        "--output", type=Path, required=True, help="verdicts.tsv; the words go to .txt and .html beside it"
    )
    args = parser.parse_args(argv)
    paths = {video: row["path"] for video, row in dataset_tables.read_videos(args.tables).items()}
    scores = manifest.read_manifest(*args.scores)
    rows, threshold = verdicts.read(scores, paths)
    card = model_card.read(args.model)
    changed = card.changed(artefact_keys.chain_code(**card.types()))
    passed_over = footage.describe(footage.read_passed_over(args.tables))
    lines = verdicts.describe(rows, card, threshold, changed=changed, passed_over=passed_over)
    words = list(map(names.printable, lines))
    text, page = args.output.with_suffix(".txt"), args.output.with_suffix(".html")
    storage.write_text(text, "\n".join(words) + "\n")
    from wsstad.reporting.page import footage as footage_page

    head = words[: words.index("") - 1]  # without the counts, which are its heading
    storage.write_text(page, footage_page.page(scores, rows, head))
    storage.write_table(args.output, cells.readable(rows), verdicts.COLUMNS)
    seals.seal(text, page, args.output)
