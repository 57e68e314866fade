import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wsstad.learning.attention import InstanceAttention, attended, temporal_context

SEEDS = st.integers(0, 10_000)


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def attention(seed: int = 0) -> InstanceAttention:
    torch.manual_seed(seed)
    return InstanceAttention(5, 3).double()


@given(seed=SEEDS, n=st.integers(1, 6))
@settings(max_examples=20, deadline=None)
def test_attention_is_the_softmax_of_its_energies(seed: int, n: int) -> None:
    layer, features = attention(seed), draw(seed, 1, n, 5)
    v, u = layer.hidden.weight.tolist(), layer.energy.weight.tolist()[0]
    energies = []
    for x in features[0].tolist():
        hidden = [math.tanh(sum(row[i] * x[i] for i in range(5))) for row in v]
        energies.append(sum(u[j] * hidden[j] for j in range(3)))
    total = sum(math.exp(e) for e in energies)
    assert layer(features)[0].tolist() == pytest.approx([math.exp(e) / total for e in energies])


@given(seed=SEEDS, n=st.integers(1, 6), padding=st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_padding_has_no_weight_and_changes_none(seed: int, n: int, padding: int) -> None:
    layer, features = attention(seed), draw(seed, 2, n + padding, 5)
    mask = torch.arange(n + padding).expand(2, -1) < n
    weights = layer(features, mask)
    assert torch.all(weights[:, n:] == 0)
    assert weights.sum(dim=1).tolist() == pytest.approx([1, 1])
    assert torch.allclose(weights[:, :n], layer(features[:, :n]))


def test_attention_without_its_hidden_units_is_even() -> None:
    weights = attention()(draw(1, 2, 4, 5), dropout=torch.zeros(2, 4, 3, dtype=torch.float64))
    assert torch.allclose(weights, torch.full((2, 4), 0.25, dtype=torch.float64))


@given(seed=SEEDS, n=st.integers(1, 6), padding=st.integers(0, 3), reach=st.floats(0.05, 20))
@settings(max_examples=30, deadline=None)
def test_temporal_context_is_a_weighted_mean(seed: int, n: int, padding: int, reach: float) -> None:
    features, centres = draw(seed, 1, n + padding, 4), 10 * draw(seed + 1, 1, n + padding)
    mask = torch.arange(n + padding)[None] < n
    actual = temporal_context(features, centres, reach, mask)[0, :n]
    for i in range(n):
        weights = [math.exp(-abs(float(centres[0, i] - centres[0, j])) / reach) for j in range(n)]
        expected = sum(weights[j] * features[0, j].numpy() for j in range(n)) / sum(weights)
        assert actual[i].numpy() == pytest.approx(expected)


def test_temporal_context_of_far_and_of_simultaneous_instances() -> None:
    features, centres = draw(3, 1, 3, 4), torch.tensor([[0.0, 0.0, 1e4]], dtype=torch.float64)
    context = temporal_context(features, centres, 1.0)[0]
    assert torch.allclose(context[0], features[0, :2].mean(dim=0))
    assert torch.allclose(context[2], features[0, 2])


@given(seed=SEEDS, n=st.integers(1, 8), whole=st.none() | st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_attended_scores_are_the_products_up_to_a_factor(seed: int, n: int, whole: float | None) -> None:
    scores, weights = torch.sigmoid(draw(seed, 1, n)), torch.softmax(4 * draw(seed + 1, 1, n), dim=1)
    actual = attended(scores, weights, None if whole is None else torch.tensor([whole], dtype=torch.float64))[
        0
    ].tolist()
    products = [s * w for s, w in zip(scores[0].tolist(), weights[0].tolist(), strict=True)]
    best = int(np.argmax(products))
    factor = 1 / weights.max().item() if whole is None else whole / products[best]
    assert actual == pytest.approx([factor * product for product in products], abs=1e-12)
    assert 0 <= min(actual) <= max(actual) <= 1 + 1e-12
    if whole is None:  # neither more nor fewer instances change what the most attended one has
        assert actual[int(weights.argmax())] == pytest.approx(scores[0, weights.argmax()].item())
    else:
        assert max(actual) == pytest.approx(whole)


def test_attended_scores_of_a_bag_that_scores_nothing() -> None:
    zeros, weights = torch.zeros(1, 2), torch.tensor([[0.25, 0.75]])
    assert attended(zeros, weights, torch.tensor([0.0])).tolist() == [[0, 0]]
    assert attended(zeros, weights).tolist() == [[0, 0]]
