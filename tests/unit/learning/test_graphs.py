import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from support.naive_graphs import bags_of, flat, naive_convolution, naive_similarity, naive_temporal
from wsstad.learning.graphs import GraphConvolution, similarity_graph, temporal_graph


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


def test_graph_of_unit_features_is_symmetric() -> None:
    features, _, mask = bags_of([5, 3], pad=2)
    graph = similarity_graph(nn.functional.normalize(features, dim=2), mask)
    assert torch.allclose(graph[0, :5, :5], graph[0, :5, :5].T, atol=1e-12)
    # D^-1/2 A D^-1/2 has the eigenvalue 1, of the vector of square roots of the degrees, and none above.
    assert torch.linalg.eigvalsh(graph[0, :5, :5]).max().item() == pytest.approx(1, abs=1e-12)


def test_without_a_mask_all_instances_are_real() -> None:
    features, _, mask = bags_of([4, 4])
    assert torch.equal(similarity_graph(features), similarity_graph(features, mask))
