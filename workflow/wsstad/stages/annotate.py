"""Annotate: convert a dataset's public annotations into the canonical table, which `evaluate` alone reads."""

import argparse
import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path

from wsstad import config
from wsstad.errors import UserError
from wsstad.evaluation.annotations import FORMATS
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
    rows = read_rows(args.tables, args.source, args.annotator)
    known = canonical.check([row for row in rows if row.video in videos])
    ignored = Counter(row.video for row in rows if row.video not in videos)
    if ignored:
        log.info("annotate: ignored %d boxes of %d videos that are not in videos.tsv", ignored.total(), len(ignored))
    boxed = {row.video for row in known}
    for video in unboxed(args.tables, boxed):
        log.warning("annotate: abnormal test video %s has no box by %s: it cannot be localised", video, args.annotator)
    for video in sorted(boxed):
        if videos[video]["label"] == "normal":
            raise UserError(f"{args.tables}/videos.tsv: {video!r} is normal, but {args.annotator} gives it boxes")
    canonical.write(args.output, known)
    log.info("annotate: %d boxes of %d videos by %s -> %s", len(known), len(boxed), args.annotator, args.output)


def read_rows(folder: Path, source: Path, annotator: str) -> list[canonical.BoxRow]:
    """Return the boxes of one annotator as its format reads them, of all videos that it has."""
    entry = dataset_tables.read_annotator(folder, annotator)
    if entry.get("events"):
        entry["events"] = str(source / entry["events"])
    videos = sorted(dataset_tables.read_videos(folder))
    rows = config.load_class(FORMATS[entry["format"]])(source / entry["path"], videos, entry)
    if "size" in entry:
        rows = [row if row.size else replace(row, size=tuple(entry["size"])) for row in rows]
    return rows


def unboxed(folder: Path, boxed: set[str]) -> list[str]:
    """Return the abnormal videos that some split tests and that have no box, sorted."""
    videos = dataset_tables.read_videos(folder)
    splits = [dataset_tables.read_split(folder, path.stem) for path in sorted((folder / "splits").glob("*.tsv"))]
    parts = [part for folds in splits for fold in folds.values() for part in fold.items()]
    tested = {video for video, part in parts if part == "test"} if splits else set(videos)
    return sorted(video for video in tested - boxed if videos[video]["label"] == "abnormal")
