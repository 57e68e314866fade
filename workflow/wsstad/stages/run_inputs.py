"""The command line of `train` and `predict`: the methods of a table, the folds, the manifests."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import shards
from wsstad.artefacts.manifest import read_manifest
from wsstad.errors import UserError
from wsstad.learning import methods
from wsstad.learning.runs import Inputs, Variant
from wsstad.planning import dataset_tables


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags of both stages."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv and splits/")
    parser.add_argument("--split", required=True, help="name of splits/<split>.tsv")
    cli.add_shard_map(parser)
    parser.add_argument("--frames", type=Path, nargs="+", required=True, help="manifests of the frames")
    parser.add_argument("--detections", type=Path, nargs="+", help="manifests of the detections")
    parser.add_argument("--tubes", type=Path, nargs="+", required=True, help="manifests of the tubes")
    parser.add_argument("--image", type=Path, nargs="+", help="manifests of the image features")
    parser.add_argument("--region", type=Path, nargs="+", help="manifests of the region features")
    parser.add_argument("--methods", type=Path, nargs="+", required=True, help="config/methods/<name>.yaml of a table")
    parser.add_argument("--scale", type=Path, help="config/scales/<name>.yaml, laid over the learned methods")
    parser.add_argument("--seeds", nargs="+", required=True, help="seeds of each method, such as mgpr=0,1,2")
    parser.add_argument(
        "--output", type=Path, required=True, help="the table to write; artefacts go to the folder above its own"
    )
    parser.add_argument("--threads", type=int, default=1, help="processors to use")
    parser.add_argument(
        "--device", choices=["auto", "cpu", "cuda"], default="auto", help="auto takes a GPU if there is one"
    )
    return parser


def read_inputs(args: argparse.Namespace) -> Inputs:
    """Read what the flags name."""
    flags = {
        "frames": args.frames,
        "detections": args.detections,
        "tubes": args.tubes,
        "image_features": args.image,
        "region_features": args.region,
    }
    videos = dataset_tables.read_videos(args.tables)
    labels, groups = ({video: row.get(name, "") for video, row in videos.items()} for name in ("label", "group"))
    folds = dataset_tables.read_split(args.tables, args.split)
    manifests = {
        kind: read_manifest(*shards.manifests(paths, args.shard_map)) for kind, paths in flags.items() if paths
    }
    return Inputs(tuple(_variants(args.methods, args.scale, args.seeds)), labels, groups, folds, manifests)


def _variants(paths: Sequence[Path], scale: Path | None, seeds: Sequence[str]) -> Iterator[Variant]:
    """Yield the methods that have seeds, in the order of `methods`."""
    of = {name: tuple(map(int, numbers.split(","))) for name, numbers in (text.split("=") for text in seeds)}
    unknown = of.keys() ^ {path.stem for path in paths}
    if unknown:
        raise UserError(f"--seeds: {', '.join(sorted(unknown))}: --methods and --seeds must name the same methods")
    for path in paths:
        yield Variant(path.stem, methods.read(path, scale), of[path.stem])
