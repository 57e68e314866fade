"""Illustrate one method's predictions: each test video of a split in the first fold that tests it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wsstad.artefacts import failures, readers, run_files, storage
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.shards import Outcome
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError, UserError
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.jsonable import Facts
from wsstad.progress import Progress
from wsstad.reporting.pictures import illustration
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
        artefact = storage.read_artefact(self.path, kind="predictions")
        if artefact.digest != self.digest:
            raise DamagedError(self.path, "does not match its table")
        rows = predictions.from_arrays(artefact.arrays, artefact.meta["videos"])
        return {row.video: row for row in rows}, artefact.meta["branches"]


@dataclass(frozen=True)
class Illustrations:
    """The videos to illustrate: what is known of each (`facts`), frames, tubes, boxes, and the folds' predictions."""

    facts: Mapping[str, Facts]
    frames: Manifest
    tubes: Manifest
    boxes: Mapping[str, Sequence[BoxRow]]
    folds: Mapping[int, Fold]

    def draw(self, sources: Mapping[str, Path], *, pixels: bool) -> Iterator[Outcome]:
        """Yield the illustration of each video of `sources` (its raw file), fold by fold; `pixels`: with pictures."""
        with Progress("illustrate", len(sources), "videos") as progress:
            for fold in sorted({self.facts[video]["fold"] for video in sources}):
                predicted, branches = self.folds[fold].read()
                for video in [video for video in sources if self.facts[video]["fold"] == fold]:
                    source = sources[video] if pixels else None
                    yield failures.attempt(video, partial(self._draw, predicted[video], branches, source))
                    progress.add()

    def digest_of_boxes(self, video: str) -> str:
        """Return the digest of a video's annotated boxes."""
        rows = [[row.event, row.frame, *row.box, row.fill, row.size] for row in self.boxes.get(video, [])]
        return hashlib.sha256(storage.canonical_json(rows).encode()).hexdigest()

    def _draw(self, prediction: VideoPrediction, branches: Sequence[str], source: Path | None) -> Artefact:
        name = prediction.video
        about = {**self.facts[name], "branches": list(branches)}
        tubes, edges = readers.read_tubes(self.tubes, name), readers.read_edges(self.frames, name)
        case = illustration.Case(prediction, self._truth(prediction), tubes, edges)
        described = illustration.describe(case, about)
        if source is None:
            return described
        from wsstad import video

        pictures = illustration.picture(case, video.open_frames(self.frames, name, source))
        return Artefact(described.arrays | pictures, described.meta)

    def _truth(self, prediction: VideoPrediction) -> GroundTruth | None:
        if prediction.video not in self.boxes or self.facts[prediction.video]["label"] != "abnormal":
            return None
        size = {"n_frames": prediction.n_frames, "width": prediction.width, "height": prediction.height}
        return groundtruth.from_rows(self.boxes[prediction.video], **size)


def read_folds(table: Path, method: str) -> tuple[str, dict[int, Fold]]:
    """Return the first seed of a method in a table of predictions, and its folds."""
    rows = storage.read_table(table)
    of_method = [row for row in rows if row["method"] == method]
    if not of_method:
        allowed = ", ".join(dict.fromkeys(row["method"] for row in rows))
        raise UserError(f"{table}: no predictions of {method!r}; allowed: {allowed}")
    seed, folds = of_method[0]["seed"], {}
    for row in [row for row in of_method if row["seed"] == seed]:
        path = run_files.path(table, "predictions", row)
        facts = storage.read_facts(path, kind="predictions").meta
        folds[int(row["fold"])] = Fold(path, row["digest"], facts["quarantined"])
    return seed, folds
