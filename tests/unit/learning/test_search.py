"""The choice of the iteration: who is left out, what is compared, what the model then learns from."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from torch import nn

from support.toy_bags import parameters, planted_videos
from wsstad.artefacts import storage
from wsstad.learning import bags
from wsstad.learning.checkpoint import Checkpoint
from wsstad.learning.fitting import fit
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.methods.dmrm import Dmrm
from wsstad.learning.parameters import GradientParameters
from wsstad.learning.search import deal, hold_out, plan, video_auc, video_quality

VIDEOS = planted_videos(12)
BAGS = [bags.make_bag(video) for video, _ in VIDEOS]
SUB_TUBES = [bags.make_bag(video, sub_tubes=2) for video, _ in VIDEOS]
LABELS = {bag.video: bag.label for bag in BAGS}
OPTIONS = GradientParameters(type="any", batch_bags=3, max_instances=9, max_iterations=40, evaluate_every=5, patience=3)
Script = dict[int, dict[str, float]]


class Scripted(LearnedMethod):
    """A method whose weight counts its steps, and whose scores follow a script by step."""

    columns = ("loss",)
    scored = ("one",)

    def __init__(self, script: Script, bad_at: int = -1, not_before: int = 0, **changes) -> None:
        super().__init__(OPTIONS.model_copy(update=changes))
        self.script, self.bad_at, self.not_before, self.changes = script, bad_at, not_before, changes
        self.seen: list[int] = []

    def untrained(self) -> "Scripted":
        return Scripted(self.script, self.bad_at, self.not_before, **self.changes)

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        layer = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(layer.weight)
        return {"n": layer}

    @property
    def count(self) -> int:
        return round(self.networks["n"].weight.item())

    def step(self, batch, generator, iteration) -> torch.Tensor:
        assert iteration == self.count
        self.seen.append(len(batch.store.instances))
        with torch.no_grad():
            self.networks["n"].weight += 1
        self.buffers["sum"] = self.buffers.get("sum", torch.zeros(1)) + iteration + 1
        return torch.tensor([float("nan") if iteration == self.bad_at else 1.0 / (1 + iteration)])

    def score_features(self, bag):
        score = self.script.get(self.count, {}).get(bag.label, 0.5)
        return np.array([0.0, score], dtype=np.float32), np.array([[0.1], [score / 2]], dtype=np.float32)

    def choosable(self, iteration: int) -> bool:
        return iteration >= self.not_before


PEAK_AT_15: Script = {
    5: {"abnormal": 0.3, "normal": 0.4},
    10: {"abnormal": 0.6, "normal": 0.4},
    15: {"abnormal": 0.9, "normal": 0.2},
    20: {"abnormal": 0.7, "normal": 0.3},
}


def test_the_best_vauc_is_taken_then_the_lower_cross_entropy() -> None:
    method = Scripted(PEAK_AT_15)
    history = method.fit(BAGS[4:], SUB_TUBES[:4])
    assert history.chosen_iteration == 15
    assert method.count == 15  # its networks are back
    assert history.chosen_vauc == 1.0
    assert history.last_iteration == 30  # three evaluations without a better one
    assert history.last_vauc == 0.5
    assert history.curve[:, 0].tolist() == [5, 10, 15, 20, 25, 30]
    assert history.curve[:, 1].tolist() == [0, 1, 1, 1, 0.5, 0.5]
    assert history.curve[2, 2] == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 2, abs=1e-6)
    assert history.scores.keys() == {bag.video for bag in BAGS[:4]}
    assert history.scores[BAGS[1].video] == pytest.approx(np.array([[0, 0.1], [0.9, 0.45]]))


def test_of_few_videos_each_is_left_out_once_and_the_model_learns_from_all() -> None:
    method = Scripted(PEAK_AT_15)
    twins: list[Scripted] = []
    method.untrained = lambda: twins.append(Scripted(PEAK_AT_15)) or twins[-1]
    folds = deal(LABELS, 3, seed=0)
    history = method.fit(BAGS, SUB_TUBES, folds)
    assert [set(twin.seen) for twin in twins] == [{8}, {8}, {8}]
    assert [len(twin.seen) for twin in twins] == [30] * 3
    assert method.seen == [12] * 15
    assert (history.chosen_iteration, method.count, history.last_iteration) == (15, 15, 30)
    assert len(history.rows) == 15
    assert history.scores.keys() == LABELS.keys()


def test_an_iteration_that_is_not_choosable_is_not_chosen() -> None:
    method = Scripted(PEAK_AT_15, not_before=20)
    assert method.fit(BAGS[4:], SUB_TUBES[:4]).chosen_iteration == 20


def test_the_mean_over_folds_decides() -> None:
    """Of two folds one is best after 5 iterations, the other after 10, where the first is not bad."""
    scripts: list[Script] = [
        {5: {"abnormal": 0.9, "normal": 0.1}, 10: {"abnormal": 0.6, "normal": 0.1}},
        {5: {"abnormal": 0.2, "normal": 0.1}, 10: {"abnormal": 0.8, "normal": 0.1}},
    ]
    method, left = Scripted({}), iter(scripts)
    method.untrained = lambda: Scripted(next(left))
    assert method.fit(BAGS, SUB_TUBES, deal(LABELS, 2, seed=0)).chosen_iteration == 10


def test_without_videos_left_out_the_last_iteration_is_taken() -> None:
    method = Scripted({})
    history = method.fit(BAGS)
    assert (history.chosen_iteration, history.last_iteration, method.count) == (40, 40, 40)
    assert history.chosen_vauc is None
    assert history.last_vauc is None


def test_the_last_iteration_is_evaluated_too() -> None:
    history = Scripted({}, max_iterations=7).fit(BAGS[4:], SUB_TUBES[:4])
    assert history.curve[:, 0].tolist() == [5, 7]


def test_a_loss_that_is_not_finite_stops_the_training() -> None:
    with pytest.raises(FloatingPointError, match="iteration 4"):
        Scripted({}, bad_at=3).fit(BAGS)


def test_history_as_a_table(tmp_path) -> None:
    history = Scripted({6: {"abnormal": 0.6, "normal": 0.4}}, max_iterations=8, evaluate_every=3).fit(
        BAGS, SUB_TUBES, deal(LABELS, 2, seed=0)
    )
    history.write(tmp_path / "history.tsv")
    rows = storage.read_table(tmp_path / "history.tsv")
    assert [row["iteration"] for row in rows] == list("12345678")
    assert [row["held_out_vauc"] for row in rows] == ["", "", "0.5", "", "", "1", "", "0.5"]
    assert [row["loss"] for row in rows][3:] == ["0.25", "0.2", "0.166667", "", ""]


class KilledError(Exception):
    pass


@pytest.mark.parametrize("n_folds", [0, 3])
@pytest.mark.parametrize("after", [7, 16, 31, 38])  # iterations of the search, then of the model
def test_killed_and_resumed_it_ends_the_same(n_folds: int, after: int, tmp_path) -> None:
    class Fragile(Checkpoint):
        left = after

        def save_if_due(self, state) -> None:
            self._took = 0
            super().save_if_due(state)
            self.left -= 1
            if not self.left:
                raise KilledError

    def train(checkpoint):
        method = Scripted(PEAK_AT_15)
        data = (BAGS, SUB_TUBES, deal(LABELS, n_folds, seed=0)) if n_folds else (BAGS[4:], SUB_TUBES[:4])
        return method, method.fit(*data, checkpoint=checkpoint)

    whole, expected = train(None)
    path = tmp_path / "state.safetensors"
    if n_folds or after < 30:
        with pytest.raises(KilledError):
            train(Fragile(path, "key", 0))
    resumed, history = train(Checkpoint(path, "key"))
    assert resumed.count == whole.count == 15
    assert resumed.buffers["sum"].item() == (sum(range(1, 16)) if n_folds else sum(range(1, 31)))
    assert np.array_equal(history.curve, expected.curve)
    assert np.array_equal(history.rows, expected.rows)
    assert {video: score.tobytes() for video, score in history.scores.items()} == {
        video: score.tobytes() for video, score in expected.scores.items()
    }


def test_a_real_method_is_the_same_after_a_kill_in_each_half(tmp_path) -> None:
    """Seeded DMRM with three folds: weights, curve and scores to the last bit."""
    path = tmp_path / "state.safetensors"

    class Fragile(Checkpoint):
        def __init__(self, last: int) -> None:
            super().__init__(path, "key", 0)
            self.left = last

        def save_if_due(self, state) -> None:
            self._took = 0
            super().save_if_due(state)
            self.left -= 1
            if not self.left:
                raise KilledError

    def train(checkpoint):
        method = Dmrm(parameters("dmrm", max_iterations=12, evaluate_every=3), seed=1)
        history = fit(method, BAGS, SUB_TUBES, deal(LABELS, 3, seed=1), checkpoint=checkpoint, label="t")
        return {name: tensor.tobytes() for name, tensor in method.save()[0].items()}, history

    expected, history = train(None)
    for last in (5, 8):
        with pytest.raises(KilledError):
            train(Fragile(last))
    actual, again = train(Checkpoint(path, "key"))
    assert actual == expected
    assert again.chosen_iteration == history.chosen_iteration
    assert again.measured == pytest.approx(history.measured, nan_ok=True)


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


@given(
    st.lists(st.sampled_from(["normal", "abnormal"]), min_size=1, max_size=40),
    st.integers(2, 6),
    st.integers(0, 5),
    st.integers(1, 12),
)
def test_folds_partition_the_videos_and_keep_groups_whole(label_of, folds, seed, n_groups) -> None:
    labels = {f"v{i:02d}": label for i, label in enumerate(label_of)}
    groups = {video: f"g{i % n_groups}{labels[video]}" for i, video in enumerate(labels)}
    parts = deal(labels, folds, seed, groups)
    if not parts:
        return
    assert sorted(video for fold in parts for video in fold) == sorted(labels)
    assert 2 <= len(parts) <= folds
    for fold in parts:
        assert {labels[video] for video in fold} == {"normal", "abnormal"}
        assert not {groups[video] for video in fold} & {groups[video] for video in labels if video not in fold}
    assert deal(dict(reversed(labels.items())), folds, seed, groups) == parts


@given(st.integers(2, 30), st.integers(2, 30), st.integers(2, 5))
def test_each_label_is_spread_evenly_where_there_are_no_groups(normal, abnormal, folds) -> None:
    labels = {f"n{i:02d}": "normal" for i in range(normal)} | {f"a{i:02d}": "abnormal" for i in range(abnormal)}
    parts = deal(labels, folds, 0)
    assert len(parts) == min(folds, normal, abnormal)
    for label in ("normal", "abnormal"):
        counts = [sum(labels[video] == label for video in fold) for fold in parts]
        assert max(counts) - min(counts) <= 1


def test_few_videos_are_dealt_and_many_held_out() -> None:
    def labels(count: int) -> dict[str, str]:
        return {f"v{i:03d}": ("normal", "abnormal")[i % 2] for i in range(count)}

    assert len(plan(labels(48), OPTIONS, 0)) == 3
    (held_out,) = plan(labels(50), OPTIONS, 0)
    assert len(held_out) == 10
    groups = {video: str(i % 9) for i, video in enumerate(labels(50))}
    (held_out,) = plan(labels(50), OPTIONS, 0, groups)
    assert 5 <= len(held_out) <= 15
    assert not {groups[video] for video in held_out} & {groups[video] for video in labels(50) if video not in held_out}
    assert plan(labels(50), OPTIONS.model_copy(update={"held_out": 0.0}), 0) == []
    assert plan(labels(3), OPTIONS, 0) == []


@pytest.mark.parametrize("seed", range(5))
def test_video_auc_is_that_of_sklearn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, abnormal = rng.integers(0, 6, 30) / 5, rng.random(30) < 0.4
    assert video_auc(scores, abnormal) == pytest.approx(roc_auc_score(abnormal, scores))


def test_quality_looks_at_the_best_instance_of_a_video() -> None:
    scores = [np.array([0.1, 0.2 + 0.1 * i]) for i in range(len(BAGS))]
    vauc, log_right = video_quality(BAGS, scores)
    best = np.array([scores_of_video.max() for scores_of_video in scores])
    abnormal = np.array([bag.label == "abnormal" for bag in BAGS])
    assert vauc == pytest.approx(roc_auc_score(abnormal, best))
    right = np.clip(np.where(abnormal, best, 1 - best), 1e-7, None)
    assert log_right == pytest.approx(np.mean(np.log(right)))
