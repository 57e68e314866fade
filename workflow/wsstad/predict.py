"""Score the sub-tubes of every fold's test videos, and keep the boxes of those that may be chosen (section 3.4)."""

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsstad import cli, config, keys, predictions, runs, storage
from wsstad.bags import BagReader, read_tubes
from wsstad.errors import UserError
from wsstad.manifest import Row
from wsstad.methods import METHODS, REFERENCES
from wsstad.progress import Progress
from wsstad.storage import Artefact

log = logging.getLogger(__name__)

KIND = "predictions"
COLUMNS = ("fold", "key", "digest", "videos", "quarantined", "reasons")


def main(argv: list[str] | None = None) -> None:
    """Bring the predictions of every fold up to date and write their table last."""
    parser = runs.make_parser(__doc__)
    parser.add_argument("--models", type=Path, help="models.tsv of the run; absent for a method that is not trained")
    args = parser.parse_args(argv)
    inputs = runs.read_inputs(args)
    models = _read_models(args.models, inputs)
    reader = BagReader(inputs.manifests, {}, inputs.parameters) if models else None
    rows = [_fold_row(fold, inputs, reader, args=args, model=models.get(fold)) for fold in inputs.folds]
    storage.write_table(args.output / "predictions.tsv", rows, COLUMNS)


def _read_models(path: Path | None, inputs: runs.Inputs) -> dict[int, dict[str, str]]:
    """Return the rows of models.tsv by fold; none for a method that is not trained."""
    if inputs.type in REFERENCES:
        return {}
    if path is None:
        raise UserError(f"{inputs.type} needs --models")
    models = {int(row["fold"]): row for row in storage.read_table(path)}
    missing = inputs.folds.keys() - models.keys()
    if missing:
        raise UserError(f"{path}: no model of fold {', '.join(map(str, sorted(missing)))}")
    return models


def _fold_row(
    fold: int,
    inputs: runs.Inputs,
    reader: BagReader | None,
    *,
    args: argparse.Namespace,
    model: Mapping[str, str] | None,
) -> dict[str, Any]:
    """Return the row of a fold's predictions, which are made unless they stand under their key."""
    videos, bad = inputs.part(fold, "test")
    if not videos:
        raise UserError(f"{args.tables}: split {args.split}, fold {fold}: no test video is left")
    reasons = {video: f"{row.code} {row.reason}" for video, row in sorted(bad.items())}
    key = keys.make_key(
        "predict",
        code=keys.code_digest("wsstad.predict", inputs.module),
        parameters={"method": inputs.parameters, "seed": args.seed},
        inputs={"model": model["digest"] if model else "", "videos": inputs.digests(videos), "quarantined": reasons},
    )
    path = args.output / f"fold{fold}.predictions.{key[:12]}.h5"
    digest = _standing(path, key)
    if digest is None:
        made = _predict(fold, videos, inputs, args=args, reader=reader, model=model)
        made.meta["quarantined"] = reasons
        digest = storage.write_artefact(path, made, kind=KIND, key=key)
    else:
        log.info("predict: fold %d is unchanged", fold)
    cells = {"fold": fold, "key": key, "digest": digest, "videos": len(videos), "quarantined": len(bad)}
    return {**cells, "reasons": _one_line(bad)}


def _standing(path: Path, key: str) -> str | None:
    """Return the digest of the predictions that stand whole under `key`, if they do."""
    if not path.exists():
        return None
    try:
        found = storage.read_artefact(path, kind=KIND)
    except storage.DamagedError as error:
        log.warning("%s; it is made again", error)
        return None
    return found.digest if found.key == key else None


def _predict(
    fold: int,
    videos: list[str],
    inputs: runs.Inputs,
    *,
    args: argparse.Namespace,
    reader: BagReader | None,
    model: Mapping[str, str] | None,
) -> Artefact:
    """Return the predictions of the test videos of a fold."""
    method = config.load_class(METHODS[inputs.type])
    options = {"device": args.device, "threads": args.threads}
    if model is None:
        made = method(inputs.parameters, seed=args.seed, **options)
    else:
        made = method.load(*_load(runs.model_path(args.models.parent, fold, model["key"]), model), **options)
    result = []
    with Progress(f"predict fold {fold}", len(videos), "videos") as progress:
        for video in videos:
            bag = reader.inference(video) if reader else None
            result.append(made.predict(video, read_tubes(inputs.manifests["tubes"], video), bag))
            progress.add()
    arrays, order = predictions.to_arrays(result)
    return Artefact(arrays, {"videos": order, "selection": made.selection, "method": inputs.type, "seed": args.seed})


def _load(path: Path, model: Mapping[str, str]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return tensors and facts of a model; raise `UserError` when it is not the one that the table names."""
    if not path.exists() or storage.file_digest(path) != model["digest"]:
        raise UserError(f"{path}: missing, or not what models.tsv says; delete models.tsv and run again")
    tensors, meta, _ = storage.read_tensors(path)
    return tensors, meta


def _one_line(bad: Mapping[str, Row]) -> str:
    return "; ".join(f"{video}: {row.code} {row.reason}" for video, row in sorted(bad.items()))


if __name__ == "__main__":
    cli.run(main)
