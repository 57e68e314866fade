import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_videos
from wsstad.errors import UserError
from wsstad.learning import bags
from wsstad.learning.batches import Batches
from wsstad.learning.layers import max_index
from wsstad.learning.methods.mgpr import Mgpr
from wsstad.learning.training import HELD_OUT_COLUMNS, History, Training

BAGS = [bags.make_bag(video) for video, _ in planted_videos(8)]


def built(**changes) -> tuple[Mgpr, Batches]:
    method = Mgpr(parameters("mgpr", **{"dropout": 0.0, **changes}), seed=0)
    method._build(32)
    return method, Batches(BAGS, batch_bags=4, max_instances=200, seed=0)


def state(method: Mgpr, branch: str) -> dict[str, bytes]:
    return {name: its.numpy().tobytes() for name, its in method.networks[branch].state_dict().items()}


@pytest.mark.parametrize(("branch", "frozen"), [("tube", "temporal"), ("temporal", "tube")])
def test_the_frozen_branch_stays_bit_identical(branch: str, frozen: str, monkeypatch) -> None:
    method, batches = built()
    for iteration in range(3):  # so that both optimisers have momentum
        method.step(batches.batch(iteration), batches.generator(iteration), iteration)
    before = state(method, frozen), state(method, branch)
    monkeypatch.setattr(method, "branches", (branch,))
    method.step(batches.batch(3), batches.generator(3), 3)
    assert state(method, frozen) == before[0]
    assert state(method, branch) != before[1]


def naive_score(branch, features: np.ndarray) -> torch.Tensor:
    return torch.sigmoid(branch(torch.from_numpy(features)[None]))[0]


@pytest.mark.parametrize("guidance", ["bag", "single"])
def test_a_step_is_the_papers_eqs_4_to_8(guidance: str) -> None:
    """The temporal branch first, guided by the untouched tube branch; then the tube branch, guided by the new one."""
    method, batches = built(guidance=guidance)
    values = dict(zip(method.columns, method.step(batches.batch(0), batches.generator(0), 0).tolist(), strict=True))
    fresh, _ = built()
    trained = method.networks["temporal"]
    for branch, partner, own, other in (
        ("temporal", fresh.networks["tube"], "videolets", "videolets"),
        ("tube", trained, "region", "image"),
    ):
        network, p, n, weights, logs = fresh.networks[branch], [], [], [], 0.0
        for bag in BAGS:
            with torch.no_grad():
                scores = naive_score(network, getattr(bag, own))
                m = int(scores.argmax())
                if bag.label == "abnormal":
                    p.append(float(scores[m]))
                    seen = getattr(bag, other)
                    alone = guidance == "single"
                    guide = naive_score(partner, seen[m : m + 1] if alone else seen)[0 if alone else m]
                    weights.append(float(guide))
                    logs -= np.log(p[-1]) / 4
                else:
                    n.append(float(scores[m]))
                    logs -= np.log(1 - n[-1]) / 4
        ranking = np.mean([max(0, w * (1 - a + b)) for w, a in zip(weights, p, strict=True) for b in n])
        assert values[f"{branch}_ranking"] == pytest.approx(ranking, abs=1e-5)
        assert values[f"{branch}_cross_entropy"] == pytest.approx(logs, abs=1e-5)
        assert values[f"{branch}_loss"] == pytest.approx(ranking + logs, abs=1e-5)
        assert values[f"{branch}_guidance"] == pytest.approx(np.mean(weights), abs=1e-5)


def test_warm_up_guides_with_one() -> None:
    method, batches = built(warmup_guidance=2)
    seen = []
    for iteration in range(3):
        values = method.step(batches.batch(iteration), batches.generator(iteration), iteration)
        seen.append(values[list(method.columns).index("tube_guidance")].item())
    assert seen[:2] == [1, 1]
    assert 0 < seen[2] < 1


