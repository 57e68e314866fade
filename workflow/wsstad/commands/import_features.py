"""Import features that others extracted, as if `link` and `extract` had run: whole-frame tubes, image-level features.

The region features of a whole-frame tube are those of the image: such a dataset shows when, never where. A call imports
one shard of videos, for a workflow of your own; `wsstad features` imports all of them, and trains and tests on them.

    wsstad import-features --shard-map shards.tsv --shard 000 --tables tables --source features
        --frames frames/manifests/000.tsv --tubes tubes/whole/whole/manifests/000.tsv
        --image features/fc6/image/manifests/000.tsv --region features/fc6/region/whole/whole/manifests/000.tsv
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from wsstad import cli, names
from wsstad.artefacts import keys, shards, storage
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.perception import ready_features
from wsstad.perception.ready_features import Videolets
from wsstad.planning import dataset_tables


def main(argv: list[str] | None = None) -> None:
    """Import the videos of one shard."""
    args = parser().parse_args(argv)
    options = dataset_tables.read_dataset(args.tables).get("features")
    if options is None:
        raise UserError(f"{args.tables / 'dataset.yaml'}: no key 'features': nothing says how to import them")
    if options.get("lengths"):
        names.check_below(options["lengths"], f"{args.tables / 'dataset.yaml'}: features.lengths")
    videos = shards.read_shard(args.shard_map, args.shard)
    archives = dataset_tables.source_paths(args.tables, args.source, videos)
    where = dataset_tables.row_names(args.tables)
    videolets = ready_features.read(archives, args.source, options, where=where)
    paths = {"frames": args.frames, "tubes": args.tubes, "image_features": args.image, "region_features": args.region}
    for kind, path in paths.items():
        shards.process_shard(
            kind,
            manifest_path=path,
            keys={video: make_key(kind, features, options["size"]) for video, features in videolets.items()},
            compute=partial(_compute, kind, videolets, options["size"]),
            counts=partial(_count, kind),
            count_names=ready_features.COUNTS[kind],
        )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument("--shard-map", type=Path, required=True, help="table of video and shard")
    parser.add_argument("--shard", required=True, help="the shard to process, such as 000")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the dataset's videos.tsv, dataset.yaml")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--frames", type=Path, required=True, help="the shard's manifest of frames to write")
    parser.add_argument("--tubes", type=Path, required=True, help="the shard's manifest of tubes to write")
    parser.add_argument("--image", type=Path, required=True, help="the shard's manifest of image features to write")
    parser.add_argument("--region", type=Path, required=True, help="the shard's manifest of region features to write")
    return parser


def make_key(kind: str, videolets: Videolets, size: Sequence[int]) -> str:
    """Return the key of one kind of artefact of a video."""
    digest = storage.array_digest(videolets.features)
    inputs = {"features": digest, "frames": videolets.official_frames, "key": videolets.key}
    inputs |= {"rows": "clips"} if videolets.by_clip else {}
    code = keys.code_digest("wsstad.perception.ready_features")
    return keys.make_key(kind, code=code, parameters={"size": list(size)}, inputs=inputs)


def _compute(
    kind: str, videolets: Mapping[str, Videolets], size: Sequence[int], videos: Sequence[str]
) -> Iterator[shards.Outcome]:
    for video in videos:
        yield video, ready_features.make(kind, videolets[video], size)


def _count(kind: str, artefact: Artefact) -> dict[str, int]:
    return {name: artefact.meta[name] for name in ready_features.COUNTS[kind]}
