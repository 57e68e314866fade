"""Score: what a trained model finds in each video of a shard of footage, with a timeline and a video to look at."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import manifest, model_card, shards
from wsstad.artefacts.storage import Artefact
from wsstad.learning.trained_model import TrainedModel
from wsstad.planning import artefact_keys, dataset_tables
from wsstad.reporting.findings import KIND, OVERLAY, SUFFIXES, Threshold
from wsstad.reporting.scoring import Scoring

# Flag -> kind of the artefacts of the manifest that it names.
READS = {"frames": "frames", "tubes": "tubes", "image": "image_features", "region": "region_features"}


def main(argv: list[str] | None = None) -> None:
    """Score the videos of one shard."""
    args = parse(argv)
    manifests = {kind: manifest.read_manifest(getattr(args, name)) for name, kind in READS.items()}
    model = TrainedModel(args.model)
    threshold = Threshold.of(model.curve, args.alarms_per_hour, args.threshold)
    scoring = Scoring(model, model_card.read(args.model), manifests, threshold)
    suffixes = tuple(suffix for suffix in SUFFIXES if args.overlay or suffix != OVERLAY)
    settings = {name: getattr(args, name) for name in ("alarms_per_hour", "threshold", "overlay", "crf")}

    def make_key(video: str) -> str:
        rows = {kind: of_kind.rows[video] for kind, of_kind in manifests.items()}
        return artefact_keys.score(scoring.model.type, scoring.card.digest, rows, settings=settings)

    def file_of(video: str, suffix: str) -> Path:
        return manifest.artefact_path(args.manifest.parent.parent, video, make_key(video), suffix)

    def count(artefact: Artefact) -> dict[str, int]:
        alarms = artefact.meta["alarms"]
        return {"frames": artefact.meta["frames"], **({} if alarms is None else {"alarms": len(alarms)})}

    def compute(videos: Sequence[str]) -> Iterator[shards.Outcome]:
        rows = dataset_tables.read_videos(args.tables)
        paths = {video: rows[video]["path"] for video in videos}
        options = {"device": args.device, "threads": args.threads}
        return scoring.score(paths, file_of, source=args.source, suffixes=suffixes, crf=args.crf, **options)

    shards.process_shard(
        KIND,
        manifest_path=args.manifest,
        keys=shards.upstream_keys(shards.read_shard(args.shard_map, args.shard), list(manifests.values()), make_key),
        compute=compute,
        counts=count,
        count_names=("frames", "alarms"),
        companions=suffixes,
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    for name, kind in READS.items():
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"the shard's manifest of {kind}")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the footage's videos.tsv")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--model", type=Path, required=True, help="a model that `train` wrote; its card lies beside it")
    parser.add_argument("--alarms-per-hour", type=float, required=True, help="false alarms that the threshold may give")
    parser.add_argument(
        "--threshold", type=float, help="the highest score that is no alarm, instead of a calibrated one"
    )
    parser.add_argument("--overlay", action=argparse.BooleanOptionalAction, required=True, help="a video to look at")
    parser.add_argument("--crf", type=int, choices=range(52), required=True, metavar="0..51", help="0 is lossless")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: a GPU if there is one")
    parser.add_argument("--threads", type=int, default=1, help="processors to use")
    return parser.parse_args(argv)
