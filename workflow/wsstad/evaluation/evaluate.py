"""Evaluation of a table: every method over all its seeds, and any two of them compared."""

from collections.abc import Callable, Mapping
from pathlib import Path

from wsstad.errors import UserError
from wsstad.evaluation import method_runs
from wsstad.evaluation.assessment import Assessment, Identity, Options, assess
from wsstad.evaluation.cases import TestSet
from wsstad.evaluation.comparisons import compare
from wsstad.evaluation.results import BlockResult
from wsstad.progress import Progress


def evaluate(
    predictions: Path, test_set: TestSet, options: Options, identify: Callable[[str], Identity]
) -> BlockResult:
    """Return what is measured of every method of a table of `predictions`; `identify` names one in its block."""
    assessed: list[Assessment] = []
    methods = method_runs.methods(predictions)
    with Progress("evaluate", len(methods), "methods") as progress:
        for method in progress.each(methods):
            predicted = method_runs.read(predictions, method, test_set.expected)
            try:
                assessed.append(assess(predicted, test_set, options, identify(method)))
            except UserError as error:
                raise UserError(f"{predictions}: {method}: {error}") from error
    compared = compare(assessed, thresholds=options.thresholds, resampling=options.resampling)
    return BlockResult(results=tuple(assessment.result for assessment in assessed), comparisons=compared)


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
