import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from wsstad.methods.optimisers import OPTIMISERS

ORACLES = {"adam": torch.optim.Adam, "adagrad": torch.optim.Adagrad}
X = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_moves_as_that_of_torch(name: str, decay: float) -> None:
    mine, its = network(), network()
    optimiser = OPTIMISERS[name](mine.parameters(), learning_rate=0.02, weight_decay=decay)
    oracle = ORACLES[name](its.parameters(), lr=0.02, weight_decay=decay)
    for step in range(30):
        for net in (mine, its):
            net(X[step : step + 30]).square().mean().backward()
        optimiser.step()
        oracle.step()
        oracle.zero_grad()
        assert all(p.grad is None for p in mine.parameters())
        for p, q in zip(mine.parameters(), its.parameters(), strict=True):
            assert torch.allclose(p, q, atol=1e-6)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_goes_on_from_its_saved_state(name: str) -> None:
    whole = network()
    optimiser = OPTIMISERS[name](whole.parameters(), learning_rate=0.02)
    for step in range(6):
        if step == 3:
            resumed = copy.deepcopy(whole)
            second = OPTIMISERS[name](resumed.parameters(), learning_rate=0.02)
            second.load({key: torch.clone(its).reshape(-1) for key, its in optimiser.save().items()})
        whole(X).square().mean().backward()
        optimiser.step()
    for _ in range(3):
        resumed(X).square().mean().backward()
        second.step()
    for p, q in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(p, q)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_missing_gradient_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="no gradient"):
        OPTIMISERS[name](network().parameters(), learning_rate=0.1).step()


def test_training_does_not_import_the_compiler(repository) -> None:
    code = f"""
import sys
sys.path[:0] = {[str(repository / "workflow"), str(repository / "tests")]!r}
from toy_bags import parameters, planted_videos
from wsstad import bags
from wsstad.methods.mgpr import Mgpr
videos = [bags.training_bag(video) for video, _ in planted_videos(4)]
Mgpr(parameters("mgpr", max_iterations=2)).fit(videos)
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
