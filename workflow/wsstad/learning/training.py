"""One training of a learned method: mini-batches step by step, from a state that can be put away and taken up again."""

import sys
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch, Batches
from wsstad.learning.optimisers import load_state, save_state
from wsstad.learning.parameters import GradientParameters, LearnedParameters

Value = TypeVar("Value")


class Learner(Protocol):
    """What can be trained: networks, their optimisers, one step, and the scores of a bag.

    `buffers` are what a step leaves for later ones beside these: saved with the state, not with the model.
    """

    networks: nn.ModuleDict
    optimisers: dict[str, Optimizer]
    buffers: dict[str, Tensor]
    columns: tuple[str, ...]

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Do one training step; return the values of `columns` as a vector."""

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return scores (s,) and branch scores (s, b) of the instances of a bag."""

    def choosable(self, iteration: int) -> bool:
        """Return whether a model of so many iterations is what the method is about."""

    def preference(self, bags: Sequence[Bag], scores: Sequence[np.ndarray]) -> list[float]:
        """Return what the choice of the iteration maximises on bags that were not learned from, first things first."""


class Training:
    """One training of a learner on its bags.

    All of its state is networks, optimisers, buffers and rows, one an iteration: randomness is a function of seed and
    iteration (see `batches`).
    """

    def __init__(
        self, learner: Learner, bags: Sequence[Bag], *, options: LearnedParameters, seed: int, device: str
    ) -> None:
        self.learner = learner
        # A method without mini-batches sees all instances of all bags in every iteration.
        sizes = {"batch_bags": sys.maxsize, "max_instances": sys.maxsize}
        if isinstance(options, GradientParameters):
            sizes = {"batch_bags": options.batch_bags, "max_instances": options.max_instances}
        self.batches = Batches(bags, **sizes, seed=seed, device=device)
        self.iteration = 0
        self._rows: list[list[float]] = []
        self._pending: list[Tensor] = []

    def step(self) -> None:
        """Do the next iteration."""
        batch, generator = self.batches.batch(self.iteration), self.batches.generator(self.iteration)
        self._pending.append(self.learner.step(batch, generator, self.iteration))
        self.iteration += 1

    def rows(self) -> np.ndarray:
        """Return the values of the learner's columns in each iteration, (n, columns).

        Raises `FloatingPointError` where one is not finite.
        """
        if self._pending:
            # Taken off the device together: one by one would stop a GPU in each step.
            for values in torch.stack(self._pending).cpu().tolist():
                if not np.isfinite(values).all():
                    raise FloatingPointError(f"iteration {len(self._rows) + 1}: the losses are {values}")
                self._rows.append(values)
            self._pending = []
        return np.array(self._rows).reshape(-1, len(self.learner.columns))

    def networks(self) -> dict[str, Tensor]:
        """Return a copy of the weights as they are."""
        return {name: tensor.clone() for name, tensor in self.learner.networks.state_dict().items()}

    def state(self) -> dict[str, np.ndarray]:
        """Return all that `resume` needs."""
        tensors = {f"network/{name}": tensor for name, tensor in self.learner.networks.state_dict().items()}
        for name, optimiser in self.learner.optimisers.items():
            tensors |= {f"optimiser/{name}/{part}": tensor for part, tensor in save_state(optimiser).items()}
        tensors |= {f"buffers/{name}": tensor for name, tensor in self.learner.buffers.items()}
        return {"rows": self.rows(), **{name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}}

    def resume(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up a training where `state` left it."""
        self._rows = state["rows"].tolist()
        self.iteration = len(self._rows)
        device = self.batches.device
        tensors = {name: torch.from_numpy(tensor).to(device) for name, tensor in state.items() if name != "rows"}
        self.learner.networks.load_state_dict(below(tensors, "network/"))
        self.learner.buffers = below(tensors, "buffers/")
        for name, optimiser in self.learner.optimisers.items():
            load_state(optimiser, below(tensors, f"optimiser/{name}/"))


def below(named: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """Return what has names that begin with `prefix`, under the rest of them."""
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}
