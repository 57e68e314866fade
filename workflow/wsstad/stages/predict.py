"""Score the sub-tubes of every fold's test videos, and keep the boxes of those that may be chosen (section 3.4)."""

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wsstad.artefacts import manifest, readers, storage
from wsstad.errors import UserError
from wsstad.learning import bags, prediction_jobs, runs
from wsstad.learning.bags import BagReader, Request, View
from wsstad.learning.prediction_jobs import Job, Model, Scorer
from wsstad.learning.runs import Inputs, Run
from wsstad.planning import artefact_keys
from wsstad.progress import Progress
from wsstad.stages import run_inputs

log = logging.getLogger(__name__)

SIZE = manifest.size_column(manifest.ARTEFACT_SUFFIX)
COLUMNS = ("method", "seed", "fold", "key", "digest", "videos", "quarantined", "reasons", SIZE)


def main(argv: list[str] | None = None) -> None:
    """Bring the predictions of all methods, seeds and folds up to date and write their table last."""
    parser = run_inputs.make_parser(__doc__)
    parser.add_argument("--models", type=Path, help="models.tsv of `train`; absent if no method is trained")
    args = parser.parse_args(argv)
    inputs = run_inputs.read_inputs(args)
    models = _read_models(args.models)
    jobs = [_job(run, inputs, models, args) for run in inputs.runs()]
    digests = {job.path: digest for job in jobs if (digest := prediction_jobs.standing(job))}
    missing = [job for job in jobs if job.path not in digests]
    log.info("predict: %d folds of runs, %d to do, %d unchanged", len(jobs), len(missing), len(digests))
    for fold in sorted({job.run.fold for job in missing}):
        digests |= _predict_fold([job for job in missing if job.run.fold == fold], inputs, args)
    storage.write_table(args.output, [_row(job, digests[job.path]) for job in jobs], COLUMNS)


def _read_models(path: Path | None) -> dict[tuple[str, str, str], Model]:
    """Return the rows of models.tsv by method, seed and fold."""
    rows = storage.read_table(path) if path else []
    return {(row["method"], row["seed"], row["fold"]): row for row in rows}


def _job(run: Run, inputs: Inputs, models: Mapping[tuple[str, str, str], Model], args: argparse.Namespace) -> Job:
    videos, bad = inputs.part(run, "test")
    if not videos:
        raise UserError(f"{args.tables}: split {args.split}, fold {run.fold}: no test video is left")
    model = models.get((run.variant.name, str(run.seed), str(run.fold)))
    if run.variant.trained and model is None:
        raise UserError(f"{args.models or '--models'}: no model of {run}")
    key = artefact_keys.predictions(
        run.variant,
        run.seed,
        model=model["digest"] if model else "",
        digests=inputs.digests(run.variant, videos),
        quarantined=runs.reasons(bad),
    )
    folder = run.folder(args.output.parent.parent / "predictions")
    return Job(run, videos, bad, model, key, manifest.artefact_path(folder, f"fold{run.fold}", key))


def _predict_fold(jobs: Sequence[Job], inputs: Inputs, args: argparse.Namespace) -> dict[Path, str]:
    """Write the predictions of some runs on one fold, video by video; return their digests."""
    models = args.output.parent.parent / "models"
    scorers = [prediction_jobs.make_scorer(job, models, device=args.device, threads=args.threads) for job in jobs]
    videos = sorted({video for job in jobs for video in job.videos})
    with Progress(f"predict fold {jobs[0].run.fold}", len(videos), "videos") as progress:
        for video in videos:
            _predict_video(video, [its for its in scorers if video in its.job.videos], inputs)
            progress.add()
    fps = {video: readers.read_fps(inputs.manifests["frames"], video) for video in videos}
    return {its.job.path: its.write(fps) for its in scorers}


def _predict_video(video: str, scorers: Sequence[Scorer], inputs: Inputs) -> None:
    """Have all `scorers` predict one video, whose features are read once."""
    views = {View.of(its.job.run.variant.parameters) for its in scorers if its.job.model}
    made = bags.read_all(BagReader(inputs.manifests, {}), [Request(video, "inference", view) for view in views])
    tubes = readers.read_tubes(inputs.manifests["tubes"], video)
    for its in scorers:
        variant, more = its.job.run.variant, dict[str, Any]()
        if variant.trained:
            more["bag"] = made[Request(video, "inference", View.of(variant.parameters))]
        if "detections" in inputs.needed(variant):
            more["detections"] = readers.read_arrays(inputs.manifests["detections"], video, "detections")
        its.found.append(its.method.predict(video, tubes, **more))


def _row(job: Job, digest: str) -> dict[str, Any]:
    reasons = "; ".join(f"{video}: {reason}" for video, reason in runs.reasons(job.quarantined).items())
    counts = {"videos": len(job.videos), "quarantined": len(job.quarantined), SIZE: job.path.stat().st_size}
    return {**job.run.cells(), "key": job.key, "digest": digest, **counts, "reasons": reasons}
