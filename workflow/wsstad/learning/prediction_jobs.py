"""Predictions: whether those of a fold are cached under their key, the method that makes them, and their file."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Unpack

import numpy as np

from wsstad.artefacts import damaged, readers, run_files, storage
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError
from wsstad.jsonable import Json
from wsstad.learning import bags, methods, runs
from wsstad.learning.bags import BagReader, Request, View
from wsstad.learning.method import Machine, Method
from wsstad.learning.model_alarms import alarm_curve
from wsstad.learning.runs import Inputs, PredictionJob
from wsstad.progress import Progress
from wsstad.structures import times
from wsstad.structures.alarms import Curve
from wsstad.structures.predictions import VideoPrediction, to_arrays

log = logging.getLogger(__name__)

KIND = "predictions"


@dataclass
class Scorer:
    """A job with its method, the false alarms that its model knows by threshold, and its predictions so far."""

    job: PredictionJob
    method: Method
    curve: Curve | None = None
    predictions: list[VideoPrediction] = field(default_factory=list)

    def write(self, edges: Mapping[str, np.ndarray]) -> str:
        """Write the predictions, with the times of the frames of each video; return the digest."""
        arrays, videos = to_arrays(self.predictions)
        run = self.job.run
        arrays |= times.to_arrays([edges[video] for video in videos])
        meta: Json = {"videos": videos, "quarantined": runs.reasons(self.job.quarantined)}
        meta |= {"selection": self.method.selection, "method": run.variant.type, "seed": run.seed}
        meta["branches"] = list(self.method.scored)
        if self.curve is not None:
            arrays |= {"alarm_thresholds": self.curve.thresholds, "alarm_counts": self.curve.alarms}
            meta["alarm_hours"] = self.curve.hours
        return storage.write_artefact(self.job.path, Artefact(arrays, meta), kind=KIND, key=self.job.key)


def cached(job: PredictionJob) -> str | None:
    """Return the digest of the predictions that are whole under their key, if they are there."""
    if not job.path.exists():
        return None
    try:
        artefact = storage.read_artefact(job.path, kind=KIND)
    except DamagedError as error:
        damaged.set_aside(error.path)
        log.warning("%s; it is made again", error)
        return None
    return artefact.digest if artefact.key == job.key else None


def make_scorer(job: PredictionJob, table: Path, **machine: Unpack[Machine]) -> Scorer:
    """Return a job with its method; its model, if it has one, is a row of a table beside `table`.

    Raises `DamagedError` when the model is not that of the table.
    """
    run, model = job.run, job.model
    if model is None:
        return Scorer(job, methods.create(run.variant.parameters, seed=run.seed, **machine))
    path = run_files.path(table, "models", model)
    tensors, meta, _ = storage.read_tensors(path)
    if storage.tensors_digest(path) != model["digest"]:
        raise DamagedError(path, "does not match models.tsv")
    method = methods.restore(path, tensors, meta, **machine)
    return Scorer(job, method, alarm_curve(tensors, meta))


def predict_fold(
    jobs: Sequence[PredictionJob], inputs: Inputs, table: Path, **machine: Unpack[Machine]
) -> dict[Path, str]:
    """Write the predictions of some runs on one fold, video by video; return their digests.

    `table` is ``predictions.tsv``.
    """
    scorers = [make_scorer(job, table, **machine) for job in jobs]
    videos = sorted({video for job in jobs for video in job.videos})
    with Progress(f"predict fold {jobs[0].run.fold}", len(videos), "videos") as progress:
        for video in progress.each(videos):
            _predict_video(video, [scorer for scorer in scorers if video in scorer.job.videos], inputs)
    edges = {video: readers.read_edges(inputs.manifests["frames"], video) for video in videos}
    return {scorer.job.path: scorer.write(edges) for scorer in scorers}


def _predict_video(video: str, scorers: Sequence[Scorer], inputs: Inputs) -> None:
    """Have all `scorers` predict one video, whose features are read once."""
    views = {View.of(scorer.job.run.variant.learned) for scorer in scorers if scorer.job.model}
    made = bags.read_all(BagReader(inputs.manifests, {}), [Request(video, "inference", view) for view in views])
    tubes = readers.read_tubes(inputs.manifests["tubes"], video)
    for scorer in scorers:
        variant, bag, detections = scorer.job.run.variant, None, None
        if variant.trained:
            bag = made[Request(video, "inference", View.of(variant.learned))]
        if "detections" in inputs.needed(variant):
            detections = readers.read_arrays(inputs.manifests["detections"], video, "detections")
        scorer.predictions.append(scorer.method.predict(video, tubes, bag, detections))
