"""From bags to a model: the search for the iteration, the training that it calls for, and what came of it."""

import logging
from collections.abc import Collection, Sequence
from typing import Protocol, Self

import numpy as np

from wsstad.learning import diagnostics
from wsstad.learning.bags import Bag
from wsstad.learning.checkpoint import Checkpoint, State
from wsstad.learning.history import History
from wsstad.learning.parameters import LearnedParameters
from wsstad.learning.search import Part, Search
from wsstad.learning.training import Training, below
from wsstad.progress import Progress

log = logging.getLogger(__name__)


class Fittable(diagnostics.Scoring, Protocol):
    """A method that can be trained, more than once (see `learner`)."""

    parameters: LearnedParameters
    columns: tuple[str, ...]

    def untrained(self) -> Self:
        """Return the same method, not trained."""

    def start(self, bags: Sequence[Bag]) -> Training:
        """Return the training on `bags`, before its first iteration."""

    def project(self, bag: Bag) -> Bag:
        """Return a bag with features as the networks take them."""

    def mechanisms(self, bags: Sequence[Bag]) -> dict[str, float]:
        """Return what the mechanisms of the model do in projected training bags, by name."""

    def diagnose(self, rows: np.ndarray) -> list[str]:
        """Return what in the values of `columns` by iteration speaks against the model, a line each."""


def fit(
    method: Fittable,
    bags: Sequence[Bag],
    held_out: Sequence[Bag],
    folds: Sequence[Collection[str]],
    *,
    checkpoint: Checkpoint | None,
    label: str,
) -> History:
    """Train `method` on `bags` of whole tubes; bags of sub-tubes of videos left out choose the iteration.

    Without `folds` the videos of `held_out` are not those of `bags`. With them, each fold's videos are left out of one
    training, and the model learns from all of `bags`, for as many iterations as were best on average.
    """
    search = Search(_parts(method, bags, held_out, folds), method.parameters)
    saved = checkpoint.load() if checkpoint else None
    searched = saved is not None and saved[1]["phase"] == "model"
    if saved is not None:
        search.resume(saved, trainings=not searched)
        log.info("training goes on at iteration %d", search.iteration)
    if not searched:
        _search(search, checkpoint, label)
    if folds:
        training = method.start(bags)
        if saved is not None and searched:
            training.resume(below(saved[0], "model/"))
        _train(training, search, checkpoint, label)
        rows = training.rows()
    else:
        rows = search.parts[0].training.rows()
        search.keep_best()
    history = _history(method, rows, [method.project(bag) for bag in bags], held_out, search)
    for warning in history.warnings:
        log.warning("%s: %s", label, warning)
    return history


def _search(search: Search, checkpoint: Checkpoint | None, label: str) -> None:
    """Look for the iteration; the state is put away from time to time."""

    def state() -> State:
        arrays, facts = search.state()
        return arrays, {**facts, "phase": "search"}

    with Progress(label, search.options.max_iterations, "iterations", brief=True) as progress:
        progress.add(search.iteration)
        while not search.finished:
            search.advance()
            progress.add()
            if checkpoint:
                checkpoint.save_if_due(state)


def _train(training: Training, search: Search, checkpoint: Checkpoint | None, label: str) -> None:
    """Train for as many iterations as the search has found best; the state is put away from time to time."""

    def state() -> State:
        arrays, facts = search.result()
        return {**arrays, **{f"model/{name}": tensor for name, tensor in training.state().items()}}, {
            **facts,
            "phase": "model",
        }

    with Progress(f"{label}, on all videos", search.best_iteration, "iterations", brief=True) as progress:
        progress.add(training.iteration)
        while training.iteration < search.best_iteration:
            training.step()
            progress.add()
            if checkpoint:
                checkpoint.save_if_due(state)


def _history(
    method: Fittable, rows: np.ndarray, bags: Sequence[Bag], held_out: Sequence[Bag], search: Search
) -> History:
    """Return the course of a training, with what the mechanisms of its model do on its own bags."""
    labels = {bag.video: bag.label for bag in held_out}
    measured = {**method.mechanisms(bags), **diagnostics.memorisation(method, bags, search.scores, labels)}
    return History(
        columns=method.columns,
        rows=rows,
        curve=np.array(search.curve).reshape(-1, 3),
        chosen_iteration=search.best_iteration,
        chosen_vauc=search.best_vauc,
        scores=search.scores,
        measured=measured,
        warnings=(*method.diagnose(rows), *diagnostics.warnings(measured)),
    )


def _parts(
    method: Fittable, bags: Sequence[Bag], held_out: Sequence[Bag], folds: Sequence[Collection[str]]
) -> list[Part]:
    """Return the trainings of the search: the model's own, or one for each fold."""
    if not folds:
        training = method.start(bags)
        return [Part(training, [method.project(bag) for bag in held_out])]
    parts = []
    for left_out in folds:
        fresh = method.untrained()
        training = fresh.start([bag for bag in bags if bag.video not in left_out])
        parts.append(Part(training, [fresh.project(bag) for bag in held_out if bag.video in left_out]))
    return parts
