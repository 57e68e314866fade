from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from support.toy_bags import planted_videos
from wsstad.learning import bags
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.parameters import GradientParameters, LearnedParameters
from wsstad.learning.training import Training, below

BAGS = [bags.make_bag(video) for video, _ in planted_videos(8)]
OPTIONS = GradientParameters(type="any", batch_bags=3, max_instances=9)


class Counting:
    """A learner whose weight counts its steps, and whose memory adds them up."""

    columns = ("loss",)

    def __init__(self) -> None:
        self.networks = nn.ModuleDict({"n": nn.Linear(1, 1, bias=False)})
        nn.init.zeros_(self.networks["n"].weight)
        self.optimisers = {"n": torch.optim.Adam(self.networks.parameters())}
        self.buffers = {}
        self.seen = []

    def step(self, batch, generator, iteration) -> torch.Tensor:
        self.seen.append((batch.n_abnormal, int(batch.mask.sum()), int(batch.videolet_mask.sum())))
        with torch.no_grad():
            self.networks["n"].weight += 1
        self.buffers["sum"] = self.buffers.get("sum", torch.zeros(1)) + iteration + 1
        return torch.tensor([1.0 / (1 + iteration)])


def training(learner, options=OPTIONS) -> Training:
    return Training(learner, BAGS, options=options, seed=0, device="cpu")


def test_a_method_without_mini_batches_sees_all_instances_of_all_bags() -> None:
    learner = Counting()
    trained = training(learner, LearnedParameters(type="any"))
    for _ in range(3):
        trained.step()
    everything = (4, sum(len(bag.region) for bag in BAGS), sum(len(bag.videolets) for bag in BAGS))
    assert learner.seen == [everything] * 3


def test_it_goes_on_from_its_state_with_its_memory() -> None:
    first, again = training(Counting()), training(Counting())
    for _ in range(4):
        first.step()
    state = first.state()
    for _ in range(3):
        first.step()
    again.resume(state)
    assert again.iteration == 4
    for _ in range(3):
        again.step()
    assert again.learner.buffers["sum"].item() == first.learner.buffers["sum"].item() == 28
    assert np.array_equal(again.rows(), first.rows())
    assert first.rows()[:, 0].tolist() == pytest.approx([1 / i for i in range(1, 8)])


def test_what_is_below_a_prefix() -> None:
    assert below({"a/x": 1, "a/y/z": 2, "b": 3}, "a/") == {"x": 1, "y/z": 2}


def test_a_checkpoint_of_another_training_or_a_cut_one_is_left_alone(tmp_path) -> None:
    checkpoint = Checkpoint(tmp_path / "state.safetensors", "mine", seconds=0)
    assert checkpoint.load() is None
    checkpoint.save_if_due(lambda: ({"x": np.arange(3.0)}, {"iteration": 3}))
    tensors, meta = checkpoint.load()
    assert tensors["x"].tolist() == [0, 1, 2]
    assert meta == {"iteration": 3}
    assert Checkpoint(checkpoint.path, "other").load() is None
    checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:-4])
    assert checkpoint.load() is None
    checkpoint.remove()
    assert not checkpoint.path.exists()
    checkpoint.remove()


def test_a_checkpoint_waits_for_its_seconds(tmp_path, monkeypatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("wsstad.learning.checkpoint.time.monotonic", lambda: clock.now)
    saved = []
    checkpoint = Checkpoint(tmp_path / "state.safetensors", "key", seconds=20)

    def state():
        saved.append(clock.now)
        clock.now += 3  # writing takes 3 s
        return {"x": np.zeros(1)}, {}

    for now in (19, 21, 40, 80, 85):
        clock.now = max(clock.now, now)
        checkpoint.save_if_due(state)
    assert saved == [21, 85]  # 60 s, a twentieth of the time, must lie between two
