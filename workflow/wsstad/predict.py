"""Score the sub-tubes of every fold's test videos, and keep the boxes of those that may be chosen (section 3.4)."""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsstad import bags, cli, config, manifest, predictions, runs, stage_keys, storage
from wsstad.bags import BagReader, Request, View
from wsstad.errors import UserError
from wsstad.manifest import Row
from wsstad.methods import METHODS
from wsstad.predictions import VideoPrediction
from wsstad.progress import Progress
from wsstad.runs import Inputs, Run
from wsstad.storage import Artefact

log = logging.getLogger(__name__)

KIND = "predictions"
SIZE = manifest.size_column(manifest.ARTEFACT_SUFFIX)
COLUMNS = ("method", "seed", "fold", "key", "digest", "videos", "quarantined", "reasons", SIZE)

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


def main(argv: list[str] | None = None) -> None:
    """Bring the predictions of all methods, seeds and folds up to date and write their table last."""
    parser = runs.make_parser(__doc__)
    parser.add_argument("--models", type=Path, help="models.tsv of `train`; absent if no method is trained")
    args = parser.parse_args(argv)
    inputs = runs.read_inputs(args)
    models = _read_models(args.models)
    jobs = [_job(run, inputs, models, args) for run in inputs.runs()]
    digests = {job.path: digest for job in jobs if (digest := _standing(job))}
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
    key = stage_keys.predictions(
        run.variant,
        run.seed,
        model=model["digest"] if model else "",
        digests=inputs.digests(run.variant, videos),
        quarantined=runs.reasons(bad),
    )
    folder = run.folder(args.output.parent.parent / "predictions")
    return Job(run, videos, bad, model, key, manifest.artefact_path(folder, f"fold{run.fold}", key))


def _standing(job: Job) -> str | None:
    """Return the digest of the predictions that stand whole under their key, if they do."""
    if not job.path.exists():
        return None
    try:
        found = storage.read_artefact(job.path, kind=KIND)
    except storage.DamagedError as error:
        log.warning("%s; it is made again", error)
        return None
    return found.digest if found.key == job.key else None


def _predict_fold(jobs: Sequence[Job], inputs: Inputs, args: argparse.Namespace) -> dict[Path, str]:
    """Write the predictions of some runs on one fold, video by video; return their digests."""
    methods = [_make(job, args) for job in jobs]
    found: list[list[VideoPrediction]] = [[] for _ in jobs]
    videos = sorted({video for job in jobs for video in job.videos})
    with Progress(f"predict fold {jobs[0].run.fold}", len(videos), "videos") as progress:
        for video in videos:
            mine = [i for i, job in enumerate(jobs) if video in job.videos]
            views = {View.of(jobs[i].run.variant.parameters) for i in mine if jobs[i].run.variant.trained}
            made = bags.read_all(BagReader(inputs.manifests, {}), [Request(video, "sub_tubes", v) for v in views])
            tubes = bags.read_tubes(inputs.manifests["tubes"], video)
            for i in mine:
                variant = jobs[i].run.variant
                bag = made[Request(video, "sub_tubes", View.of(variant.parameters))] if variant.trained else None
                found[i].append(methods[i].predict(video, tubes, bag))
            progress.add()
    return {job.path: _write(job, method.selection, its) for job, method, its in zip(jobs, methods, found, strict=True)}


def _make(job: Job, args: argparse.Namespace) -> Any:
    """Return the method of a job, trained if it has a model; raise `UserError` when that is not the table's."""
    options = {"device": args.device, "threads": args.threads}
    if job.model is None:
        return job.run.variant.make(job.run.seed, **options)
    folder = job.run.folder(args.models.parent.parent / "models")
    path = manifest.artefact_path(folder, f"fold{job.run.fold}", job.model["key"], runs.MODEL_SUFFIX)
    try:
        tensors, meta, _ = storage.read_tensors(path)
        same = storage.tensors_digest(path) == job.model["digest"]
    except storage.DamagedError as error:
        raise UserError(f"{error}; delete it and run again") from error
    if not same:
        raise UserError(f"{path}: not what models.tsv says; delete it and run again")
    return config.load_class(METHODS[job.run.variant.type]).load(tensors, meta, **options)


def _write(job: Job, selection: str, found: Sequence[VideoPrediction]) -> str:
    arrays, videos = predictions.to_arrays(found)
    facts = {"selection": selection, "method": job.run.variant.type, "seed": job.run.seed}
    meta = {"videos": videos, "quarantined": runs.reasons(job.quarantined), **facts}
    return storage.write_artefact(job.path, Artefact(arrays, meta), kind=KIND, key=job.key)


def _row(job: Job, digest: str) -> dict[str, Any]:
    reasons = "; ".join(f"{video}: {reason}" for video, reason in runs.reasons(job.quarantined).items())
    counts = {"videos": len(job.videos), "quarantined": len(job.quarantined), SIZE: job.path.stat().st_size}
    return {**job.run.cells(), "key": job.key, "digest": digest, **counts, "reasons": reasons}


if __name__ == "__main__":
    cli.run(main)
