"""Read every source once: upright frames of one size on the clip grid, or the reason why a video has none.

With ``--store h264`` the frames are kept beside the artefact, in an mp4 whose GOP i is clip i; with ``--store index``
only what is known about them is kept, and later stages read the source again.
"""

import argparse
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from wsstad import cli, video
from wsstad.artefacts import isolation, shards, storage
from wsstad.artefacts.manifest import artefact_path
from wsstad.artefacts.storage import Artefact
from wsstad.planning import artefact_keys, dataset_tables
from wsstad.progress import Progress

log = logging.getLogger(__name__)

KIND = "frames"
STORE_SUFFIX = ".mp4"
PATIENCE = 120  # seconds in which a decoder has to give a frame


def main(argv: list[str] | None = None) -> None:
    """Decode the videos of one shard."""
    args = parse(argv)
    settings = {name: getattr(args, name) for name in ("store", "crf", "damaged", "max_pixels")}
    videos = shards.read_shard(args.shard_map, args.shard)
    paths = dataset_tables.source_paths(args.tables, args.source, videos)
    digests = {name: video.source_digest(path) for name, path in paths.items()}
    wanted = {name: artefact_keys.frames(digest, settings) for name, digest in digests.items()}
    folder = args.manifest.parent.parent

    def make(name: str, watch: isolation.Watch) -> Artefact:
        store = artefact_path(folder, name, wanted[name], STORE_SUFFIX)
        return decode(paths[name], digests[name], store=store, settings=settings, watch=watch)

    def compute(missing: Sequence[str]) -> Iterator[shards.Outcome]:
        with Progress(f"decode {args.shard}", len(missing), "videos") as progress:
            for outcome in isolation.one_by_one(missing, make, patience=PATIENCE):
                progress.add()
                yield outcome

    shards.process_shard(
        KIND,
        manifest_path=args.manifest,
        keys=wanted,
        compute=compute,
        counts=count,
        count_names=("frames", "errors"),
        companions=(STORE_SUFFIX,) if args.store == "h264" else (),
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder of the dataset's videos.tsv")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--store", choices=("h264", "index"), default="h264", help="keep frames, or read sources again")
    parser.add_argument("--crf", type=int, choices=range(52), default=18, metavar="0..51", help="0 is lossless")
    parser.add_argument("--damaged", choices=("quarantine", "keep"), default="quarantine", help="videos with errors")
    parser.add_argument("--max-pixels", type=int, default=33_000_000, help="largest width x height")
    return parser.parse_args(argv)


def decode(
    path: Path,
    source_sha256: str,
    *,
    store: Path,
    settings: Mapping[str, Any],
    watch: isolation.Watch = iter,
) -> Artefact:
    """Decode one source, write `store` where the settings ask for one, and return what is known about the frames.

    Every frame comes through `watch`. Raises `QuarantineError` for a source that should not be used.
    """
    source = video.open_source(path, settings["max_pixels"])
    images = watch(source.images(settings["damaged"]))
    kept: dict[str, Any] = {"store": settings["store"]}
    if settings["store"] == "h264":
        first = next(images)  # the source knows its rate from here on
        video.encode(store, chain([first], images), fps=source.fps, crf=settings["crf"])
        kept |= {"store_sha256": storage.file_digest(store), "crf": settings["crf"]}
    else:
        for _ in images:
            pass
    facts = {
        **kept,
        "source_sha256": source_sha256,
        "container": source.container,
        "fps": str(source.fps),
        "rotation": source.rotation,
        "frames": len(source.pts),
        "errors": source.errors,
        "corrupt_frames": source.corrupt_frames,
    }
    arrays = {
        "pts": np.array(source.pts, dtype=np.float64),
        "size": np.array([len(source.pts), source.width, source.height], dtype=np.int64),
    }
    return Artefact(arrays, facts)


def count(artefact: Artefact) -> dict[str, int]:
    """Return how many frames a video has, and how often its decoder complained."""
    return {"frames": artefact.meta["frames"], "errors": artefact.meta["errors"] + artefact.meta["corrupt_frames"]}
