"""Prediction jobs: predictions to be, whether they stand already, the method that makes them, and their file."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wsstad import config
from wsstad.artefacts import manifest, storage
from wsstad.artefacts.manifest import Row
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.learning import model_jobs, runs
from wsstad.learning.methods import METHODS
from wsstad.learning.runs import Run
from wsstad.structures import predictions
from wsstad.structures.alarms import Curve
from wsstad.structures.predictions import VideoPrediction

log = logging.getLogger(__name__)

KIND = "predictions"

Model = Mapping[str, str]  # a row of models.tsv


@dataclass(frozen=True)
class Job:
    """Predictions to be: their run, its test videos, those quarantined, the model if there is one, key and file."""

    run: Run
    videos: list[str]
    quarantined: Mapping[str, Row]
    model: Model | None
    key: str
    path: Path


@dataclass
class Scorer:
    """A job with its method, the false alarms that its model knows by threshold, and what it `found` so far."""

    job: Job
    method: Any
    curve: Curve | None = None
    found: list[VideoPrediction] = field(default_factory=list)

    def write(self, fps: Mapping[str, float]) -> str:
        """Write what was found, with the frames a second of each video; return the digest."""
        arrays, videos = predictions.to_arrays(self.found)
        run = self.job.run
        meta = {
            "videos": videos,
            "fps": [fps[video] for video in videos],
            "quarantined": runs.reasons(self.job.quarantined),
        }
        meta |= {"selection": self.method.selection, "method": run.variant.type, "seed": run.seed}
        meta["branches"] = list(self.method.scored)
        if self.curve is not None:
            arrays |= {"alarm_thresholds": self.curve.thresholds, "alarm_counts": self.curve.alarms}
            meta["alarm_hours"] = self.curve.hours
        return storage.write_artefact(self.job.path, Artefact(arrays, meta), kind=KIND, key=self.job.key)


def standing(job: Job) -> str | None:
    """Return the digest of the predictions that stand whole under their key, if they do."""
    if not job.path.exists():
        return None
    try:
        found = storage.read_artefact(job.path, kind=KIND)
    except storage.DamagedError as error:
        log.warning("%s; it is made again", error)
        return None
    return found.digest if found.key == job.key else None


def make_scorer(job: Job, models: Path, **options: Any) -> Scorer:
    """Return a job with its method, whose model, if it has one, lies below the folder `models`.

    Raises `UserError` when the model is not that of the table.
    """
    run, model = job.run, job.model
    if model is None:
        return Scorer(job, run.variant.make(run.seed, **options))
    path = manifest.artefact_path(run.folder(models), f"fold{run.fold}", model["key"], runs.MODEL_SUFFIX)
    try:
        tensors, meta, _ = storage.read_tensors(path)
        same = storage.tensors_digest(path) == model["digest"]
    except storage.DamagedError as error:
        raise UserError(f"{error}; delete it and run again") from error
    if not same:
        raise UserError(f"{path}: not what models.tsv says; delete it and run again")
    method = config.load_class(METHODS[run.variant.type]).load(tensors, meta, **options)
    return Scorer(job, method, model_jobs.alarm_curve(tensors, meta))
