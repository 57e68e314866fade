import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wsstad.learning.label_cleaner import GraphConvolution, NoiseCleaner, similarity_graph, temporal_graph

D = 12
CLEANER = NoiseCleaner(D).double()


def bags_of(lengths: list[int], seed: int = 0, pad: int = 0):
    """Features, centres and mask of bags of these lengths, in float64."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(len(lengths), max(lengths) + pad, dtype=torch.bool)
    for i, length in enumerate(lengths):
        mask[i, :length] = True
    draw = {"generator": generator, "dtype": torch.float64}
    return torch.randn(*mask.shape, D, **draw), 20 * torch.rand(*mask.shape, **draw), mask


def naive_normalised(rows: list[list[float]]) -> list[list[float]]:
    degrees = [sum(row) for row in rows]
    n = range(len(rows))
    return [[rows[i][j] / math.sqrt(degrees[i]) / math.sqrt(degrees[j]) for j in n] for i in n]


def naive_temporal(centres: list[float]) -> list[list[float]]:
    return naive_normalised([[math.exp(-abs(c - d)) for d in centres] for c in centres])


def naive_similarity(features: list[list[float]]) -> list[list[float]]:
    rows = []
    for x in features:
        products = [sum(a * b for a, b in zip(x, y, strict=True)) for y in features]
        rows.append([math.exp(product - max(products)) for product in products])
    return naive_normalised(rows)


def naive_convolution(graph: list[list[float]], features: list[list[float]], weight: list[list[float]]):
    """A X W, one number after the other."""
    n, inputs, outputs = range(len(graph)), range(len(weight)), range(len(weight[0]))
    mixed = [[sum(graph[i][j] * features[j][k] for j in n) for k in inputs] for i in n]
    return [[sum(mixed[i][k] * weight[k][o] for k in inputs) for o in outputs] for i in n]


def flat(rows: list[list[float]]) -> list[float]:
    return [value for row in rows for value in row]


def relu(rows: list[list[float]]) -> list[list[float]]:
    return [[max(value, 0.0) for value in row] for row in rows]


def naive_cleaner(cleaner: NoiseCleaner, features: torch.Tensor, centres: torch.Tensor) -> list[float]:
    """The logits of one bag: fully connected layers by torch, everything about the graphs in numbers."""
    hidden = cleaner.second(cleaner.first(features).clamp(min=0)).clamp(min=0).tolist()
    branches = []
    for layers, graph in (
        (cleaner.temporal, naive_temporal(centres.tolist())),
        (cleaner.similarity, naive_similarity(hidden)),
    ):
        first, last = (layer.weight.tolist() for layer in layers)
        branches.append(naive_convolution(graph, relu(naive_convolution(graph, hidden, first)), last))
    return [(a[0] + b[0]) / 2 for a, b in zip(*branches, strict=True)]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=3), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_graphs_are_the_formulas(lengths: list[int], seed: int) -> None:
    features, centres, mask = bags_of(lengths, seed, pad=2)
    temporal, similarity = temporal_graph(centres, mask), similarity_graph(features, mask)
    for i, n in enumerate(lengths):
        assert temporal[i, :n, :n].flatten().tolist() == pytest.approx(flat(naive_temporal(centres[i, :n].tolist())))
        expected = flat(naive_similarity(features[i, :n].tolist()))
        assert similarity[i, :n, :n].flatten().tolist() == pytest.approx(expected)
        for graph in (temporal[i], similarity[i]):
            assert not graph[n:].any()
            assert not graph[:, n:].any()


def test_the_temporal_graph_joins_what_is_near_in_time() -> None:
    graph = temporal_graph(torch.tensor([[0.0, 0.5, 9.0]]), torch.ones(1, 3, dtype=torch.bool))[0]
    assert torch.equal(graph, graph.T)
    assert graph[0, 1] > 100 * graph[0, 2] > 0


def test_products_of_any_size_make_finite_graphs() -> None:
    features, _, mask = bags_of([4, 1], pad=1)
    features[1, 1:] = 1e3  # padding
    graph = similarity_graph(100 * features, mask)
    assert torch.isfinite(graph).all()
    assert graph[1, 0, 0] == 1


def test_a_convolution_is_axw_and_starts_within_its_bound() -> None:
    torch.manual_seed(0)
    layer = GraphConvolution(5, 16).double()
    features, graph = torch.randn(1, 4, 5, dtype=torch.float64), torch.rand(1, 4, 4, dtype=torch.float64)
    expected = naive_convolution(graph[0].tolist(), features[0].tolist(), layer.weight.tolist())
    assert layer(features, graph)[0].flatten().tolist() == pytest.approx(flat(expected))
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    assert 0.2 < layer.weight.abs().max() <= 0.25


@pytest.mark.parametrize("n", [1, 2, 6])
def test_the_cleaner_is_the_mean_of_two_graph_networks(n: int) -> None:
    torch.manual_seed(n)
    cleaner = NoiseCleaner(D).double()
    features, centres, mask = bags_of([n], n)
    assert cleaner(features, centres, mask)[0].tolist() == pytest.approx(
        naive_cleaner(cleaner, features[0], centres[0])
    )


@given(st.integers(1, 7), st.integers(1, 5), st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_padding_changes_no_logit(n: int, pad: int, seed: int) -> None:
    features, centres, mask = bags_of([n, max(n - 1, 1)], seed, pad)
    padded = CLEANER(features, centres, mask)
    assert torch.isfinite(padded).all()
    for i, length in enumerate(mask.sum(dim=1).tolist()):
        alone = CLEANER(features[i : i + 1, :length], centres[i : i + 1, :length], mask[i : i + 1, :length])
        assert torch.allclose(padded[i, :length], alone[0], atol=1e-12)


@given(st.integers(2, 8), st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_permuted_instances_give_permuted_logits(n: int, seed: int) -> None:
    features, centres, mask = bags_of([n], seed)
    order = torch.randperm(n)
    mixed = CLEANER(features[:, order], centres[:, order], mask)
    assert torch.allclose(CLEANER(features, centres, mask)[:, order], mixed, atol=1e-12)


def test_padding_passes_no_gradient_that_is_not_finite() -> None:
    cleaner = NoiseCleaner(D).double()
    features, centres, mask = bags_of([5, 1], pad=3)
    logits = cleaner(features, centres, mask, cleaner.draw_masks(tuple(mask.shape), torch.Generator().manual_seed(0)))
    logits[mask].square().sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in cleaner.parameters())
