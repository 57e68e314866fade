"""Models: whether one is cached under its key, and the training that makes it."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from wsstad import forks
from wsstad.artefacts import readers, storage
from wsstad.learning import bags
from wsstad.learning.bags import Bag, BagReader, Request, View
from wsstad.learning.likeness import Likeness
from wsstad.learning.runs import Inputs, ModelJob
from wsstad.progress import Progress
from wsstad.structures import alarms, predictions

log = logging.getLogger(__name__)


def cached(job: ModelJob) -> tuple[str, Mapping[str, Any]] | None:
    """Return digest and facts of the model that stands whole under its key, if it does."""
    if not job.path.exists() or not job.history.exists():
        return None
    try:
        _, meta, found = storage.read_tensors(job.path)
    except storage.DamagedError as error:
        log.warning("%s; it is made again", error)
        return None
    return (storage.tensors_digest(job.path), meta["training"]) if found == job.key else None


def train_all(
    jobs: Sequence[ModelJob], inputs: Inputs, *, device: str, processes: int, checkpoint_seconds: float
) -> None:
    """Train all `jobs`: the features of a video are read once, however many methods, seeds and folds learn from it."""
    from wsstad.learning.learner import choose_device
    from wsstad.learning.training import hold_out

    held_out = {job.key: hold_out(job.labels, job.run.variant.parameters["held_out"], job.run.seed) for job in jobs}
    labels = {video: label for job in jobs for video, label in job.labels.items()}
    wanted = {request for job in jobs for requests in _requests(job, held_out[job.key]) for request in requests}
    made = bags.read_all(BagReader(inputs.manifests, labels), wanted)
    device = choose_device(device)
    normal = {video for chosen in held_out.values() for video in chosen if labels[video] == "normal"}
    fps = {video: readers.read_fps(inputs.manifests["frames"], video) for video in normal}

    def train(job: ModelJob) -> None:
        training, chosen_by = ([made[request] for request in part] for part in _requests(job, held_out[job.key]))
        fit(job, training, chosen_by, fps=fps, device=device, seconds=checkpoint_seconds)

    # A training on a CPU has one thread, whatever the machine: its bytes must not depend on how many there are.
    with Progress("train", len(jobs), "models") as progress:
        forks.run_forked(train, jobs, processes=processes if device == "cpu" else 1, progress=progress)


def _requests(job: ModelJob, held_out: Sequence[str]) -> tuple[list[Request], list[Request]]:
    """Return the bags that a job learns from, and those that choose its iteration."""
    view = View.of(job.run.variant.parameters)
    training = [Request(video, "training", view) for video in job.labels if video not in held_out]
    return training, [Request(video, "inference", view) for video in held_out]


def fit(
    job: ModelJob, training: list[Bag], held_out: list[Bag], *, fps: Mapping[str, float], device: str, seconds: float
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
    tensors |= Likeness.of(training).to_tensors()
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