def test_inference_averages_both_branches() -> None:
    method, _ = built()
    bag = BAGS[0]
    scores, parts = method.score(bag)
    with torch.no_grad():
        p_t = naive_score(method.networks["tube"], bag.region).numpy()
        p_v = naive_score(method.networks["temporal"], bag.image).numpy()
    assert parts == pytest.approx(np.stack([p_t, p_v], axis=1), abs=1e-6)
    assert scores == pytest.approx((p_t + p_v) / 2, abs=1e-6)


def test_guided_ranking_alone_may_lose_its_guidance_and_says_so() -> None:
    """The loss of Eqs. 4 and 5 vanishes with its weight: the branches need not agree on anything."""
    changes = {"dropout": 0.0, "cross_entropy": False, "learning_rate": 0.005, "max_iterations": 150}
    method = Mgpr(parameters("mgpr", **changes), seed=0)
    history = method.fit(BAGS)
    last = dict(zip(history.columns, history.rows[-1], strict=True))
    assert last["tube_ranking"] < 0.01
    assert last["tube_guidance"] < 0.1
    assert method.doubts(history)[0].startswith("the tube branch picks what its partner finds normal")


@pytest.mark.parametrize(
    ("sunk", "message"),
    [
        ({}, ""),
        ({"temporal_abnormal_score": 0.02}, "the temporal branch has collapsed: abnormal videos score 0.02"),
        ({"tube_guidance": 0.04}, "the tube branch picks what its partner finds normal: its guidance is 0.04"),
    ],
)
def test_a_collapse_is_flagged(sunk: dict[str, float], message: str, monkeypatch, caplog) -> None:
    method = Mgpr(parameters("mgpr", evaluate_every=2))
    columns = ("iteration", *method.columns, *HELD_OUT_COLUMNS)
    last = [np.nan if name in HELD_OUT_COLUMNS else sunk.get(name, 0.9) for name in columns]
    history = History(columns, np.array([np.full(len(columns), 0.01), last, last]), 3, None)
    monkeypatch.setattr(Training, "run", lambda *_: history)
    method.fit(BAGS, label="fold 7")
    warnings = [record.getMessage() for record in caplog.records if "held out" not in record.getMessage()]
    assert warnings == ([f"fold 7: {message}"] if message else [])


def test_branches_start_from_different_weights() -> None:
    method, _ = built()
    assert state(method, "tube") != state(method, "temporal")


def test_heads_must_divide_the_features() -> None:
    method = Mgpr(parameters("mgpr", heads=5))
    with pytest.raises(UserError, match="heads: 5 do not divide 32 features"):
        method._build(32)


def test_the_max_instance_is_that_of_its_own_branch() -> None:
    method, batches = built()
    batch = batches.batch(0)
    index, _ = method.networks["tube"].max_instance(batch.region, batch.mask, batches.generator(0))
    expected = max_index(method.networks["tube"](batch.region, batch.mask), batch.mask)
    assert torch.equal(index, expected)


def test_attention_of_an_instance_is_that_of_eqs_1_and_2() -> None:
    method, _ = built()
    bag = BAGS[0]
    relation = method.networks["tube"].relation
    query, key = (getattr(relation, name).weight.detach().numpy() for name in ("query", "key"))
    width = len(query) // relation.heads
    expected = np.zeros(len(bag.region))
    for head in range(relation.heads):
        rows = slice(head * width, (head + 1) * width)
        scores = (bag.region @ key[rows].T) @ (query[rows] @ bag.region[2]) / np.sqrt(width)
        expected += np.exp(scores) / np.exp(scores).sum() / relation.heads
    found = method.attend(bag, 2)
    assert found[:, 0] == pytest.approx(expected, rel=1e-4)
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("changes", [{"relation": "none"}, {"branches": "temporal", "ranking": "plain"}])
def test_without_attention_there_is_none_to_show(changes) -> None:
    method, _ = built(**changes)
    assert method.attend(BAGS[0], 0).shape == (len(BAGS[0].region), 0)
    assert method.scored == (("temporal",) if "branches" in changes else ("tube", "temporal"))
