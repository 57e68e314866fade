"""Read every source once: upright frames of one size on the clip grid, or the reason why a video has none.

Of a dataset that comes as features, those are laid on the grid in their place.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import failures, isolation, shards
from wsstad.artefacts.manifest import STORE_SUFFIX, Row, artefact_path
from wsstad.artefacts.storage import Artefact
from wsstad.jsonable import Json
from wsstad.perception import ready_features
from wsstad.planning import artefact_keys, checksums, dataset_tables
from wsstad.planning.checksums import Checksums
from wsstad.progress import Progress
from wsstad.video import decoding
from wsstad.video.sources import source_digest

PATIENCE = 120  # seconds in which a decoder has to give a frame


def main(argv: list[str] | None = None) -> None:
    """Decode the videos of one shard."""
    args = parse(argv)
    if features := dataset_tables.read_features(args.tables, args.source):
        _import(args, features)
        return
    settings = {name: getattr(args, name) for name in ("store", "crf", "damaged", "max_pixels")}
    videos = shards.read_shard(args.shard_map, args.shard)
    paths = dataset_tables.source_paths(args.tables, args.source, videos)
    digests, unreadable = _read_digests(paths, args.tables, [checksums.read(file) for file in args.checksums])
    keys = {name: artefact_keys.frames(digest, settings) for name, digest in digests.items()}
    folder = args.manifest.parent.parent

    def make(name: str, watch: isolation.Watch) -> Artefact:
        store = artefact_path(folder, name, keys[name], STORE_SUFFIX)
        return decoding.decode(paths[name], digests[name], store=store, settings=settings, watch=watch)

    def compute(missing: Sequence[str]) -> Iterator[shards.Outcome]:
        with Progress(f"decode {args.shard}", len(missing), "videos") as progress:
            yield from progress.each(isolation.one_by_one(missing, make, patience=PATIENCE))

    shards.process_shard(
        "frames",
        manifest_path=args.manifest,
        keys={name: unreadable.get(name) or keys[name] for name in paths},
        compute=compute,
        counts=decoding.count,
        count_names=("frames", "errors"),
        companions=(STORE_SUFFIX,) if args.store == "h264" else (),
    )


def _import(args: argparse.Namespace, features: Json) -> None:
    """Lay the features of the videos of one shard on the grid of clips, where the dataset has such and no videos."""
    paths = dataset_tables.source_paths(args.tables, args.source, shards.read_shard(args.shard_map, args.shard))
    contents = {path: source_digest(path) for path in set(paths.values())}  # of an archive all videos have one
    where = dataset_tables.row_names(args.tables)

    def compute(missing: Sequence[str]) -> Iterator[shards.Outcome]:
        wanted = {video: paths[video] for video in missing}
        for video, videolets in ready_features.read(wanted, args.source, features, where=where).items():
            yield video, ready_features.on_grid(videolets, contents[paths[video]], features["size"])

    shards.process_shard(
        "frames",
        manifest_path=args.manifest,
        keys={video: artefact_keys.grid(contents[path], features) for video, path in paths.items()},
        compute=compute,
        counts=decoding.count,
        count_names=("frames", "errors"),
    )


def _read_digests(
    paths: Mapping[str, Path], tables: Path, lists: Sequence[Checksums]
) -> tuple[dict[str, str], dict[str, Row]]:
    """Return the digest of each source, and of each that cannot or must not be read the row that quarantines it."""
    digests, unreadable = {}, {}
    listed = {name: row["path"] for name, row in dataset_tables.read_videos(tables).items()} if lists else {}
    for name, path in paths.items():
        try:
            digests[name] = source_digest(path)
            known = "" if path.is_dir() else digests[name]
            flaw = checksums.flaw(lists, listed[name], path, known) if lists else ""
        except OSError as error:
            cause = failures.unreadable(error)
            unreadable[name] = Row(name, "", code=cause.code, reason=cause.reason)
        else:
            if flaw:
                unreadable[name] = Row(name, "", code="V113", reason=flaw)
    return digests, unreadable


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder of the dataset's videos.tsv")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--store", choices=("h264", "index"), required=True, help="keep frames, or read sources again")
    parser.add_argument("--crf", type=int, choices=range(52), required=True, metavar="0..51", help="0 is lossless")
    parser.add_argument("--damaged", choices=("quarantine", "keep"), required=True, help="videos with errors")
    parser.add_argument("--max-pixels", type=int, required=True, help="largest width x height")
    parser.add_argument(
        "--checksums", type=Path, action="append", default=[], help="list of checksums of the videos, by sha256sum"
    )
    return parser.parse_args(argv)
