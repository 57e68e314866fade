"""Link: the detections of each video become its unary and multivariate tubes."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wsstad import cli, config
from wsstad.artefacts import manifest, shards, storage
from wsstad.artefacts.storage import Artefact
from wsstad.perception.linkers import LINKERS
from wsstad.planning import artefact_keys
from wsstad.progress import Progress

COUNTS = ("unary", "multivariate", "dropped")


def main(argv: list[str] | None = None) -> None:
    """Link the detections of the videos of one shard."""
    args = parse(argv)
    linker = config.load_variant(args.linker, "linkers")
    detections = manifest.read_manifest(args.detections)

    def make_key(video: str) -> str:
        return artefact_keys.tubes(linker, detections.rows[video])

    shards.process_shard(
        "tubes",
        manifest_path=args.manifest,
        keys=shards.upstream_keys(shards.read_shard(args.shard_map, args.shard), [detections], make_key),
        compute=lambda videos: link(videos, detections, linker),
        counts=lambda artefact: {name: artefact.meta[name] for name in COUNTS},
        count_names=COUNTS,
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--detections", type=Path, required=True, help="the shard's manifest of detections")
    parser.add_argument("--linker", type=Path, required=True, help="config/linkers/<name>.yaml")
    return parser.parse_args(argv)


def link(videos: Sequence[str], detections: manifest.Manifest, linker: Mapping[str, Any]) -> Iterator[shards.Outcome]:
    """Yield the tubes of each video."""
    options = {name: value for name, value in linker.items() if name != "type"}
    instance = config.load_class(LINKERS[linker["type"]])(**options)

    with Progress("link", len(videos), "videos") as progress:

        def make(video: str) -> Artefact:
            found = storage.read_artefact(detections.path(video), kind="detections")
            tubes, dropped = instance.link(found.arrays)
            progress.add()
            counts = {kind: sum(tube.kind == kind for tube in tubes.tubes) for kind in ("unary", "multivariate")}
            return Artefact(tubes.to_arrays(), {**counts, "dropped": dropped, "linker": linker["type"]})

        yield from shards.one_by_one(videos, make)
