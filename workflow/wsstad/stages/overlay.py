"""Overlay: each test video of a shard to look at, with its predicted tube, the truth, and the scores of all frames."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from wsstad import cli
from wsstad.artefacts import manifest, readers, shards, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.evaluation import alarms, groundtruth, method_runs
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.planning import artefact_keys, dataset_tables
from wsstad.progress import Progress
from wsstad.reporting.pictures import decision
from wsstad.reporting.pictures.decision import Portrayal
from wsstad.structures.predictions import VideoPrediction

KIND = "overlay"
SUFFIX = ".mp4"


def main(argv: list[str] | None = None) -> None:
    """Draw the test videos of one shard."""
    args = parse(argv)
    stage = Stage(args)
    shards.process_shard(
        KIND,
        manifest_path=args.manifest,
        keys={video: stage.key(video) for video in shards.read_shard(args.shard_map, args.shard) if stage.tests(video)},
        compute=stage.compute,
        counts=lambda artefact: {"frames": artefact.meta["frames"]},
        count_names=("frames",),
        companions=(SUFFIX,),
    )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = cli.shard_parser(__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv and splits/")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--split", required=True, help="name of splits/<split>.tsv")
    parser.add_argument("--frames", type=Path, required=True, help="the shard's manifest of frames")
    parser.add_argument("--tubes", type=Path, required=True, help="the shard's manifest of tubes")
    parser.add_argument("--predictions", type=Path, required=True, help="predictions.tsv of a table")
    parser.add_argument("--annotations", type=Path, required=True, help="the canonical table of `annotate`")
    parser.add_argument("--method", required=True, help="a method of the table")
    parser.add_argument("--seed", required=True, help="one of its seeds")
    parser.add_argument("--alarms-per-hour", type=float, default=1.0, help="false alarms that the threshold may give")
    parser.add_argument(
        "--crf", type=int, choices=range(52), default=26, metavar="0..51", help="quality; 0 is lossless"
    )
    return parser.parse_args(argv)


class Stage:
    """What the arguments of one call amount to."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.frames, self.tubes = manifest.read_manifest(args.frames), manifest.read_manifest(args.tubes)
        folds = dataset_tables.read_split(args.tables, args.split)
        expected = frozenset((fold, v) for fold, parts in folds.items() for v, part in parts.items() if part == "test")
        # A video that several folds test is shown as the first of them sees it.
        self._fold = {video: fold for fold, video in sorted(expected, reverse=True)}
        self._run = method_runs.read(args.predictions, args.method, expected).seeds[args.seed]

    @cached_property
    def _boxes(self) -> Mapping[str, Sequence[BoxRow]]:
        return canonical.read_checked(self.args.annotations)

    def tests(self, video: str) -> bool:
        """Return whether a video is a test video of the split."""
        return video in self._fold

    def key(self, video: str) -> str | Row:
        """Return the key of a video's overlay, or why there is none."""
        test = self._fold[video], video
        if test in self._run.missing:
            code, _, reason = self._run.missing[test].partition(" ")
            return Row(video, "", code=code, reason=reason)
        its = self._run.predictions[test]
        return artefact_keys.overlay(
            self.frames.rows[video],
            self.tubes.rows[video],
            prediction=decision.digest(its),
            truth=decision.truth_digest(self._truth(its)),
            settings={"threshold": self._threshold(video), "crf": self.args.crf},
        )

    def compute(self, videos: Sequence[str]) -> Iterator[shards.Outcome]:
        """Yield the overlay of each video."""
        with Progress("overlay", sum(self.frames.rows[v].counts["frames"] for v in videos), "frames") as progress:
            paths = {
                name: self.args.source / row["path"]
                for name, row in dataset_tables.read_videos(self.args.tables).items()
            }
            for video in videos:
                yield video, self._draw(video, paths[video], progress)

    def _draw(self, video: str, source: Path, progress: Progress) -> Artefact:
        from wsstad.video import open_frames, playback

        its = self._run.predictions[self._fold[video], video]
        found = readers.read_tubes(self.tubes, video)
        shown = Portrayal(its, found, self._truth(its), self._threshold(video))
        pixels = open_frames(self.frames, video, source)
        key = self.key(video)
        path = manifest.artefact_path(self.args.manifest.parent.parent, video, str(key), SUFFIX)
        playback.write(path, progress.each(shown.images(pixels.read())), fps=pixels.fps, crf=self.args.crf)
        meta = {"files": {SUFFIX: storage.file_digest(path)}, "frames": its.n_frames, "fps": str(pixels.fps)}
        return Artefact({"scores": its.frame_scores}, meta)

    def _truth(self, its: VideoPrediction) -> FrameBoxes | None:
        if its.video not in self._boxes:
            return None
        size = {"n_frames": its.n_frames, "width": its.width, "height": its.height}
        return groundtruth.from_rows(self._boxes[its.video], **size).united

    def _threshold(self, video: str) -> float | None:
        curve = self._run.curves.get(self._fold[video])
        return alarms.calibrate(curve, self.args.alarms_per_hour).threshold if curve else None
