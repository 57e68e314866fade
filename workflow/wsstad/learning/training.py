"""Training of any learned method: mini-batches, choice of the iteration on held-out training videos, resumption."""

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from wsstad.artefacts import storage
from wsstad.jsonable import Json
from wsstad.learning.bags import Bag
from wsstad.learning.batches import HOLD_OUT, Batch, Batches
from wsstad.learning.checkpoint import Checkpoint, State
from wsstad.learning.optimisers import load_state, save_state
from wsstad.learning.parameters import GradientParameters, LearnedParameters
from wsstad.progress import Progress

log = logging.getLogger(__name__)

HELD_OUT_COLUMNS = ("held_out_vauc", "held_out_cross_entropy")


class Learner(Protocol):
    """What can be trained: networks, their optimisers, one step, and the scores of a bag.

    `memory` is what a step leaves for later ones beside these: saved with the state, not with the model.
    """

    networks: nn.ModuleDict
    optimisers: dict[str, Optimizer]
    memory: dict[str, Tensor]
    columns: tuple[str, ...]

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Do one training step; return the values of `columns` as a vector."""

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return scores (s,) and branch scores (s, b) of the instances of a bag."""


@dataclass(frozen=True)
class History:
    """What happened in a training: one row an iteration, the first cell its number; and which iteration was taken."""

    columns: tuple[str, ...]
    rows: np.ndarray
    chosen_iteration: int
    chosen_vauc: float | None

    @property
    def last_iteration(self) -> int:
        """The number of iterations that were done."""
        return len(self.rows)

    @property
    def last_vauc(self) -> float | None:
        """The held-out VAUC after the last iteration."""
        return None if np.isnan(self.rows[-1, -2]) else float(self.rows[-1, -2])

    def write(self, path: Path) -> None:
        """Write the rows as a table; a value that was not taken is an empty cell."""
        cells = [["" if np.isnan(value) else f"{value:.6g}" for value in row] for row in self.rows.tolist()]
        storage.write_table(path, [dict(zip(self.columns, row, strict=True)) for row in cells], self.columns)


def hold_out(labels: Mapping[str, str], fraction: float, seed: int) -> list[str]:
    """Return the training videos that only choose the iteration: a `fraction` of each label, one at least.

    The list is empty when a label has fewer than two videos, or `fraction` is 0.
    """
    chosen: list[str] = []
    for stream, label in enumerate(("normal", "abnormal")):
        videos = sorted(video for video, its in labels.items() if its == label)
        if len(videos) < 2 or not fraction:
            return []
        count = min(max(round(fraction * len(videos)), 1), len(videos) - 1)
        order = np.random.default_rng([seed, HOLD_OUT, stream]).permutation(len(videos))
        chosen += [videos[i] for i in order[:count]]
    return sorted(chosen)


def video_auc(scores: np.ndarray, abnormal: np.ndarray) -> float:
    """Return the share of (abnormal, normal) pairs of videos that `scores` order rightly, ties counted half (VAUC)."""
    difference = scores[abnormal][:, None] - scores[~abnormal][None, :]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


