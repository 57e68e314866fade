import math

import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_videos
from wsstad.learning import bags
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batches
from wsstad.learning.methods.asa import Asa

BAGS = [bags.make_bag(video) for video, _ in planted_videos(8)]


def built(**changes) -> tuple[Asa, Batches]:
    method = Asa(parameters("asa", **{"dropout": 0.0, "hidden": 12, "attention": 7, **changes}), seed=0)
    method._build(32)
    return method, Batches(BAGS, batch_bags=4, max_instances=200, seed=0)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def naive(method: Asa, bag: Bag) -> tuple[list[float], list[float]]:
    """Attention and logits of the instances of a bag, one after the other."""
    state = {name: tensor.numpy().astype(np.float64) for name, tensor in method.networks["actors"].state_dict().items()}
    energies, logits = [], []
    for x in bag.region:
        phi = np.maximum(state["embed.weight"] @ x, 0)
        energies.append(float(state["attention.energy.weight"][0] @ np.tanh(state["attention.hidden.weight"] @ phi)))
        logits.append(float(state["classify.weight"][0] @ phi))
    total = sum(math.exp(energy) for energy in energies)
    return [math.exp(energy) / total for energy in energies], logits


def test_a_step_is_the_formula() -> None:
    method, batches = built()
    losses: dict[str, list[float]] = {"abnormal": [], "normal": []}
    scores: dict[str, list[float]] = {"abnormal": [], "normal": []}
    for bag in BAGS:
        attention, logits = naive(method, bag)
        video = sigmoid(sum(a * logit for a, logit in zip(attention, logits, strict=True)))
        scores[bag.label].append(video)
        losses[bag.label].append(-math.log(video if bag.label == "abnormal" else 1 - video))
    values = dict(zip(method.columns, method.step(batches.batch(0), batches.generator(0), 0).tolist(), strict=True))
    assert values["loss"] == pytest.approx(np.mean(losses["abnormal"]) + np.mean(losses["normal"]), abs=1e-5)
    for label, of_label in scores.items():
        assert values[f"{label}_score"] == pytest.approx(np.mean(of_label), abs=1e-5)
        most = np.mean([max(naive(built()[0], bag)[0]) for bag in BAGS if bag.label == label])
        assert values[f"{label}_attention"] == pytest.approx(most, abs=1e-5)


@pytest.mark.parametrize("video_score", ["top1", "bag"])
def test_tubes_are_ranked_by_attention_times_score(video_score: str) -> None:
    method, _ = built(video_score=video_score)
    bag = bags.make_bag(planted_videos(2)[1][0], sub_tubes=3)
    attention, logits = naive(method, bag)
    products = np.array([a * sigmoid(logit) for a, logit in zip(attention, logits, strict=True)])
    scores, parts = method.score(bag)
    assert np.argmax(scores) == np.argmax(products)
    if video_score == "top1":
        assert scores == pytest.approx(products / max(attention), abs=1e-6)
    else:
        whole = sigmoid(sum(a * logit for a, logit in zip(attention, logits, strict=True)))
        assert scores == pytest.approx(whole * products / products.max(), abs=1e-6)
        assert scores.max() == pytest.approx(whole, abs=1e-6)
    assert parts.shape == (len(scores), 0)


def test_dropout_is_of_the_embedding() -> None:
    method, batches = built(dropout=0.5)
    network, batch = method.networks["actors"], batches.batch(0)
    with torch.no_grad():
        weights, logits = network(batch.region, batch.mask, torch.zeros(*batch.mask.shape, 12))
    assert torch.all(logits == 0)
    assert weights[batch.mask].tolist() == pytest.approx(
        (1 / batch.mask.sum(dim=1))[:, None].expand_as(weights)[batch.mask].tolist()
    )
    quiet = built()[0].step(batch, batches.generator(0), 0)
    assert not torch.equal(method.step(batch, batches.generator(0), 0), quiet)
