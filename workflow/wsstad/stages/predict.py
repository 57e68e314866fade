"""Score the sub-tubes of every fold's test videos, and keep the boxes of those that may be chosen (section 3.4)."""

from pathlib import Path

from wsstad import heartbeat
from wsstad.artefacts import manifest, seals, storage
from wsstad.errors import UserError
from wsstad.learning import runs
from wsstad.learning.runs import ModelRow, PredictionJob, Run
from wsstad.planning import run_jobs
from wsstad.progress import Progress
from wsstad.stages import run_inputs

SIZE = manifest.size_column(manifest.ARTEFACT_SUFFIX)
COLUMNS = ("method", "seed", "fold", "key", "digest", "videos", "quarantined", "reasons", SIZE)


def main(argv: list[str] | None = None) -> None:
    """Bring the predictions of all methods, seeds and folds up to date and write their table last."""
    parser = run_inputs.make_parser(__doc__)
    parser.add_argument("--models", type=Path, help="models.tsv of `train`; absent if no method is trained")
    args = parser.parse_args(argv)
    from wsstad.learning import prediction_jobs

    inputs = run_inputs.read_inputs(args)
    rows = storage.read_table(args.models) if args.models else []
    models: dict[tuple[str, str, str], ModelRow] = {(row["method"], row["seed"], row["fold"]): row for row in rows}
    jobs = [run_jobs.prediction_job(run, inputs, args.output, models.get(_name(run))) for run in inputs.runs()]
    for job in jobs:
        _check(job, f"{args.tables}: split {args.split}", f"{args.models or '--models'}")
    digests = {job.path: digest for job in jobs if (digest := prediction_jobs.cached(job))}
    missing = [job for job in jobs if job.path not in digests]
    heartbeat.plan("predict", "folds of runs", len(jobs), to_do=len(missing), unchanged=len(digests))
    with Progress("predict", len(missing), "folds of runs", brief=True) as progress:
        for fold in sorted({job.run.fold for job in missing}):
            of_fold = [job for job in missing if job.run.fold == fold]
            progress.step = len(of_fold)
            options = {"device": args.device, "threads": args.threads}
            digests |= prediction_jobs.predict_fold(of_fold, inputs, args.output, **options)
            progress.add(progress.step)
    storage.write_table(args.output, [_row(job, digests[job.path]) for job in jobs], COLUMNS)
    seals.seal(args.output)


def _name(run: Run) -> tuple[str, str, str]:
    return run.variant.name, str(run.seed), str(run.fold)


def _check(job: PredictionJob, split: str, models: str) -> None:
    """Raise `UserError` unless there are test videos left, and a model where the method has one."""
    if not job.videos:
        raise UserError(f"{split}, fold {job.run.fold}: no test video is left")
    if job.run.variant.trained and job.model is None:
        raise UserError(f"{models}: no model of {job.run}")


def _row(job: PredictionJob, digest: str) -> dict[str, str | int]:
    reasons = "; ".join(f"{video}: {reason}" for video, reason in runs.reasons(job.quarantined).items())
    counts = {"videos": len(job.videos), "quarantined": len(job.quarantined), SIZE: job.path.stat().st_size}
    return {**job.run.cells(), "key": job.key, "digest": digest, **counts, "reasons": reasons}
