"""Overlay: each test video of a shard to look at, with its predicted tube, the truth, and the scores of all frames."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import manifest, shards
from wsstad.artefacts.manifest import Row
from wsstad.evaluation import method_runs
from wsstad.evaluation.annotations import table as canonical
from wsstad.planning import artefact_keys, dataset_tables
from wsstad.reporting.pictures.overlays import SUFFIX, Overlays


def main(argv: list[str] | None = None) -> None:
    """Draw the test videos of one shard."""
    args = parse(argv)
    expected = dataset_tables.tests_of(args.tables, args.split)
    # A video that several folds test is shown as the first of them sees it.
    fold_of = {video: fold for fold, video in sorted(expected, reverse=True)}
    seed = method_runs.read(args.predictions, args.method, expected).seeds[args.seed]
    frames, tubes = manifest.read_manifest(args.frames), manifest.read_manifest(args.tubes)
    boxes = canonical.read_checked(args.annotations)
    overlays = Overlays(frames, tubes, fold_of, seed, boxes, args.alarms_per_hour)

    def key(video: str) -> str | Row:
        if reason := seed.missing.get((fold_of[video], video)):
            code, _, words = reason.partition(" ")
            return Row(video, "", code=code, reason=words)
        settings = {"threshold": overlays.threshold(video), "crf": args.crf}
        return artefact_keys.overlay(
            frames.rows[video], tubes.rows[video], **overlays.digests(video), settings=settings
        )

    keys = {video: key(video) for video in shards.read_shard(args.shard_map, args.shard) if video in fold_of}

    def compute(videos: Sequence[str]) -> Iterator[shards.Outcome]:
        rows, folder = dataset_tables.read_videos(args.tables), args.manifest.parent.parent
        outputs = {video: manifest.artefact_path(folder, video, str(keys[video]), SUFFIX) for video in videos}
        return overlays.draw({video: args.source / rows[video]["path"] for video in videos}, outputs, crf=args.crf)

    shards.process_shard(
        "overlay",
        manifest_path=args.manifest,
        keys=keys,
        compute=compute,
        counts=lambda artefact: {"frames": artefact.meta["frames"]},
        count_names=("frames",),
        companions=(SUFFIX,),
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv and splits/")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--split", required=True, help="name of splits/<split>.tsv")
    parser.add_argument("--frames", type=Path, required=True, help="the shard's manifest of frames")
    parser.add_argument("--tubes", type=Path, required=True, help="the shard's manifest of tubes")
    parser.add_argument("--predictions", type=Path, required=True, help="predictions.tsv of a table")
    parser.add_argument("--annotations", type=Path, required=True, help="the canonical table of `annotate`")
    parser.add_argument("--method", required=True, help="a method of the table")
    parser.add_argument("--seed", required=True, help="one of its seeds")
    parser.add_argument("--alarms-per-hour", type=float, required=True, help="false alarms that the threshold may give")
    parser.add_argument("--crf", type=int, choices=range(52), default=26, metavar="0..51", help="0 is lossless")
    return parser.parse_args(argv)
