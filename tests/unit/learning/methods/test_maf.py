import math

import numpy as np
import pytest
import torch

from support.toy_bags import parameters, planted_videos
from wsstad.learning import bags
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batches
from wsstad.learning.methods.maf import Maf

BAGS = [bags.make_bag(video) for video, _ in planted_videos(8)]
AUGMENTATIONS = ("concatenate", "average", "none")


def built(**changes) -> tuple[Maf, Batches]:
    method = Maf(parameters("maf", **{"dropout": 0.0, "attention": 7, "reach": 2.0, **changes}), seed=0)
    method._build(32)
    return method, Batches(BAGS, batch_bags=4, max_instances=200, seed=0)


def naive(method: Maf, bag: Bag) -> tuple[list[float], list[float]]:
    """Attention and scores of the instances of a bag, one after the other; a videolet has 16 frames here."""
    network = method.networks["scorer"]
    v = network.attention.hidden.weight.detach().numpy()
    u = network.attention.energy.weight.detach().numpy()[0]
    centres = [(start + stop) / 2 / 16 for _, start, stop in bag.spans.tolist()]
    energies, scores = [], []
    for x, centre in zip(bag.region, centres, strict=True):
        near = [math.exp(-abs(centre - other) / 2.0) for other in centres]
        context = sum(w * other for w, other in zip(near, bag.region, strict=True)) / sum(near)
        seen = {"concatenate": np.concatenate([x, context]), "average": (x + context) / 2, "none": x}
        energies.append(float(u @ np.tanh(v @ seen[method.parameters.augmentation])))
        with torch.no_grad():
            scores.append(torch.sigmoid(network.predictor(torch.from_numpy(x))).item())
    total = sum(math.exp(energy) for energy in energies)
    return [math.exp(energy) / total for energy in energies], scores


@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_a_step_is_the_formula(augmentation: str) -> None:
    method, batches = built(augmentation=augmentation, sparsity=0.01)
    result = {"abnormal": [], "normal": []}
    for bag in BAGS:
        result[bag.label].append(naive(method, bag))
    values = dict(zip(method.columns, method.step(batches.batch(0), batches.generator(0), 0).tolist(), strict=True))
    abnormal, normal = (
        [sum(a * s for a, s in zip(*pair, strict=True)) for pair in result[label]] for label in ("abnormal", "normal")
    )
    ranking = np.mean([max(0, 1 - x + y) for x in abnormal for y in normal])
    sparsity = 0.01 * sum(sum(scores) for _, scores in result["abnormal"]) / 4
    assert values["ranking"] == pytest.approx(ranking, abs=1e-5)
    assert values["sparsity"] == pytest.approx(sparsity, abs=1e-5)
    assert values["loss"] == pytest.approx(ranking + sparsity, abs=1e-5)
    assert values["abnormal_score"] == pytest.approx(np.mean(abnormal), abs=1e-5)
    assert values["normal_score"] == pytest.approx(np.mean(normal), abs=1e-5)
    most = np.mean([max(attention) for attention, _ in result["abnormal"]])
    assert values["abnormal_attention"] == pytest.approx(most, abs=1e-5)


@pytest.mark.parametrize("video_score", ["top1", "bag"])
@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_scores_are_ranked_by_attention(augmentation: str, video_score: str) -> None:
    method, _ = built(augmentation=augmentation, video_score=video_score)
    bag = bags.make_bag(planted_videos(2)[1][0], sub_tubes=3)
    attention, instance_scores = naive(method, bag)
    products = np.array([a * s for a, s in zip(attention, instance_scores, strict=True)])
    expected = products / max(attention) if video_score == "top1" else products / products.max() * products.sum()
    scores, parts = method.score(bag)
    assert scores == pytest.approx(expected, abs=1e-6)
    assert parts.shape == (len(scores), 0)


def test_only_the_attention_sees_the_time() -> None:
    method, _ = built()
    bag = bags.make_bag(planted_videos(2)[1][0], sub_tubes=3)
    scorer, region = method.networks["scorer"], method.tensor(bag.region)
    with torch.no_grad():
        weights, scores = scorer(region, method.tensor(bag.centres))
        moved_weights, moved_scores = scorer(region, method.tensor(bag.centres[::-1].copy()))
        later_weights, _ = scorer(region, method.tensor(bag.centres + 5))
    assert torch.equal(scores, moved_scores)
    assert not torch.allclose(weights, moved_weights, atol=1e-6)
    assert torch.allclose(weights, later_weights, atol=1e-5)


def test_dropout_reaches_predictor_and_attention() -> None:
    method, batches = built(dropout=0.5)
    batch, scorer = batches.batch(0), method.networks["scorer"]
    masks = scorer.draw_masks(tuple(batch.mask.shape), batches.generator(0))
    assert [mask.shape[2] for mask in masks] == [512, 32, 7]
    with torch.no_grad():
        weights, scores = scorer(batch.region, batch.centres, batch.mask, masks)
        quiet_weights, quiet_scores = scorer(batch.region, batch.centres, batch.mask)
    assert not torch.allclose(weights, quiet_weights)
    assert not torch.allclose(scores, quiet_scores)
