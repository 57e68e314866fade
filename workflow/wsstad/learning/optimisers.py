"""The optimisers, those of torch.optim, and their state as named tensors, as a checkpoint keeps it."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.optim import Optimizer

# Fused: one pass over the memory, on a CPU as on a GPU.
OPTIMISERS: dict[str, Callable[..., Optimizer]] = {
    "adam": partial(torch.optim.Adam, fused=True),
    "adagrad": partial(torch.optim.Adagrad, fused=True),
}


def save_state(optimiser: Optimizer) -> dict[str, Tensor]:
    """Return the state as tensors by ``<number of the parameter>/<name>``."""
    state = optimiser.state_dict()["state"]
    return {f"{number}/{name}": tensor for number, parts in state.items() for name, tensor in parts.items()}


def load_state(optimiser: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Take over the state that `save_state` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for path, tensor in tensors.items():
        number, name = path.split("/")
        # A file keeps a scalar as a vector of one.
        state.setdefault(int(number), {})[name] = tensor.reshape(()) if name == "step" else tensor
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
