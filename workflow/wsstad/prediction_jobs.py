"""Prediction jobs: predictions to be, whether they stand already, the method that makes them, and their file."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wsstad import config, manifest, model_jobs, predictions, storage
from wsstad.alarms import Curve
from wsstad.errors import UserError
from wsstad.manifest import Row
from wsstad.methods import METHODS
from wsstad.predictions import VideoPrediction
from wsstad.runs import Run
from wsstad.storage import Artefact

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

    @property
    def reasons(self) -> dict[str, str]:
        """Why each quarantined video is."""
        return {video: f"{row.code} {row.reason}" for video, row in sorted(self.quarantined.items())}


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
        meta = {"videos": videos, "fps": [fps[video] for video in videos], "quarantined": self.job.reasons}
        meta |= {"selection": self.method.selection, "method": run.variant.type, "seed": run.seed}
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
    path = manifest.artefact_path(run.folder(models), f"fold{run.fold}", model["key"], ".safetensors")
    if not path.exists() or storage.file_digest(path) != model["digest"]:
        raise UserError(f"{path}: missing, or not what models.tsv says; delete models.tsv and run again")
    tensors, meta, _ = storage.read_tensors(path)
    method = config.load_class(METHODS[run.variant.type]).load(tensors, meta, **options)
    return Scorer(job, method, model_jobs.alarm_curve(tensors, meta))
