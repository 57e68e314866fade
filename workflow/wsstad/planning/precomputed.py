"""Where the boxes of a precomputed detector lie."""

from pathlib import Path

from wsstad.errors import UserError
from wsstad.perception.detectors.parameters import PrecomputedParameters
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


def check(plan: Plan) -> None:
    """Raise `UserError` unless the boxes of every precomputed detector are there."""
    for block in plan.blocks():
        boxes(plan, block.dataset, block.detector)