class Training:
    """One training of a learner; `options` are the parameters of its method, `bags` and `held_out` its videos.

    All of its state is iteration, networks, optimisers, memory, history and the best so far: randomness is a function
    of seed and iteration (see `batches`).
    """

    def __init__(
        self,
        learner: Learner,
        bags: Sequence[Bag],
        held_out: Sequence[Bag],
        *,
        options: LearnedParameters,
        seed: int,
        device: str,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.learner, self.held_out, self.options, self.checkpoint = learner, held_out, options, checkpoint
        # A method without mini-batches sees all instances of all bags in every iteration.
        sizes = (sys.maxsize, sys.maxsize)
        if isinstance(options, GradientParameters):
            sizes = options.batch_bags, options.max_instances
        self.batches = Batches(bags, batch_bags=sizes[0], max_instances=sizes[1], seed=seed, device=device)
        self.columns = ("iteration", *learner.columns, *HELD_OUT_COLUMNS)
        self.iteration = 0
        self.rows: list[list[float]] = []
        self.best: Json = {"iteration": 0, "rank": [], "evaluations_since": 0}
        self._best_networks: dict[str, Tensor] = {}
        self._pending: list[Tensor] = []

    def run(self, label: str = "train") -> History:
        """Train to the end and leave the chosen iteration's networks in the learner."""
        self._resume()
        with Progress(label, self.options.max_iterations, "iterations", brief=True) as progress:
            progress.add(self.iteration)
            while not self._finished():
                batch, generator = self.batches.batch(self.iteration), self.batches.generator(self.iteration)
                self._pending.append(self.learner.step(batch, generator, self.iteration))
                self.iteration += 1
                progress.add()
                if self.iteration % self.options.evaluate_every == 0 or self._at_limit():
                    self._evaluate()
                if self.checkpoint:
                    self.checkpoint.save_if_due(self._state)
        return self._end()

    def _at_limit(self) -> bool:
        return self.iteration >= self.options.max_iterations

    def _finished(self) -> bool:
        return self._at_limit() or self.best["evaluations_since"] >= self.options.patience

    def _evaluate(self) -> None:
        """Note how well the held-out videos are told apart, and keep the networks when they never did it better."""
        self._flush()
        if not self.held_out:
            return
        scores = np.array([self.learner.score_features(bag)[0].max() for bag in self.held_out], dtype=np.float64)
        abnormal = np.array([bag.label == "abnormal" for bag in self.held_out])
        vauc = video_auc(scores, abnormal)
        right = np.clip(np.where(abnormal, scores, 1 - scores), 1e-7, None)
        cross_entropy = float(-np.log(right).mean())
        self.rows[-1][-2:] = [vauc, cross_entropy]
        # Paper is silent on when to stop: the highest VAUC of held-out training videos, then the lower cross entropy.
        rank = [vauc, -cross_entropy]
        if rank > self.best["rank"]:
            self.best = {"iteration": self.iteration, "rank": rank, "evaluations_since": 0}
            self._best_networks = {name: its.clone() for name, its in self.learner.networks.state_dict().items()}
        else:
            self.best["evaluations_since"] += 1

    def _flush(self) -> None:
        """Take the values of the steps since the last time off the device; refuse any that is not finite."""
        if not self._pending:
            return
        first = len(self.rows) + 1
        for number, values in enumerate(torch.stack(self._pending).cpu().tolist(), start=first):
            if not np.isfinite(values).all():
                raise FloatingPointError(f"iteration {number}: the losses are {values}")
            self.rows.append([float(number), *values, np.nan, np.nan])
        self._pending = []

    def _end(self) -> History:
        self._flush()
        rows = np.array(self.rows)
        if not self.held_out:
            return History(self.columns, rows, self.iteration, None)
        self.learner.networks.load_state_dict(self._best_networks)
        return History(self.columns, rows, self.best["iteration"], self.best["rank"][0])

    def _state(self) -> State:
        self._flush()
        tensors = {f"network/{name}": its for name, its in self.learner.networks.state_dict().items()}
        tensors |= {f"best/{name}": its for name, its in self._best_networks.items()}
        for name, optimiser in self.learner.optimisers.items():
            tensors |= {f"optimiser/{name}/{part}": its for part, its in save_state(optimiser).items()}
        tensors |= {f"memory/{name}": its for name, its in self.learner.memory.items()}
        arrays = {name: its.detach().cpu().numpy() for name, its in tensors.items()}
        return {**arrays, "rows": np.array(self.rows)}, {"iteration": self.iteration, "best": self.best}

    def _resume(self) -> None:
        found = self.checkpoint.load() if self.checkpoint else None
        if found is None:
            return
        arrays, meta = dict(found[0]), found[1]
        self.iteration, self.best, self.rows = meta["iteration"], meta["best"], arrays.pop("rows").tolist()
        device = self.batches.device
        tensors = {name: torch.from_numpy(its).to(device) for name, its in arrays.items()}
        self.learner.networks.load_state_dict(_below(tensors, "network/"))
        self._best_networks = _below(tensors, "best/")
        self.learner.memory = _below(tensors, "memory/")
        for name, optimiser in self.learner.optimisers.items():
            load_state(optimiser, _below(tensors, f"optimiser/{name}/"))
        log.info("training goes on at iteration %d", self.iteration)


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): its for name, its in tensors.items() if name.startswith(prefix)}
