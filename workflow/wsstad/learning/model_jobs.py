"""Model jobs: a model to be, whether it stands whole under its key already, and the training that makes it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wsstad.artefacts import storage
from wsstad.learning.bags import Bag
from wsstad.learning.runs import Run
from wsstad.structures import alarms, predictions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A model to be: its run, the videos that it learns from and their labels, its key, its file."""

    run: Run
    labels: Mapping[str, str]
    quarantined: int
    key: str
    path: Path

    @property
    def history(self) -> Path:
        """The table of what happened in each iteration."""
        return self.path.with_suffix(".history.tsv")


def standing(job: Job) -> tuple[str, Mapping[str, Any]] | None:
    """Return digest and facts of the model that stands whole under its key, if it does."""
    if not job.path.exists() or not job.history.exists():
        return None
    try:
        _, meta, found = storage.read_tensors(job.path)
    except storage.DamagedError as error:
        log.warning("%s; it is made again", error)
        return None
    return (storage.tensors_digest(job.path), meta["training"]) if found == job.key else None


def fit(
    job: Job, training: list[Bag], held_out: list[Bag], *, fps: Mapping[str, float], device: str, seconds: float
) -> None:
    """Train one model and write it, its history before it."""
    from wsstad.learning.checkpoint import Checkpoint

    fold = job.run.fold
    checkpoint = Checkpoint(job.path.with_suffix(".state.safetensors"), job.key, seconds)
    checkpoint.remove_others(f"fold{fold}.*.state.safetensors", f".fold{fold}.*.tmp")
    method = job.run.variant.make(job.run.seed, device=device, threads=1)
    history = method.fit(training, held_out, checkpoint=checkpoint, label=f"train {job.run}")
    history.write(job.history)
    facts = {
        "chosen_iteration": history.chosen_iteration,
        "held_out_vauc": history.chosen_vauc,
        "last_iteration": history.last_iteration,
        "last_vauc": history.last_vauc,
        "training_videos": list(job.labels),
        "held_out_videos": [bag.video for bag in held_out],
    }
    tensors, meta = method.save()
    curve = _alarms(method, [bag for bag in held_out if bag.label == "normal"], fps)
    if curve is not None:
        tensors |= {"alarms/thresholds": curve.thresholds, "alarms/counts": curve.alarms}
        facts["alarm_hours"] = curve.hours
    storage.write_tensors(job.path, tensors, {**meta, "training": facts}, key=job.key)
    checkpoint.remove()


def _alarms(method: Any, normal: list[Bag], fps: Mapping[str, float]) -> alarms.Curve | None:
    """Return the false alarms that each threshold gives in the held-out normal videos, if there are any."""
    if not normal:
        return None
    painted = [predictions.paint(bag.spans, method.score(bag)[0], int(bag.videolet_spans[-1, 1])) for bag in normal]
    return alarms.trace(painted, fps=[fps[bag.video] for bag in normal])


def alarm_curve(tensors: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> alarms.Curve | None:
    """Return the false alarms by threshold that a model keeps, if it had normal videos to learn them from."""
    if "alarms/thresholds" not in tensors:
        return None
    return alarms.Curve(tensors["alarms/thresholds"], tensors["alarms/counts"], meta["training"]["alarm_hours"])
