"""What others made already: the boxes of a precomputed detector, the features that a dataset comes as."""

from pathlib import Path

from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception.detectors.parameters import PrecomputedParameters
from wsstad.planning import dataset_tables
from wsstad.planning.plan import Plan


def boxes(plan: Plan, dataset: str, detector: str) -> Path | None:
    """Return the file or folder that a precomputed detector has a dataset's boxes from; nothing for any other.

    Raises `UserError` where nothing is there.
    """
    parameters = plan.parameters("detectors", detector)
    if not isinstance(parameters, PrecomputedParameters):
        return None
    path = Path(plan.source(dataset), parameters.path)
    if not path.exists():
        where = f"{plan.variant('detectors', detector)}: path"
        raise UserError(f"{where}: {parameters.path!r} is not under {plan.source(dataset)}, the source of {dataset}")
    return path


def features(plan: Plan, dataset: str) -> Json | None:
    """Return how the features that a dataset comes as are written; None for one of videos, and for footage."""
    if dataset in plan.footage:
        return None
    return dataset_tables.read_features(plan.tables(dataset), Path(plan.source(dataset)))


def has_pixels(plan: Plan, dataset: str) -> bool:
    """Return whether the report may show pictures of a dataset."""
    return plan.config["report"]["pixels"] and not features(plan, dataset)


def check(plan: Plan) -> None:
    """Raise `UserError` unless precomputed boxes are there, and features go with the variants for features."""
    for block in plan.blocks():
        boxes(plan, block.dataset, block.detector)
        comes_as_features = features(plan, block.dataset) is not None
        for family, name, kind in (("extractors", block.extractor, "ready"), ("detectors", block.detector, "none")):
            is_kind = plan.parameters(family, name).type == kind
            if comes_as_features and not is_kind:
                raise UserError(
                    f"{plan.where}: {family}: {name!r}: {block.dataset} comes as features; allowed: the type {kind!r}"
                )
            if is_kind and kind == "ready" and not comes_as_features:
                where = plan.tables(block.dataset) / "dataset.yaml"
                raise UserError(f"{plan.where}: {family}: {name!r}: {where} has no key 'features'")
