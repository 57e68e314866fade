"""The jobs of `train` and `predict`: what each run reads, its key, and its file; for the stages and for `why`."""

from pathlib import Path

from wsstad.artefacts import manifest, run_files
from wsstad.learning import runs
from wsstad.learning.runs import Inputs, ModelJob, ModelRow, PredictionJob, Run
from wsstad.planning import artefact_keys


def model_job(run: Run, inputs: Inputs, table: Path) -> ModelJob:
    """Return the training of a run, whose model is a row of ``models.tsv`` at `table`."""
    videos, bad = inputs.part(run, "train")
    # The labels that anything may see here are those of the training videos of the fold.
    labels = {video: inputs.labels[video] for video in videos}
    groups = {video: inputs.groups[video] for video in videos if inputs.groups.get(video)}
    digests = inputs.digests(run.variant, videos)
    key = artefact_keys.model(run.variant, run.seed, labels=labels, groups=groups, digests=digests)
    folder = run_files.folder(table, "models", run.variant.name, run.seed)
    path = manifest.artefact_path(folder, run_files.stem(run.fold), key, run_files.MODEL_SUFFIX)
    return ModelJob(run, labels, groups, len(bad), key, path)


def prediction_job(run: Run, inputs: Inputs, table: Path, model: ModelRow | None) -> PredictionJob:
    """Return the scoring of a run's test videos by `model`; it is a row of ``predictions.tsv`` at `table`."""
    videos, bad = inputs.part(run, "test")
    key = artefact_keys.predictions(
        run.variant,
        run.seed,
        model=model["digest"] if model else "",
        digests=inputs.digests(run.variant, videos),
        quarantined=runs.reasons(bad),
    )
    folder = run_files.folder(table, "predictions", run.variant.name, run.seed)
    path = manifest.artefact_path(folder, run_files.stem(run.fold), key)
    return PredictionJob(run, videos, bad, model, key, path)
