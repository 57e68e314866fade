import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from support.naive_graphs import D, bags_of, naive_convolution, naive_similarity, naive_temporal
from wsstad.learning.label_cleaner import NoiseCleaner

CLEANER = NoiseCleaner(D).double()


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
