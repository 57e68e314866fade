"""Models: whether one is cached under its key, and the training that makes it."""

import logging
import math
from collections.abc import Mapping, Sequence

import numpy as np

from wsstad import forks
from wsstad.artefacts import damaged, readers, seals, storage
from wsstad.errors import DamagedError
from wsstad.jsonable import Facts
from wsstad.learning import bags, methods
from wsstad.learning.bags import Bag, BagReader, Request, View
from wsstad.learning.history import History
from wsstad.learning.likeness import Likeness
from wsstad.learning.runs import Inputs, ModelJob
from wsstad.progress import Progress
from wsstad.structures import alarms, predictions

log = logging.getLogger(__name__)


def cached(job: ModelJob) -> tuple[str, Facts] | None:
    """Return digest and facts of the model that stands whole under its key, if it does."""
    if not job.path.exists() or not job.history.exists():
        return None
    try:
        _, meta, key = storage.read_tensors(job.path)
        if flaw := seals.flaw(job.history):
            raise DamagedError(job.history, flaw)
    except DamagedError as error:
        damaged.set_aside(error.path)
        log.warning("%s; it is made again", error)
        return None
    return (storage.tensors_digest(job.path), meta["training"]) if key == job.key else None


def train_all(
    jobs: Sequence[ModelJob], inputs: Inputs, *, device: str, processes: int, checkpoint_seconds: float
) -> None:
    """Train all `jobs`: the features of a video are read once, however many methods, seeds and folds learn from it."""
    # Whatever a training needs is imported before the processes part, once for all of them.
    import torch._dynamo  # noqa: F401 - the first optimiser imports it, for seconds

    from wsstad.learning.learner import choose_device
    from wsstad.learning.search import plan

    folds = {job.key: plan(job.labels, job.run.variant.learned, job.run.seed, job.groups) for job in jobs}
    labels = {video: label for job in jobs for video, label in job.labels.items()}
    wanted = {request for job in jobs for requests in _requests(job, folds[job.key]) for request in requests}
    made = bags.read_all(BagReader(inputs.manifests, labels), wanted)
    device = choose_device(device)
    left_out = {video for parts in folds.values() for fold in parts for video in fold}
    normal = {video for video in left_out if labels[video] == "normal"}
    edges = {video: readers.read_edges(inputs.manifests["frames"], video) for video in normal}

    def train(job: ModelJob) -> None:
        training, held_out = ([made[request] for request in part] for part in _requests(job, folds[job.key]))
        fit(job, training, held_out, folds[job.key], edges=edges, device=device, seconds=checkpoint_seconds)

    # A training on a CPU has one thread, whatever the machine: its bytes must not depend on how many there are.
    with Progress("train", len(jobs), "models") as progress:
        forks.run_forked(train, jobs, processes=processes if device == "cpu" else 1, progress=progress)


def _requests(job: ModelJob, folds: Sequence[Sequence[str]]) -> tuple[list[Request], list[Request]]:
    """Return the bags that a job learns from, and those that choose its iteration.

    With one fold its videos are lost to the training; with several, each is left out of one training alone.
    """
    view = View.of(job.run.variant.learned)
    lost = set(folds[0]) if len(folds) == 1 else set()
    training = [Request(video, "training", view) for video in job.labels if video not in lost]
    return training, [Request(video, "inference", view) for fold in folds for video in fold]


def fit(
    job: ModelJob,
    training: list[Bag],
    held_out: list[Bag],
    folds: Sequence[Sequence[str]],
    *,
    edges: Mapping[str, np.ndarray],
    device: str,
    seconds: float,
) -> None:
    """Train one model and write it, its history before it."""
    from wsstad.learning.checkpoint import Checkpoint

    fold = job.run.fold
    checkpoint = Checkpoint(job.path.with_suffix(".state.safetensors"), job.key, seconds)
    checkpoint.remove_others(f"fold{fold}.*.state.safetensors", f".fold{fold}.*.tmp")
    method = methods.create(job.run.variant.learned, seed=job.run.seed, device=device, threads=1)
    left_out = folds if len(folds) > 1 else []
    history = method.fit(training, held_out, left_out, checkpoint=checkpoint, label=f"train {job.run}")
    history.write(job.history)
    seals.seal(job.history)
    facts = {
        "chosen_iteration": history.chosen_iteration,
        "held_out_vauc": history.chosen_vauc,
        "last_iteration": history.last_iteration,
        "last_vauc": history.last_vauc,
        "training_videos": list(job.labels),
        "held_out_videos": [bag.video for bag in held_out],
        "folds": len(folds),
        "measured": {name: None if math.isnan(value) else round(value, 6) for name, value in history.measured.items()},
        "warnings": list(history.warnings),
    }
    tensors, meta = method.save()
    if View.of(job.run.variant.learned) is not None:
        # Without features nothing tells what is unlike the training videos.
        tensors |= Likeness.of(training).to_tensors()
    curve = _alarms(history, [bag for bag in held_out if bag.label == "normal"], edges)
    if curve is not None:
        tensors |= {"alarms/thresholds": curve.thresholds, "alarms/counts": curve.alarms}
        facts["alarm_hours"] = curve.hours
    storage.write_tensors(job.path, tensors, {**meta, "training": facts}, key=job.key)
    checkpoint.remove()


def _alarms(history: History, normal: list[Bag], edges: Mapping[str, np.ndarray]) -> alarms.Curve | None:
    """Return the false alarms that each threshold gives in normal videos, scored by models that had not seen them."""
    if not normal or not history.scores:
        return None
    painted = [
        predictions.paint(bag.spans, history.scores[bag.video][:, 0], int(bag.videolet_spans[-1, 1])) for bag in normal
    ]
    return alarms.trace(painted, edges=[edges[bag.video] for bag in normal])
