"""Write detections, tubes, top-1 predictions or features as files that other tools read; docs/formats has the formats.

A box that was interpolated is marked. With several detectors, linkers or datasets in the folder, --only chooses. Tubes
that are read again, by a detector of the type precomputed and the linker identity, are the same, but for masks.

    wsstad export tubes --to cvat --output exported/tubes
    wsstad export top1 --to mot --output exported/top1 --method mgpr_tiny --only linker=iou
"""

import argparse
from pathlib import Path

from wsstad import cli
from wsstad.artefacts.exchange import feature_files, fiftyone
from wsstad.errors import UserError
from wsstad.planning import result_files
from wsstad.planning.result_files import ResultFiles
from wsstad.structures.tracks import VideoTracks

WHAT = ("detections", "tubes", "top1", "features")
FORMATS = ("mot", "coco", "cvat", "vatic", "ava", "masks", "parquet", "fiftyone")
OF_FEATURES = ("npy", "npz", "hdf5", "sultani")


def main(argv: list[str] | None = None) -> None:
    """Write the files and print what is in them."""
    from wsstad.reporting import exporting

    args = parser().parse_args(argv)
    if (args.what == "top1") != bool(args.method):
        raise UserError("export: --method names the method of top1, and of nothing else")
    only = dict(result_files.read_name(word, "--only") for word in args.only)
    source = exporting.Source(ResultFiles(args.results).narrowed(only), args.videos)
    if (args.what == "features") != (args.to in OF_FEATURES):
        allowed = OF_FEATURES if args.what == "features" else FORMATS
        raise UserError(f"export {args.what}: --to {args.to}; allowed: {', '.join(allowed)}")
    if args.what == "features":
        features, abnormal = source.features()
        paths = feature_files.write(args.output, args.to, features, abnormal)
        clips = sum(map(len, features.values()))
        print(f"features of {len(features)} videos: {clips} clips -> {len(paths)} files in {args.output}")
        return
    videos = source.top1(args.method, args.seed) if args.what == "top1" else getattr(source, args.what)()
    if args.to == "fiftyone":
        paths = fiftyone.write(args.output, videos, source.media([video.video for video in videos]))
    else:
        paths = exporting.WRITERS[args.to](args.output, videos)
    print(f"{args.what} of {len(videos)} videos: {summary(videos)} -> {len(paths)} files in {args.output}")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument(
        "what",
        choices=WHAT,
        help="top1 is what a method points at in each test video; features are those of the whole image, a row a clip",
    )
    parser.add_argument("--to", choices=(*FORMATS, *OF_FEATURES), required=True, help="the format")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="FOLDER", help="a folder with results")
    parser.add_argument("--method", help="of top1")
    parser.add_argument("--seed", type=int, default=0, help="of top1; 0 by default")
    parser.add_argument("--videos", nargs="+", default=[], metavar="VIDEO", help="these alone")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="a dataset, detector, linker, extractor, split, scale or table",
    )
    return parser


def summary(videos: list[VideoTracks]) -> str:
    """Return how many tracks and boxes there are, and how many of these were interpolated."""
    tracks = [track for video in videos for track in video.tracks]
    boxes = sum(len(track.frames) for track in tracks)
    interpolated = boxes - sum(int(track.observed.sum()) for track in tracks)
    named = sum(bool(track.name) for track in tracks)
    return f"{named} tracks, {boxes} boxes, {interpolated} of them interpolated"
