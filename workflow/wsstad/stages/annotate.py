"""Annotate: convert a dataset's public annotations into the canonical table, which no stage up to predict reads."""

import argparse
import logging
from pathlib import Path

from wsstad.artefacts import seals
from wsstad.evaluation.annotations import conversion
from wsstad.evaluation.annotations import table as canonical
from wsstad.planning import dataset_tables

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> None:
    """Write the annotations of one annotator of a dataset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv, splits/ and dataset.yaml")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths of dataset.yaml start from")
    parser.add_argument("--annotator", required=True, help="a key of `annotations` in dataset.yaml")
    parser.add_argument("--output", type=Path, required=True, help="the canonical table to write")
    args = parser.parse_args(argv)
    videos = dataset_tables.read_videos(args.tables)
    entry = dataset_tables.read_annotator(args.tables, args.annotator)
    tested = dataset_tables.tested(args.tables)
    where = f"{args.tables}/dataset.yaml: annotations.{args.annotator}"
    rows = conversion.convert(args.source, videos, entry, tested=tested, where=where)
    canonical.write(args.output, rows)
    seals.seal(args.output)
    boxed = len({row.video for row in rows})
    log.info("annotate: %d boxes of %d videos by %s -> %s", len(rows), boxed, args.annotator, args.output)
