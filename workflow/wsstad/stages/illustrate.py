"""Illustrate a method's decision on each test video: its scores over time, a strip of crops, a short clip."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import manifest, shards
from wsstad.artefacts.manifest import Row
from wsstad.evaluation.annotations import table as canonical
from wsstad.jsonable import Json
from wsstad.planning import artefact_keys, dataset_tables
from wsstad.reporting.pictures.illustrations import Illustrations, read_folds


def main(argv: list[str] | None = None) -> None:
    """Bring the illustrations of all test videos up to date and write their manifest last."""
    args = parse(argv)
    rows = dataset_tables.read_videos(args.tables)
    frames, tubes = (
        manifest.read_manifest(*shards.manifests(paths, args.shard_map)) for paths in (args.frames, args.tubes)
    )
    seed, folds = read_folds(args.predictions, args.method)
    # Each test video is shown in the first fold that tests it.
    fold_of = {video: fold for fold, video in sorted(dataset_tables.tests_of(args.tables, args.split), reverse=True)}
    shared = {"method": args.method, "seed": seed, "pixels": not args.no_pixels}

    def facts(video: str) -> Json:
        row = rows[video]
        return {"video": video, "fold": fold_of[video], "label": row["label"], "class": row["class"], **shared}

    boxes = canonical.read_checked(args.annotations)
    illustrations = Illustrations({video: facts(video) for video in fold_of}, frames, tubes, boxes, folds)

    def make_key(video: str) -> str:
        return artefact_keys.illustration(
            facts(video),
            frames=frames.rows[video],
            tubes=tubes.rows[video],
            predictions=folds[fold_of[video]].digest,
            annotations=illustrations.digest_of_boxes(video),
        )

    keys = shards.upstream_keys(sorted(fold_of, key=lambda video: (fold_of[video], video)), [frames, tubes], make_key)
    for video, fold in fold_of.items():
        if isinstance(keys[video], str) and (reason := folds[fold].quarantined.get(video)):
            code, _, words = reason.partition(" ")
            keys[video] = Row(video, "", code=code, reason=words)

    def compute(missing: Sequence[str]) -> Iterator[shards.Outcome]:
        sources = {video: args.source / rows[video]["path"] for video in missing}
        return illustrations.draw(sources, pixels=not args.no_pixels)

    shards.process_shard(
        "illustration",
        manifest_path=args.manifest,
        keys=keys,
        compute=compute,
        counts=lambda artefact: {"fold": artefact.meta["fold"]},
        count_names=("fold",),
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv and splits/")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--split", required=True, help="name of splits/<split>.tsv")
    cli.add_shard_map(parser)
    parser.add_argument("--frames", type=Path, nargs="+", required=True, help="manifests of the frames")
    parser.add_argument("--tubes", type=Path, nargs="+", required=True, help="manifests of the tubes")
    parser.add_argument("--predictions", type=Path, required=True, help="predictions.tsv of the table")
    parser.add_argument("--annotations", type=Path, required=True, help="the canonical table of `annotate`")
    parser.add_argument("--method", required=True, help="the method of the table to illustrate, by its first seed")
    parser.add_argument("--no-pixels", action="store_true", help="no picture and no clip of the footage")
    parser.add_argument(
        "--manifest", type=Path, required=True, help="the manifest to write; artefacts go to the folder above its own"
    )
    return parser.parse_args(argv)
