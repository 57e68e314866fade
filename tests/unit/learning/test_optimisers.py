import copy

import pytest
import torch
from torch import nn

from wsstad.artefacts import storage
from wsstad.learning.optimisers import OPTIMISERS, load_state, save_state

X = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def values(net: nn.Module) -> list[bytes]:
    return [parameter.detach().numpy().tobytes() for parameter in net.parameters()]


def take_steps(net: nn.Module, optimiser: torch.optim.Optimizer, count: int) -> None:
    for _ in range(count):
        net(X).square().mean().backward()
        optimiser.step()
        optimiser.zero_grad()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_goes_on_from_its_saved_state_with_the_same_bytes(name: str, tmp_path) -> None:
    whole = network()
    optimiser = OPTIMISERS[name](whole.parameters(), lr=0.02, weight_decay=0.1)
    take_steps(whole, optimiser, 3)
    resumed, state = copy.deepcopy(whole), {key: tensor.numpy() for key, tensor in save_state(optimiser).items()}
    storage.write_tensors(tmp_path / "state.safetensors", state, {}, key="key")
    take_steps(whole, optimiser, 3)
    second = OPTIMISERS[name](resumed.parameters(), lr=0.02, weight_decay=0.1)
    arrays, _, _ = storage.read_tensors(tmp_path / "state.safetensors")
    load_state(second, {key: torch.from_numpy(array) for key, array in arrays.items()})
    take_steps(resumed, second, 3)
    assert values(resumed) == values(whole)
    assert {key: tensor.tolist() for key, tensor in save_state(second).items()} == {
        key: tensor.tolist() for key, tensor in save_state(optimiser).items()
    }


@pytest.mark.parametrize(("shared", "zeros", "moves"), [(False, True, False), (True, False, False), (True, True, True)])
def test_one_adam_and_gradients_of_zero_move_a_frozen_branch(shared: bool, zeros: bool, moves: bool) -> None:
    """Why each network has an optimiser of its own, and why gradients are dropped: momentum goes on without any."""
    trained, frozen = network(1), network(2)
    own = OPTIMISERS["adam"](trained.parameters(), lr=0.001)
    both = OPTIMISERS["adam"]([*trained.parameters(), *frozen.parameters()], lr=0.001)
    take_steps(frozen, both, 3)
    before, old = values(frozen), copy.deepcopy(frozen)
    for parameter in frozen.parameters():
        parameter.grad = torch.zeros_like(parameter) if zeros else None
    take_steps(trained, both if shared else own, 1)
    assert (values(frozen) != before) == moves
    drift = [(p - q).detach().abs().mean() for p, q in zip(frozen.parameters(), old.parameters(), strict=True)]
    assert (max(drift) > 3e-4) == moves  # of a step of at most 1e-3
