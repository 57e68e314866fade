"""Read every source once: upright frames of one size on the clip grid, or the reason why a video has none."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import failures, isolation, shards
from wsstad.artefacts.manifest import Row, artefact_path
from wsstad.artefacts.storage import Artefact
from wsstad.errors import QuarantineError
from wsstad.jsonable import Facts
from wsstad.planning import artefact_keys, dataset_tables
from wsstad.planning.stages import STORE_SUFFIX
from wsstad.progress import Progress
from wsstad.video import decoding
from wsstad.video.sources import source_digest

PATIENCE = 120  # seconds in which a decoder has to give a frame


def main(argv: list[str] | None = None) -> None:
    """Decode the videos of one shard."""
    args = parse(argv)
    settings = {name: getattr(args, name) for name in ("store", "crf", "damaged", "max_pixels")}
    videos = shards.read_shard(args.shard_map, args.shard)
    paths = dataset_tables.source_paths(args.tables, args.source, videos)
    digests = {name: _digest(path) for name, path in paths.items()}
    keys = {name: _key(name, digest, settings) for name, digest in digests.items()}
    folder = args.manifest.parent.parent

    def make(name: str, watch: isolation.Watch) -> Artefact:
        store = artefact_path(folder, name, str(keys[name]), STORE_SUFFIX)
        return decoding.decode(paths[name], str(digests[name]), store=store, settings=settings, watch=watch)

    def compute(missing: Sequence[str]) -> Iterator[shards.Outcome]:
        with Progress(f"decode {args.shard}", len(missing), "videos") as progress:
            yield from progress.each(isolation.one_by_one(missing, make, patience=PATIENCE))

    shards.process_shard(
        "frames",
        manifest_path=args.manifest,
        keys=keys,
        compute=compute,
        counts=decoding.count,
        count_names=("frames", "errors"),
        companions=(STORE_SUFFIX,) if args.store == "h264" else (),
    )


def _digest(path: Path) -> str | QuarantineError:
    """Return the digest of a source, or why it cannot be read."""
    try:
        return source_digest(path)
    except OSError as error:
        return failures.unreadable(error)


def _key(name: str, digest: str | QuarantineError, settings: Facts) -> str | Row:
    if isinstance(digest, QuarantineError):
        return Row(name, "", code=digest.code, reason=digest.reason)
    return artefact_keys.frames(digest, settings)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder of the dataset's videos.tsv")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--store", choices=("h264", "index"), required=True, help="keep frames, or read sources again")
    parser.add_argument("--crf", type=int, choices=range(52), required=True, metavar="0..51", help="0 is lossless")
    parser.add_argument("--damaged", choices=("quarantine", "keep"), required=True, help="videos with errors")
    parser.add_argument("--max-pixels", type=int, required=True, help="largest width x height")
    return parser.parse_args(argv)
