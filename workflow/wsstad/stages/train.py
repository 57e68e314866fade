"""Train the methods of a table on every fold of a split, from video labels alone (section 3.3)."""

import argparse
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from wsstad import forks
from wsstad.artefacts import manifest, readers, storage
from wsstad.errors import UserError
from wsstad.learning import bags, model_jobs, runs
from wsstad.learning.bags import BagReader, Request, View
from wsstad.learning.model_jobs import Job
from wsstad.learning.runs import Inputs, Run
from wsstad.planning import artefact_keys
from wsstad.progress import Progress
from wsstad.stages import run_inputs

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


def main(argv: list[str] | None = None) -> None:
    """Bring the models of all methods, seeds and folds up to date and write their table last."""
    parser = run_inputs.make_parser(__doc__)
    parser.add_argument("--checkpoint-seconds", type=float, default=20.0, help="time between two saves of the state")
    args = parser.parse_args(argv)
    inputs = run_inputs.read_inputs(args)
    jobs = [_job(run, inputs, args) for run in inputs.runs() if run.variant.trained]
    standing = {job.path: its for job in jobs if (its := model_jobs.standing(job))}
    missing = [job for job in jobs if job.path not in standing]
    log.info("train: %d models, %d to do, %d unchanged", len(jobs), len(missing), len(standing))
    if missing:
        _train_all(missing, inputs, args)
        standing |= {job.path: its for job in missing if (its := model_jobs.standing(job))}
    storage.write_table(args.output, [_row(job, *standing[job.path]) for job in jobs], COLUMNS)


def _job(run: Run, inputs: Inputs, args: argparse.Namespace) -> Job:
    videos, bad = inputs.part(run, "train")
    # The labels that anything may see here are those of the training videos of the fold.
    labels = {video: inputs.labels[video] for video in videos}
    if len(set(labels.values())) < 2:
        only = ", ".join(set(labels.values())) or "no"
        where = f"{args.tables}: split {args.split}, fold {run.fold}"
        raise UserError(f"{where}: {only} training videos are left; both labels are needed")
    key = artefact_keys.model(run.variant, run.seed, labels=labels, digests=inputs.digests(run.variant, videos))
    folder = run.folder(args.output.parent.parent / "models")
    path = manifest.artefact_path(folder, f"fold{run.fold}", key, runs.MODEL_SUFFIX)
    return Job(run, labels, len(bad), key, path)


def _train_all(jobs: list[Job], inputs: Inputs, args: argparse.Namespace) -> None:
    """Train all `jobs`: the features of a video are read once, however many methods, seeds and folds learn from it."""
    from wsstad.learning.learner import choose_device
    from wsstad.learning.training import hold_out

    held_out = {job.key: hold_out(job.labels, job.run.variant.parameters["held_out"], job.run.seed) for job in jobs}
    labels = {video: label for job in jobs for video, label in job.labels.items()}
    wanted = {request for job in jobs for its in _requests(job, held_out[job.key]) for request in its}
    made = bags.read_all(BagReader(inputs.manifests, labels), wanted)
    device = choose_device(args.device)

    normal = {v for chosen in held_out.values() for v in chosen if labels[v] == "normal"}
    fps = {video: readers.read_fps(inputs.manifests["frames"], video) for video in normal}

    def train(job: Job) -> None:
        training, chosen_by = ([made[request] for request in its] for its in _requests(job, held_out[job.key]))
        model_jobs.fit(job, training, chosen_by, fps=fps, device=device, seconds=args.checkpoint_seconds)

    # A training on a CPU has one thread, whatever the machine: its bytes must not depend on how many there are.
    processes = args.threads if device == "cpu" else 1
    with Progress("train", len(jobs), "models") as progress:
        forks.run_forked(train, jobs, processes=processes, progress=progress)


def _requests(job: Job, held_out: Sequence[str]) -> tuple[list[Request], list[Request]]:
    """Return the bags that a job learns from, and those that choose its iteration."""
    view = View.of(job.run.variant.parameters)
    training = [Request(video, "training", view) for video in job.labels if video not in held_out]
    return training, [Request(video, "inference", view) for video in held_out]


def _row(job: Job, digest: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a model that stands."""
    cells = _cells({name: facts[name] for name in COLUMNS if name in facts})
    noted = {"key": job.key, "digest": digest, "quarantined": job.quarantined, SIZE: job.path.stat().st_size}
    return {**job.run.cells(), **noted, **cells}


def _cells(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a training as cells: lists by their length, absent numbers empty."""
    cells: dict[str, Any] = {}
    for name, value in facts.items():
        cells[name] = len(value) if isinstance(value, list) else value
        if isinstance(value, float):
            cells[name] = f"{value:.6g}"
    return {name: "" if value is None else value for name, value in cells.items()}
