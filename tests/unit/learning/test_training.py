from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import nn

from support.toy_bags import planted_videos
from wsstad.artefacts import storage
from wsstad.learning import bags
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.parameters import GradientParameters, LearnedParameters
from wsstad.learning.training import Training, hold_out, video_auc

VIDEOS = planted_videos(8)
BAGS = [bags.make_bag(video) for video, _ in VIDEOS]
OPTIONS = GradientParameters(type="any", batch_bags=3, max_instances=9, max_iterations=40, evaluate_every=5, patience=3)


class Scripted:
    """A learner whose weight counts its steps, and whose held-out scores follow a script by step."""

    columns = ("loss",)

    def __init__(self, script: dict[int, dict[str, float]], bad_at: int = -1) -> None:
        self.script, self.bad_at = script, bad_at
        self.networks = nn.ModuleDict({"n": nn.Linear(1, 1, bias=False)})
        nn.init.zeros_(self.networks["n"].weight)
        self.optimisers = {"n": torch.optim.Adam(self.networks.parameters())}
        self.memory = {}

    @property
    def count(self) -> int:
        return round(self.networks["n"].weight.item())

    def step(self, batch, generator, iteration) -> torch.Tensor:
        assert iteration == self.count
        with torch.no_grad():
            self.networks["n"].weight += 1
        self.memory["sum"] = self.memory.get("sum", torch.zeros(1)) + iteration + 1
        return torch.tensor([float("nan") if iteration == self.bad_at else 1.0 / (1 + iteration)])

    def score_features(self, bag):
        score = self.script.get(self.count, {}).get(bag.label, 0.5)
        return np.array([0.0, score], dtype=np.float32), np.zeros((2, 0))


def held_out() -> list[bags.Bag]:
    return [bags.make_bag(video, sub_tubes=2) for video, _ in VIDEOS[:4]]


def train(learner, held, **options):
    return Training(
        learner, BAGS, held, options=OPTIONS.model_copy(update=options), seed=0, device="cpu", checkpoint=None
    ).run()


def test_the_best_vauc_is_taken_then_the_lower_cross_entropy() -> None:
    script = {
        5: {"abnormal": 0.3, "normal": 0.4},
        10: {"abnormal": 0.6, "normal": 0.4},
        15: {"abnormal": 0.9, "normal": 0.2},
        20: {"abnormal": 0.7, "normal": 0.3},
    }
    learner = Scripted(script)
    history = train(learner, held_out())
    assert history.chosen_iteration == 15
    assert learner.count == 15  # its networks are back
    assert history.chosen_vauc == 1.0
    assert history.last_iteration == 30  # three evaluations without a better one
    assert history.last_vauc == 0.5
    evaluated = history.rows[~np.isnan(history.rows[:, -2])]
    assert evaluated[:, 0].tolist() == [5, 10, 15, 20, 25, 30]
    assert evaluated[:, -2].tolist() == [0, 1, 1, 1, 0.5, 0.5]
    assert evaluated[2, -1] == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 2, abs=1e-6)


def test_without_held_out_videos_the_last_iteration_is_taken() -> None:
    learner = Scripted({})
    history = train(learner, [])
    assert (history.chosen_iteration, history.last_iteration, learner.count) == (40, 40, 40)
    assert history.chosen_vauc is None
    assert history.last_vauc is None


def test_a_method_without_mini_batches_sees_all_instances_of_all_bags() -> None:
    seen = []

    class Watching(Scripted):
        def step(self, batch, generator, iteration) -> torch.Tensor:
            seen.append((batch.n_abnormal, int(batch.mask.sum()), int(batch.videolet_mask.sum())))
            return super().step(batch, generator, iteration)

    options = LearnedParameters(type="any", max_iterations=40, evaluate_every=5, patience=3)
    Training(Watching({}), BAGS, [], options=options, seed=0, device="cpu", checkpoint=None).run()
    everything = (4, sum(len(bag.region) for bag in BAGS), sum(len(bag.videolets) for bag in BAGS))
    assert seen == [everything] * 40


def test_the_last_iteration_is_evaluated_too() -> None:
    history = train(Scripted({}), held_out(), max_iterations=7)
    assert history.rows[~np.isnan(history.rows[:, -2]), 0].tolist() == [5, 7]


def test_a_loss_that_is_not_finite_stops_the_training() -> None:
    with pytest.raises(FloatingPointError, match="iteration 4"):
        train(Scripted({}, bad_at=3), [])


def test_history_as_a_table(tmp_path) -> None:
    history = train(Scripted({}), held_out(), max_iterations=6)
    history.write(tmp_path / "history.tsv")
    rows = storage.read_table(tmp_path / "history.tsv")
    assert [row["iteration"] for row in rows] == list("123456")
    assert [row["held_out_vauc"] for row in rows] == ["", "", "", "", "0.5", "0.5"]
    assert rows[3]["loss"] == "0.25"


def test_hold_out_is_stratified_and_follows_the_seed() -> None:
    labels = {f"v{i:02d}": "abnormal" if i < 10 else "normal" for i in range(40)}
    chosen = hold_out(labels, 0.2, 0)
    assert sum(labels[v] == "abnormal" for v in chosen) == 2
    assert sum(labels[v] == "normal" for v in chosen) == 6
    assert chosen == hold_out(dict(reversed(labels.items())), 0.2, 0)
    assert chosen != hold_out(labels, 0.2, 1)


def test_hold_out_of_few_videos() -> None:
    assert hold_out({"a": "abnormal", "b": "abnormal", "c": "normal"}, 0.2, 0) == []
    two = hold_out({"a": "abnormal", "b": "abnormal", "c": "normal", "d": "normal"}, 0.9, 0)
    assert len(two) == 2
    assert hold_out({f"v{i}": ("normal", "abnormal")[i % 2] for i in range(9)}, 0.0, 0) == []


@pytest.mark.parametrize("seed", range(5))
def test_video_auc_is_that_of_sklearn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, abnormal = rng.integers(0, 6, 30) / 5, rng.random(30) < 0.4
    assert video_auc(scores, abnormal) == pytest.approx(roc_auc_score(abnormal, scores))


def test_a_checkpoint_of_another_training_or_a_cut_one_is_left_alone(tmp_path) -> None:
    mine = Checkpoint(tmp_path / "state.safetensors", "mine", seconds=0)
    assert mine.load() is None
    mine.save_if_due(lambda: ({"x": np.arange(3.0)}, {"iteration": 3}))
    tensors, meta = mine.load()
    assert tensors["x"].tolist() == [0, 1, 2]
    assert meta == {"iteration": 3}
    assert Checkpoint(mine.path, "other").load() is None
    mine.path.write_bytes(mine.path.read_bytes()[:-4])
    assert mine.load() is None
    mine.remove()
    assert not mine.path.exists()
    mine.remove()


def test_memory_goes_on_where_it_was(tmp_path) -> None:
    options = OPTIONS.model_copy(update={"max_iterations": 7})
    first, again = Scripted({}), Scripted({})
    shared = {"options": options, "seed": 0, "device": "cpu"}
    before = Training(first, BAGS, [], checkpoint=Checkpoint(tmp_path / "s", "key", seconds=0), **shared)
    before.run()
    Training(again, BAGS, [], checkpoint=Checkpoint(tmp_path / "s", "key"), **shared).run()
    assert again.memory["sum"].item() == first.memory["sum"].item() == 28
    assert again.count == 7


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
