"""Train the methods of a table on every fold of a split, from video labels alone (section 3.3)."""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsstad import bags, cli, manifest, parallel, runs, stage_keys, storage
from wsstad.bags import Bag, BagReader, Request, View
from wsstad.errors import UserError
from wsstad.progress import Progress
from wsstad.runs import Inputs, Run

log = logging.getLogger(__name__)

SIZE = manifest.size_column(runs.MODEL_SUFFIX)
COLUMNS = (
    "method",
    "seed",
    "fold",
    "key",
    "digest",
    "chosen_iteration",
    "held_out_vauc",
    "last_iteration",
    "last_vauc",
    "training_videos",
    "held_out_videos",
    "quarantined",
    SIZE,
)


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


def main(argv: list[str] | None = None) -> None:
    """Bring the models of all methods, seeds and folds up to date and write their table last."""
    parser = runs.make_parser(__doc__)
    parser.add_argument("--checkpoint-seconds", type=float, default=20.0, help="time between two saves of the state")
    args = parser.parse_args(argv)
    inputs = runs.read_inputs(args)
    jobs = [_job(run, inputs, args) for run in inputs.runs() if run.variant.trained]
    standing = {job.path: its for job in jobs if (its := _standing(job))}
    missing = [job for job in jobs if job.path not in standing]
    log.info("train: %d models, %d to do, %d unchanged", len(jobs), len(missing), len(standing))
    if missing:
        _train_all(missing, inputs, args)
        standing |= {job.path: its for job in missing if (its := _standing(job))}
    storage.write_table(args.output, [_row(job, *standing[job.path]) for job in jobs], COLUMNS)


def _job(run: Run, inputs: Inputs, args: argparse.Namespace) -> Job:
    videos, bad = inputs.part(run, "train")
    # The labels that anything may see here are those of the training videos of the fold.
    labels = {video: inputs.labels[video] for video in videos}
    if len(set(labels.values())) < 2:
        only = ", ".join(set(labels.values())) or "no"
        where = f"{args.tables}: split {args.split}, fold {run.fold}"
        raise UserError(f"{where}: {only} training videos are left; both labels are needed")
    key = stage_keys.model(run.variant, run.seed, labels=labels, digests=inputs.digests(run.variant, videos))
    folder = run.folder(args.output.parent.parent / "models")
    path = manifest.artefact_path(folder, f"fold{run.fold}", key, runs.MODEL_SUFFIX)
    return Job(run, labels, len(bad), key, path)


def _standing(job: Job) -> tuple[str, Mapping[str, Any]] | None:
    """Return digest and facts of the model that stands whole under its key, if it does."""
    if not job.path.exists() or not job.history.exists():
        return None
    try:
        _, meta, found = storage.read_tensors(job.path)
    except storage.DamagedError as error:
        log.warning("%s; it is made again", error)
        return None
    return (storage.tensors_digest(job.path), meta["training"]) if found == job.key else None


def _train_all(jobs: list[Job], inputs: Inputs, args: argparse.Namespace) -> None:
    """Train all `jobs`: the features of a video are read once, however many methods, seeds and folds learn from it."""
    from wsstad.methods.learned import choose_device
    from wsstad.methods.training import hold_out

    held_out = {job.key: hold_out(job.labels, job.run.variant.parameters["held_out"], job.run.seed) for job in jobs}
    labels = {video: label for job in jobs for video, label in job.labels.items()}
    wanted = {request for job in jobs for request in _requests(job, held_out[job.key])}
    made = bags.read_all(BagReader(inputs.manifests, labels), wanted)
    device = choose_device(args.device)

    def train(job: Job) -> None:
        training, chosen_by = (
            [made[request] for request in _requests(job, held_out[job.key]) if request.parts == parts]
            for parts in ("tubes", "sub_tubes")
        )
        _train(job, training, chosen_by, device=device, seconds=args.checkpoint_seconds)

    # A training on a CPU has one thread, whatever the machine: its bytes must not depend on how many there are.
    processes = args.threads if device == "cpu" else 1
    with Progress("train", len(jobs), "models") as progress:
        parallel.run_forked(train, jobs, processes=processes, progress=progress)


def _requests(job: Job, held_out: Sequence[str]) -> list[Request]:
    """Return the bags that a job needs: whole tubes to learn from, sub-tubes to choose the iteration by."""
    view = View.of(job.run.variant.parameters)
    return [Request(video, "sub_tubes" if video in held_out else "tubes", view) for video in job.labels]


def _train(job: Job, training: list[Bag], held_out: list[Bag], *, device: str, seconds: float) -> None:
    """Train one model and write it, its history before it."""
    from wsstad.methods.checkpoint import Checkpoint

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
    storage.write_tensors(job.path, tensors, {**meta, "training": facts}, key=job.key)
    checkpoint.remove()


def _row(job: Job, digest: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a model that stands."""
    size = job.path.stat().st_size
    cells = {**job.run.cells(), "key": job.key, "digest": digest, **_cells(facts)}
    return {**cells, "quarantined": job.quarantined, SIZE: size}


def _cells(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a training as cells: lists by their length, absent numbers empty."""
    cells: dict[str, Any] = {}
    for name, value in facts.items():
        cells[name] = len(value) if isinstance(value, list) else value
        if isinstance(value, float):
            cells[name] = f"{value:.6g}"
    return {name: "" if value is None else value for name, value in cells.items()}


if __name__ == "__main__":
    cli.run(main)
