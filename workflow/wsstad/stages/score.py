"""Score: what a trained model says of each video of a shard of footage, with a picture and a video to look at."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wsstad import cli, config
from wsstad.artefacts import manifest, readers, shards, storage
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.learning import model_jobs
from wsstad.learning.bags import BagReader, View
from wsstad.learning.methods import METHODS
from wsstad.planning import artefact_keys, dataset_tables, model_card
from wsstad.progress import Progress
from wsstad.reporting.pictures.decision import Portrayal
from wsstad.reporting.verdicts import KIND, OVERLAY, SCORES, SUFFIXES, TIMELINE, TUBES, Findings, Threshold

# Flag -> kind of the artefacts of the manifest that it names.
READS = {"frames": "frames", "tubes": "tubes", "image": "image_features", "region": "region_features"}


def main(argv: list[str] | None = None) -> None:
    """Score the videos of one shard."""
    args = parse(argv)
    stage = Stage(args)
    videos = shards.read_shard(args.shard_map, args.shard)
    shards.process_shard(
        KIND,
        manifest_path=args.manifest,
        keys=shards.upstream_keys(videos, list(stage.manifests.values()), stage.make_key),
        compute=stage.compute,
        counts=lambda artefact: {"frames": artefact.meta["frames"], "alarms": len(artefact.meta["alarms"])},
        count_names=("frames", "alarms"),
        companions=stage.suffixes,
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    for name, kind in READS.items():
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"the shard's manifest of {kind}")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the footage's videos.tsv")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--model", type=Path, required=True, help="a model that `train` wrote; its card lies beside it")
    parser.add_argument("--alarms-per-hour", type=float, default=1.0, help="false alarms that the threshold may give")
    parser.add_argument("--overlay", action=argparse.BooleanOptionalAction, default=True, help="a video to look at")
    parser.add_argument(
        "--crf", type=int, choices=range(52), default=26, metavar="0..51", help="quality; 0 is lossless"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: a GPU if there is one")
    parser.add_argument("--threads", type=int, default=1, help="processors to use")
    return parser.parse_args(argv)


class Stage:
    """What the arguments of one call amount to."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.manifests = {kind: manifest.read_manifest(getattr(args, name)) for name, kind in READS.items()}
        self.suffixes = SUFFIXES if args.overlay else tuple(suffix for suffix in SUFFIXES if suffix != OVERLAY)
        self.card = model_card.read(args.model)
        try:
            self.tensors, self.meta, _ = storage.read_tensors(args.model)
        except storage.DamagedError as error:
            raise UserError(str(error)) from error
        self.parameters = self.meta["parameters"]
        self.threshold = Threshold.of(model_jobs.alarm_curve(self.tensors, self.meta), args.alarms_per_hour)

    def make_key(self, video: str) -> str:
        """Return the key of what is said of a video."""
        settings = {name: getattr(self.args, name) for name in ("alarms_per_hour", "overlay", "crf")}
        rows = {kind: its.rows[video] for kind, its in self.manifests.items()}
        module = METHODS[self.parameters["type"]].split(":")[0]
        return artefact_keys.score(module, self.card.digest, rows, settings=settings)

    def compute(self, videos: Sequence[str]) -> Iterator[shards.Outcome]:
        """Yield what is said of each video."""
        loader = config.load_class(METHODS[self.parameters["type"]])
        method = loader.load(self.tensors, self.meta, device=self.args.device, threads=self.args.threads)
        listed = dataset_tables.read_videos(self.args.tables)
        frames = self.manifests["frames"].rows
        with Progress("score", sum(frames[video].counts["frames"] for video in videos), "frames") as progress:
            for video in videos:
                yield video, self._write(self._find(video, listed[video]["path"], method), progress)

    def _find(self, video: str, path: str, method: Any) -> Findings:
        features = BagReader(self.manifests, {}).read(video)
        prediction = method.predict(video, features.tubes, bag=View.of(self.parameters).bag(features, "inference"))
        frames = self.manifests["frames"]
        times = readers.read_arrays(frames, video, "frames", ("pts",))["pts"]
        fps = readers.read_fps(frames, video)
        return Findings(path, prediction, features.tubes, self.card, times, fps, self.threshold)

    def _write(self, found: Findings, progress: Progress) -> Artefact:
        from wsstad.reporting.pictures.timeline_plot import write_timeline

        video = found.prediction.video
        folder, key = self.args.manifest.parent.parent, self.make_key(video)
        paths = {suffix: manifest.artefact_path(folder, video, key, suffix) for suffix in self.suffixes}
        storage.write_text(paths[TUBES], found.to_json())
        storage.write_text(paths[SCORES], found.to_csv())
        write_timeline(paths[TIMELINE], found)
        if OVERLAY in self.suffixes:
            self._draw(found, paths[OVERLAY], progress)
        else:
            progress.add(found.prediction.n_frames)
        digests = {suffix: storage.file_digest(path) for suffix, path in paths.items()}
        return Artefact({"scores": found.scores}, {**found.facts(), "files": digests})

    def _draw(self, found: Findings, path: Path, progress: Progress) -> None:
        from wsstad.video import open_frames, playback

        shown = Portrayal(found.prediction, found.tubes, threshold=self.threshold.score if self.threshold else None)
        pixels = open_frames(self.manifests["frames"], found.prediction.video, self.args.source / found.path)
        playback.write(path, progress.each(shown.images(pixels.read())), fps=pixels.fps, crf=self.args.crf)
