"""Branches: what each branch of a method says by itself, from the scores that its predictions keep."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation.cases import TestSet
from wsstad.evaluation.method_runs import MethodRuns
from wsstad.structures.predictions import VideoPrediction


def split(predicted: MethodRuns, test_set: TestSet) -> Iterator[tuple[str, MethodRuns]]:
    """Yield name and runs of each branch: the top-1 and all scores are its own, and no threshold is known of them.

    Raises `UserError` of a method that has none.
    """
    names = predicted.first.branches
    if len(names) < 2 or any(seed.branches != names for seed in predicted.all):
        raise UserError("its branches cannot be rows: it has fewer than two, or its seeds have others")
    for number, name in enumerate(names):
        seeds = {}
        for key, seed in predicted.seeds.items():
            rows = {test: _alone(row, number, test_set) for test, row in seed.predictions.items()}
            seeds[key] = replace(seed, predictions=rows, curves={}, branches=())
        yield name, MethodRuns(seeds)


def _alone(prediction: VideoPrediction, number: int, test_set: TestSet) -> VideoPrediction:
    """Return a prediction as a branch would have made it, with the boxes of its own top-1."""
    scores = prediction.branch_scores[:, number]
    top1 = int(np.argmax(scores))
    boxes = {top1: test_set.candidates(prediction)[top1]}
    return replace(
        prediction,
        scores=scores,
        branch_scores=np.zeros((len(scores), 0), dtype=np.float32),
        candidates=boxes,
        attention=np.zeros((len(scores), 0), dtype=np.float32),
    )
