import copy
import functools

import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_videos
from wsstad.learning import bags
from wsstad.learning.batches import Batches
from wsstad.learning.methods.mgpr import Mgpr

BAGS = [bags.make_bag(video) for video, _ in planted_videos(8)]


def built(**changes) -> tuple[Mgpr, Batches]:
    method = Mgpr(parameters("mgpr", **{"dropout": 0.0, **changes}), seed=0)
    method._build(32)
    return method, Batches(BAGS, batch_bags=4, max_instances=200, seed=0)


def state(method: Mgpr, branch: str) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in method.networks[branch].state_dict().items()}


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
    assert method.diagnose(history.rows)[0].startswith("the tube branch picks what its partner finds normal")


@pytest.mark.parametrize(
    ("sunk", "message"),
    [
        ({}, ""),
        ({"temporal_abnormal_score": 0.02}, "the temporal branch has collapsed: abnormal videos score 0.02"),
        ({"tube_guidance": 0.04}, "the tube branch picks what its partner finds normal: its guidance is 0.04"),
    ],
)
def test_a_collapse_is_flagged(sunk: dict[str, float], message: str) -> None:
    method = Mgpr(parameters("mgpr", evaluate_every=2))
    last = [sunk.get(name, 0.9) for name in method.columns]
    lines = method.diagnose(np.array([np.full(len(last), 0.01), last, last]))
    assert lines == ([message] if message else [])


@pytest.mark.parametrize("ranking", ["mg", "plain"])
def test_both_at_once_is_a_step_down_the_gradient_of_the_whole_loss(ranking: str) -> None:
    """`freeze: false` against dense autograd of Eqs. 4, 5, 7 and 8, the weights included."""
    method, batches = built(dropout=0.0, freeze=False, ranking=ranking)
    twin = copy.deepcopy(method.networks)
    batch = batches.batch(0)
    a = batch.n_abnormal
    features = {"tube": (batch.region, batch.mask), "temporal": (batch.videolets, batch.videolet_mask)}
    seen = {"tube": batch.store.image[batch.index], "temporal": batch.videolets}
    loss = torch.zeros(())
    for branch, other in (("tube", "temporal"), ("temporal", "tube")):
        instances, mask = features[branch]
        logits = twin[branch](instances, mask).masked_fill(~mask, -np.inf)
        best, index = logits.max(dim=1)
        p = torch.sigmoid(best)
        guide = torch.sigmoid(twin[other](seen[branch], mask))[torch.arange(len(mask)), index][:a]
        weight = guide if ranking == "mg" else torch.ones(a)
        pairs = (weight[:, None] * (1 - p[:a, None] + p[None, a:])).relu().mean()
        loss = loss + pairs - torch.log(p[:a]).mean() - torch.log(1 - p[a:]).mean()
    loss.backward()
    expected = {name: parameter.grad for name, parameter in twin.named_parameters()}
    taken: dict[str, torch.Tensor] = {}

    def take_note(name: str) -> None:
        taken.update(
            {f"{name}.{part}": parameter.grad.clone() for part, parameter in method.networks[name].named_parameters()}
        )

    for name, optimiser in method.optimisers.items():
        optimiser.step = functools.partial(take_note, name)
    method.step(batch, batches.generator(0), 0)
    assert taken.keys() == expected.keys()
    for name, gradient in expected.items():
        assert taken[name] == pytest.approx(gradient, abs=1e-6), name
    guided = [gradient for name, gradient in taken.items() if name.startswith("temporal.relation")]
    assert any(gradient.abs().max() > 0 for gradient in guided)


def test_mechanisms_are_those_of_a_naive_pass() -> None:
    method, _ = built()
    measured = method.mechanisms(BAGS)
    for branch, own in (("tube", "region"), ("temporal", "videolets")):
        relation = method.networks[branch].relation
        entropies, guidance = [], []
        for bag in BAGS:
            x = getattr(bag, own).astype(np.float64)
            if len(x) > 1:
                entropies.append(np.mean([entropy(row) / np.log(len(x)) for row in naive_attention(relation, x)]))
            if bag.label == "abnormal":
                best = naive_score(method.networks[branch], getattr(bag, own)).argmax()
                other = {"tube": "temporal", "temporal": "tube"}[branch]
                shown = bag.image if branch == "tube" else bag.videolets
                guidance.append(naive_score(method.networks[other], shown)[best].item())
        assert measured[f"{branch}_entropy"] == pytest.approx(np.mean(entropies), abs=1e-5)
        assert measured[f"{branch}_guidance_sd"] == pytest.approx(np.std(guidance), abs=1e-5)


def naive_attention(relation, x: np.ndarray) -> list[np.ndarray]:
    """The rows of attention of all heads, (heads x n, n), by loops."""
    query, key = (getattr(relation, name).weight.detach().double().numpy() for name in ("query", "key"))
    width, rows = len(query) // relation.heads, []
    for h in range(relation.heads):
        q, k = (x @ weight[h * width : (h + 1) * width].T for weight in (query, key))
        for i in range(len(x)):
            e = np.exp((q[i] @ k.T - (q[i] @ k.T).max()) / np.sqrt(width))
            rows.append(e / e.sum())
    return rows


def entropy(row: np.ndarray) -> float:
    return -sum(p * np.log(p) for p in row if p > 0)
