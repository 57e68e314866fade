import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from support.toy_bags import parameters, planted_video
from wsstad.learning import bags
from wsstad.learning.batches import Batches
from wsstad.learning.methods.rtfm import MagnitudeScorer, Rtfm, margin_loss

# Bags of unequal length, so that some are padded, and of which some choose more than one instance.
BAGS = [
    bags.make_bag(planted_video(i, ("normal", "abnormal")[i % 2], n_tubes=n)[0])
    for i, n in enumerate((1, 5, 23, 31, 9, 2))
]


def built(**changes) -> tuple[Rtfm, Batches]:
    method = Rtfm(parameters("rtfm", **{"dropout": 0.0, "width": 24, **changes}), seed=0)
    method._build(32)
    return method, Batches(BAGS, batch_bags=3, max_instances=200, seed=0)


def naive_scores(scorer: MagnitudeScorer, features: np.ndarray) -> list[tuple[float, float]]:
    """Score and magnitude of each instance, from the layers' weights."""
    layers = [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in scorer.children()]
    result = []
    for x in features:
        embedded = np.maximum(layers[0][0] @ x + layers[0][1], 0)
        hidden = np.maximum(layers[1][0] @ embedded + layers[1][1], 0)
        logit = (layers[2][0] @ hidden + layers[2][1])[0]
        result.append((1 / (1 + np.exp(-logit)), np.sqrt((embedded**2).sum())))
    return result


def test_a_step_is_the_formula() -> None:
    method, batches = built(sparsity=0.01, margin=3.0, margin_weight=0.5)
    with torch.no_grad():  # so that the scores of unlike tubes are told apart
        method.networks["scorer"].last.weight.mul_(20)
    entropy, means, magnitude = [], [], {"normal": [], "abnormal": []}
    for bag in BAGS:
        instances = naive_scores(method.networks["scorer"], bag.region)
        k = max(1, len(instances) // 10)
        top = sorted(instances, key=lambda instance: -instance[1])[:k]
        p = np.mean([score for score, _ in top])
        entropy.append(-np.log(p if bag.label == "abnormal" else 1 - p))
        magnitude[bag.label].append(np.mean([length for _, length in top]))
        if bag.label == "abnormal":
            means.append(np.mean([score for score, _ in instances]))
    margin = [(abs(3 - a) + n) ** 2 for a in magnitude["abnormal"] for n in magnitude["normal"]]
    expected = {
        "cross_entropy": np.mean(entropy),
        "margin": 0.5 * np.mean(margin) / 9,
        "sparsity": 0.01 * np.mean(means),
        "abnormal_magnitude": np.mean(magnitude["abnormal"]),
        "normal_magnitude": np.mean(magnitude["normal"]),
    }
    expected["loss"] = expected["cross_entropy"] + expected["margin"] + expected["sparsity"]
    actual = dict(zip(method.columns, method.step(batches.batch(0), batches.generator(0), 0).tolist(), strict=True))
    assert actual == pytest.approx(expected, abs=1e-5)


def test_instances_are_chosen_by_magnitude_and_not_by_score() -> None:
    method, batches = built(top_divisor=1000)
    scorer = method.networks["scorer"]
    of_bags = [naive_scores(scorer, bag.region) for bag in BAGS]
    by_magnitude = [max(of_bag, key=lambda pair: pair[1])[0] for of_bag in of_bags]
    assert [max(score for score, _ in of_bag) for of_bag in of_bags] != pytest.approx(by_magnitude, abs=1e-4)
    labels = [bag.label == "abnormal" for bag in BAGS]
    expected = -np.mean([np.log(p if y else 1 - p) for p, y in zip(by_magnitude, labels, strict=True)])
    values = method.step(batches.batch(0), batches.generator(0), 0)
    assert values[1].item() == pytest.approx(expected, abs=1e-5)


@given(
    st.lists(st.floats(0, 20), min_size=1, max_size=4),
    st.lists(st.floats(0, 20), min_size=1, max_size=4),
    st.floats(0.5, 100),
)
def test_margin_loss_is_the_published_one_in_margins(abnormal: list[float], normal: list[float], margin: float) -> None:
    published = [1e-4 * (abs(100 - 100 * a / margin) + 100 * n / margin) ** 2 for a in abnormal for n in normal]
    actual = margin_loss(torch.tensor(abnormal).double(), torch.tensor(normal).double(), margin)
    assert float(actual) == pytest.approx(sum(published) / len(published), rel=1e-5)


def test_dropout_leaves_out_units_and_choices() -> None:
    scorer = MagnitudeScorer(32, width=24, dropout=0.7)
    masks = scorer.draw_masks((40, 50), torch.Generator().manual_seed(0))
    assert [tuple(mask.shape) for mask in masks] == [(40, 50, 24), (40, 50, 128), (40, 50)]
    for mask in masks:
        assert float((mask > 0).float().mean()) == pytest.approx(0.3, abs=0.03)
        assert mask.max().item() == pytest.approx(1 / 0.3)
    x = torch.rand(40, 50, 32)
    assert not torch.equal(scorer(x, masks)[1], scorer(x)[1])


def test_the_margin_loss_sets_the_magnitudes_of_abnormal_videos_apart() -> None:
    gaps = {}
    for weight in (0.0, 1.0):
        method, batches = built(width=128, learning_rate=0.005, margin_weight=weight)
        values = [method.step(batches.batch(i), batches.generator(i), i).tolist() for i in range(40)]
        gaps[weight] = values[-1][4] - values[-1][5]
    assert gaps[1.0] > gaps[0.0] + 0.2
    assert gaps[1.0] > 0.3
