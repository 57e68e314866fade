"""Train a method on every fold of a split, from video labels alone (section 3.3)."""

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsstad import cli, config, keys, runs, storage
from wsstad.bags import BagReader
from wsstad.errors import UserError
from wsstad.methods import METHODS, REFERENCES

log = logging.getLogger(__name__)

COLUMNS = (
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
)


def main(argv: list[str] | None = None) -> None:
    """Bring the model of every fold up to date and write the table of the models last."""
    parser = runs.make_parser(__doc__)
    parser.add_argument("--checkpoint-seconds", type=float, default=20.0, help="time between two saves of the state")
    args = parser.parse_args(argv)
    inputs = runs.read_inputs(args)
    if inputs.type in REFERENCES:
        raise UserError(f"{args.method}: {inputs.type} is not trained")
    # The labels that anything may see here are those of the training videos of some fold.
    training = {video for fold in inputs.folds for video in inputs.part(fold, "train")[0]}
    labels = {video: inputs.labels[video] for video in training}
    reader = BagReader(inputs.manifests, labels, inputs.parameters)
    rows = [_fold_row(fold, inputs, reader, args) for fold in inputs.folds]
    storage.write_table(args.output / "models.tsv", rows, COLUMNS)


def _fold_row(fold: int, inputs: runs.Inputs, reader: BagReader, args: argparse.Namespace) -> dict[str, Any]:
    """Return the row of a fold's model, which is trained unless it stands under its key."""
    videos, bad = inputs.part(fold, "train")
    found = {reader.labels[video] for video in videos}
    if len(found) < 2:
        only = ", ".join(found) or "no"
        raise UserError(
            f"{args.tables}: split {args.split}, fold {fold}: {only} training videos are left; both labels are needed"
        )
    digests = inputs.digests(videos)
    key = keys.make_key(
        "train",
        code=keys.code_digest("wsstad.train", inputs.module),
        parameters={"method": inputs.parameters, "seed": args.seed},
        inputs={video: [reader.labels[video], *digests[video]] for video in videos},
    )
    path = runs.model_path(args.output, fold, key)
    standing = _standing(path, fold, key)
    if standing is None:
        log.info("train: fold %d, %d videos, seed %d", fold, len(videos), args.seed)
        standing = _train(path, fold, key, args=args, reader=reader, videos=videos, inputs=inputs)
    else:
        log.info("train: fold %d is unchanged", fold)
    digest, facts = standing
    return {"fold": fold, "key": key, "digest": digest, "quarantined": len(bad), **_cells(facts)}


def _standing(path: Path, fold: int, key: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return digest and facts of the model that stands whole under `key`, if one does."""
    if not path.exists() or not _history(path).exists():
        return None
    try:
        _, meta, found = storage.read_tensors(path)
    except storage.DamagedError as error:
        log.warning("%s; it is made again", error)
        return None
    digest = storage.file_digest(path)
    table = path.parent / "models.tsv"
    for row in storage.read_table(table) if table.exists() else []:
        if (row["fold"], row["key"]) == (str(fold), key) and row["digest"] != digest:
            log.warning("%s is not what models.tsv says; it is made again", path)
            return None
    return (digest, meta["training"]) if found == key else None


def _train(
    path: Path,
    fold: int,
    key: str,
    *,
    args: argparse.Namespace,
    reader: BagReader,
    videos: list[str],
    inputs: runs.Inputs,
) -> tuple[str, Mapping[str, Any]]:
    """Train the model of a fold; return its digest and the facts of its training."""
    from wsstad.methods.checkpoint import Checkpoint
    from wsstad.methods.training import hold_out

    labels = {video: reader.labels[video] for video in videos}
    held_out = hold_out(labels, inputs.parameters["held_out"], args.seed)
    checkpoint = Checkpoint(path.with_suffix(".state.safetensors"), key, args.checkpoint_seconds)
    checkpoint.remove_others(f"fold{fold}.*.state.safetensors", f".fold{fold}.*.tmp")
    method = config.load_class(METHODS[inputs.type])(
        inputs.parameters, seed=args.seed, device=args.device, threads=args.threads
    )
    history = method.fit(
        [reader.training(video) for video in videos if video not in held_out],
        [reader.inference(video) for video in held_out],
        checkpoint=checkpoint,
        label=f"train fold {fold}",
    )
    history.write(_history(path))
    facts = {
        "chosen_iteration": history.chosen_iteration,
        "held_out_vauc": history.chosen_vauc,
        "last_iteration": history.last_iteration,
        "last_vauc": history.last_vauc,
        "training_videos": videos,
        "held_out_videos": held_out,
    }
    tensors, meta = method.save()
    digest = storage.write_tensors(path, tensors, {**meta, "training": facts}, key=key)
    checkpoint.remove()
    return digest, facts


def _history(path: Path) -> Path:
    return path.with_suffix(".history.tsv")


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
