"""Link: the detections of each video become its unary and multivariate tubes."""

import argparse
from pathlib import Path

from wsstad import cli, config
from wsstad.artefacts import manifest, shards
from wsstad.perception import linking
from wsstad.perception.linkers import LINKERS
from wsstad.planning import artefact_keys


def main(argv: list[str] | None = None) -> None:
    """Link the detections of the videos of one shard."""
    args = parse(argv)
    linker = config.load_variant(args.linker, LINKERS)
    detections = manifest.read_manifest(args.detections)

    def make_key(video: str) -> str:
        return artefact_keys.tubes(linker, detections.rows[video])

    shards.process_shard(
        "tubes",
        manifest_path=args.manifest,
        keys=shards.upstream_keys(shards.read_shard(args.shard_map, args.shard), [detections], make_key),
        compute=lambda videos: linking.link(videos, detections, linker),
        counts=lambda artefact: {name: artefact.meta[name] for name in linking.COUNTS},
        count_names=linking.COUNTS,
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--detections", type=Path, required=True, help="the shard's manifest of detections")
    parser.add_argument("--linker", type=Path, required=True, help="config/linkers/<name>.yaml")
    return parser.parse_args(argv)
