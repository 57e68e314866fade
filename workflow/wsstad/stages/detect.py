"""Detect: every frame of each video becomes the boxes that a detector sees in it."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsstad import cli, config
from wsstad.artefacts import manifest, shards
from wsstad.errors import UserError
from wsstad.perception import detection, detectors, ready_boxes
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.detectors.base import Detector
from wsstad.perception.detectors.parameters import DetectorParameters, PrecomputedParameters
from wsstad.planning import artefact_keys, dataset_tables


def main(argv: list[str] | None = None) -> None:
    """Detect in the videos of one shard."""
    args = parse(argv)
    variant = config.load_variant(args.detector, DETECTORS)
    frames = manifest.read_manifest(args.frames)
    videos = shards.read_shard(args.shard_map, args.shard)
    ready = variant if isinstance(variant, PrecomputedParameters) else None
    good = [name for name in videos if frames.rows[name].ok]
    contents = ready_boxes.digests(args.boxes, ready, good) if ready else {}
    if ready:
        ready_boxes.check(contents, good, args.boxes, ready)

    def make_key(name: str) -> str:
        return artefact_keys.detections(variant, frames.rows[name], contents.get(name, ""))

    def compute(missing: Sequence[str]) -> Iterator[shards.Outcome]:
        if ready:
            return ready_boxes.read_all(missing, frames, args.boxes, ready)
        detector = load_detector(args.detector, variant, weights=args.weights)
        paths = {name: args.source / row["path"] for name, row in dataset_tables.read_videos(args.tables).items()}
        label, workers = f"detect {args.shard}", args.threads - 1
        return detection.detect_all(detector, missing, frames, paths, label=label, workers=workers)

    shards.process_shard(
        "detections",
        manifest_path=args.manifest,
        keys=shards.upstream_keys(videos, [frames], make_key),
        compute=compute,
        counts=lambda artefact: {"boxes": artefact.meta["boxes"]},
        count_names=("boxes",),
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--frames", type=Path, required=True, help="the shard's manifest of frames")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the dataset's videos.tsv")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--detector", type=Path, required=True, help="config/detectors/<name>.yaml")
    parser.add_argument(
        "--boxes", type=Path, default=Path(), help="folder that the path of a precomputed detector starts from"
    )
    parser.add_argument("--weights", type=Path, default=Path(), help="where weights lie that are not beside the YAML")
    parser.add_argument("--threads", type=int, default=1, help=cli.FEEDING)
    return parser.parse_args(argv)


def load_detector(path: Path, variant: DetectorParameters, *, weights: Path) -> Detector:
    """Make the detector of a YAML file; its weights lie beside it or in `weights`."""
    folder, file = path.parent, variant.weights_file
    if file and not (folder / file).is_file():
        folder = weights
        if not (folder / file).is_file():
            raise UserError(f"{path}: weights: {file!r} is not in {path.parent} or {weights} (see --weights)")
    return detectors.create(variant, folder, threads=1)
