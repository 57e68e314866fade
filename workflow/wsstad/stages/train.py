"""Train the methods of a table on every fold of a split, from video labels alone (section 3.3)."""

from wsstad import heartbeat
from wsstad.artefacts import manifest, run_files, seals, storage
from wsstad.errors import UserError
from wsstad.jsonable import Facts
from wsstad.learning.runs import ModelJob
from wsstad.planning import run_jobs
from wsstad.stages import run_inputs

SIZES = tuple(map(manifest.size_column, (run_files.MODEL_SUFFIX, run_files.HISTORY_SUFFIX)))
FACTS = ("chosen_iteration", "held_out_vauc", "last_iteration", "last_vauc", "training_videos", "held_out_videos")
MECHANISMS = ("measured", "warnings")  # JSON
COLUMNS = ("method", "seed", "fold", "key", "digest", *FACTS, "quarantined", *MECHANISMS, *SIZES)


def main(argv: list[str] | None = None) -> None:
    """Bring the models of all methods, seeds and folds up to date and write their table last."""
    parser = run_inputs.make_parser(__doc__)
    parser.add_argument("--checkpoint-seconds", type=float, default=20.0, help="time between two saves of the state")
    args = parser.parse_args(argv)
    from wsstad.learning import model_jobs

    inputs = run_inputs.read_inputs(args)
    jobs = [run_jobs.model_job(run, inputs, args.output) for run in inputs.runs() if run.variant.trained]
    for job in jobs:
        _check_labels(job, f"{args.tables}: split {args.split}")
    cached = {job.path: model for job in jobs if (model := model_jobs.cached(job))}
    missing = [job for job in jobs if job.path not in cached]
    heartbeat.plan("train", "models", len(jobs), to_do=len(missing), unchanged=len(cached))
    if missing:
        options = {"device": args.device, "processes": args.threads, "checkpoint_seconds": args.checkpoint_seconds}
        model_jobs.train_all(missing, inputs, **options)
        cached |= {job.path: model for job in missing if (model := model_jobs.cached(job))}
    storage.write_table(args.output, [_row(job, *cached[job.path]) for job in jobs], COLUMNS)
    seals.seal(args.output)


def _check_labels(job: ModelJob, where: str) -> None:
    """Raise `UserError` unless the training videos that are left have both labels."""
    labels = set(job.labels.values())
    if len(labels) < 2:
        only = f"only {labels.pop()}" if labels else "no"
        raise UserError(f"{where}, fold {job.run.fold}: {only} training videos are left; both labels are needed")


def _row(job: ModelJob, digest: str, facts: Facts) -> dict[str, str | int]:
    """Return the row of a model: lists by their length, absent numbers empty."""
    cells: dict[str, str | int] = {name: _cell(facts[name]) for name in FACTS}
    cells |= {name: storage.canonical_json(facts[name]) for name in MECHANISMS}
    cells |= {name: path.stat().st_size for name, path in zip(SIZES, (job.path, job.history), strict=True)}
    return {**job.run.cells(), "key": job.key, "digest": digest, "quarantined": job.quarantined, **cells}


def _cell(value: list[str] | float | None) -> str | int:
    if isinstance(value, list):
        return len(value)
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else value
