"""Evaluation of a table: every method over all its seeds, and those compared that the table declares."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from wsstad.errors import DamagedError, UserError
from wsstad.evaluation import branches, method_runs
from wsstad.evaluation.assessment import Assessment, Identity, Options, assess
from wsstad.evaluation.cases import TestSet
from wsstad.evaluation.comparisons import compare
from wsstad.evaluation.results import BlockResult, Family
from wsstad.progress import Progress


def evaluate(
    predictions: Path,
    test_set: TestSet,
    options: Options,
    identify: Callable[[str], Identity],
    family: Family | None = None,
    branched: Collection[str] = (),
) -> BlockResult:
    """Return what is measured of every method of a table of `predictions`; `identify` names one in its block.

    `family` is what is compared; each branch of the methods `branched` has a row after them, which is not.
    """
    assessed: list[Assessment] = []
    methods = method_runs.methods(predictions)
    with Progress("evaluate", len(methods), "methods") as progress:
        for method in progress.each(methods):
            predicted = method_runs.read(predictions, method, test_set.expected)
            try:
                assessed.append(assess(predicted, test_set, options, identify(method)))
                for name, alone in branches.split(predicted, test_set) if method in branched else ():
                    row = assess(alone, test_set, options, identify(f"{method}:{name}"))
                    assessed.append(replace(row, result=replace(row.result, branch_of=method)))
            except DamagedError:
                raise
            except UserError as error:
                raise UserError(f"{predictions}: {method}: {error}") from error
    results = tuple(assessment.result for assessment in assessed)
    if family is None:
        return BlockResult(results=results, comparisons=())
    try:
        compared = compare(assessed, family, thresholds=options.thresholds, resampling=options.resampling)
    except UserError as error:
        raise UserError(f"{predictions}: {error}") from error
    return BlockResult(results=results, comparisons=compared, family=family)


def describe_features(extractor: Mapping[str, object]) -> str:
    """Return in words where the weights of an extractor come from, so that no table hides that they are random."""
    kind = str(extractor.get("type", "unknown"))
    if extractor.get("motion") is False:
        kind += " of one frame, repeated"
    if extractor.get("weights"):
        return f"{kind}, weights of {Path(str(extractor['weights'])).name}"
    if extractor.get("seed") is not None:
        return f"{kind}, not trained: random weights of seed {extractor['seed']}"
    if kind == "patches":
        return "patches, pixels without a network"
    return f"{kind}, the weights of its package"
