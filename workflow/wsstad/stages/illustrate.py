"""Illustrate what one method says of each test video: its scores over time, a strip of crops, a short clip."""

import argparse
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsstad.artefacts import manifest, readers, shards, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.planning import artefact_keys, dataset_tables
from wsstad.progress import Progress
from wsstad.structures import predictions
from wsstad.structures.predictions import VideoPrediction


@dataclass(frozen=True)
class Fold:
    """The predictions of a fold by the first seed: their file, their digest, and why videos are not among them."""

    path: Path
    digest: str
    quarantined: Mapping[str, str]

    def read(self) -> tuple[dict[str, VideoPrediction], list[str]]:
        """Return the predictions by video, and the names of the branches that have scores of their own."""
        found = storage.read_artefact(self.path, kind="predictions")
        rows = predictions.from_arrays(found.arrays, found.meta["videos"])
        return {row.video: row for row in rows}, found.meta["branches"]


def main(argv: list[str] | None = None) -> None:
    """Bring the illustrations of all test videos up to date and write their manifest last."""
    work = Work(_parse(argv))
    shards.process_shard(
        "illustration",
        manifest_path=work.args.manifest,
        keys=work.keys(),
        compute=work.compute,
        counts=lambda artefact: {"fold": artefact.meta["fold"]},
        count_names=("fold",),
    )


class Work:
    """The test videos of a split, each in the first fold that tests it, and what is read of them."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.rows = dataset_tables.read_videos(args.tables)
        self.annotations = canonical.read_checked(args.annotations)
        self.frames, self.tubes = (manifest.read_manifest(*paths) for paths in (args.frames, args.tubes))
        self.seed, self.folds = _read_folds(args.predictions, args.method)
        self.fold_of: dict[str, int] = {}
        for fold, parts in sorted(dataset_tables.read_split(args.tables, args.split).items()):
            for video in sorted(video for video, part in parts.items() if part == "test"):
                self.fold_of.setdefault(video, fold)

    def keys(self) -> dict[str, str | Row]:
        """Return the key of every test video, or why it has no prediction."""
        found = shards.upstream_keys(self.fold_of, [self.frames, self.tubes], self._key)
        for video, fold in self.fold_of.items():
            if video in self.folds[fold].quarantined and isinstance(found[video], str):
                code, _, reason = self.folds[fold].quarantined[video].partition(" ")
                found[video] = Row(video, "", code=code, reason=reason)
        return found

    def compute(self, missing: Sequence[str]) -> Iterator[shards.Outcome]:
        """Yield the illustration of each video, fold by fold."""
        with Progress("illustrate", len(missing), "videos") as progress:
            for fold in sorted({self.fold_of[video] for video in missing}):
                said, branches = self.folds[fold].read()
                for video in [video for video in missing if self.fold_of[video] == fold]:
                    yield video, self._illustrate(said[video], branches)
                    progress.add()

    def _key(self, video: str) -> str:
        annotated = [[row.event, row.frame, *row.box, row.fill, row.size] for row in self.annotations.get(video, [])]
        return artefact_keys.illustration(
            self._about(video),
            frames=self.frames.rows[video],
            tubes=self.tubes.rows[video],
            predictions=self.folds[self.fold_of[video]].digest,
            annotations=hashlib.sha256(storage.canonical_json(annotated).encode()).hexdigest(),
        )

    def _about(self, video: str) -> dict[str, Any]:
        """Return what is known of a video without looking at it."""
        row = self.rows[video]
        facts = {"video": video, "fold": self.fold_of[video], "label": row["label"], "class": row["class"]}
        return {**facts, "method": self.args.method, "seed": self.seed, "pixels": not self.args.no_pixels}

    def _illustrate(self, prediction: VideoPrediction, branches: Sequence[str]) -> Artefact:
        from wsstad import video
        from wsstad.reporting.pictures import illustrations

        name = prediction.video
        about = {**self._about(name), "fps": readers.read_fps(self.frames, name), "branches": list(branches)}
        case = illustrations.Case(prediction, self._truth(prediction), readers.read_tubes(self.tubes, name))
        described = illustrations.describe(case, about)
        if self.args.no_pixels:
            return described
        source = self.args.source / self.rows[name]["path"]
        pictures = illustrations.picture(case, video.open_frames(self.frames, name, source))
        return Artefact(described.arrays | pictures, described.meta)

    def _truth(self, prediction: VideoPrediction) -> GroundTruth | None:
        if prediction.video not in self.annotations or self.rows[prediction.video]["label"] != "abnormal":
            return None
        size = {"n_frames": prediction.n_frames, "width": prediction.width, "height": prediction.height}
        return groundtruth.from_rows(self.annotations[prediction.video], **size)


def _read_folds(path: Path, method: str) -> tuple[str, dict[int, Fold]]:
    """Return the first seed of a method in the table of predictions, and its folds."""
    rows = storage.read_table(path)
    mine = [row for row in rows if row["method"] == method]
    if not mine:
        allowed = ", ".join(dict.fromkeys(row["method"] for row in rows))
        raise UserError(f"{path}: no predictions of {method!r}; allowed: {allowed}")
    seed = mine[0]["seed"]
    folder, folds = path.parent.parent / "predictions" / method / seed, {}
    for row in [row for row in mine if row["seed"] == seed]:
        file = manifest.artefact_path(folder, f"fold{row['fold']}", row["key"])
        facts = storage.read_facts(file, kind="predictions").meta
        folds[int(row["fold"])] = Fold(file, row["digest"], facts["quarantined"])
    return seed, folds


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv and splits/")
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--split", required=True, help="name of splits/<split>.tsv")
    parser.add_argument("--frames", type=Path, nargs="+", required=True, help="manifests of the frames")
    parser.add_argument("--tubes", type=Path, nargs="+", required=True, help="manifests of the tubes")
    parser.add_argument("--predictions", type=Path, required=True, help="predictions.tsv of the table")
    parser.add_argument("--annotations", type=Path, required=True, help="the canonical table of `annotate`")
    parser.add_argument("--method", required=True, help="the method of the table to illustrate, by its first seed")
    parser.add_argument("--no-pixels", action="store_true", help="no picture and no clip of the footage")
    parser.add_argument(
        "--manifest", type=Path, required=True, help="the manifest to write; artefacts go to the folder above its own"
    )
    return parser.parse_args(argv)
