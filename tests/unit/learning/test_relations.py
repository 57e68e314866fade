import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from support.padded_bags import HEADS, D, features_and_mask, multi_head_attention
from wsstad.learning.instances import take
from wsstad.learning.relations import RELATIONS, GraphRelation, NoRelation, RelationModule, ScaledRelationModule


def drawn(relation: type[nn.Module]) -> nn.Module:
    """Return a module of float64 in which no parameter is 0."""
    module = relation(D, HEADS).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    return module


def naive_relation(module: RelationModule, features: torch.Tensor) -> torch.Tensor:
    """Eqs. 1-3 for one bag (n, d), in the paper's own layout: F is (d_k, n), one loop over heads and instances."""
    F, d_q = features.T, D // HEADS
    heads = []
    for j in range(HEADS):
        rows = slice(j * d_q, (j + 1) * d_q)
        Q, K, V = (getattr(module, name).weight[rows] @ F for name in ("query", "key", "value"))
        h = torch.stack([torch.softmax(Q[:, i] @ K / math.sqrt(d_q), dim=0) @ V.T for i in range(F.shape[1])])
        heads.append(h.T)
    return (torch.cat(heads) + F).T


@pytest.mark.parametrize("pad", [0, 3])
def test_relation_is_multi_head_attention_and_residual(pad: int) -> None:
    features, mask = features_and_mask([5, 3, 1], pad=pad)
    module = RelationModule(D, HEADS)
    attended, _ = multi_head_attention(module)(features, features, features, key_padding_mask=~mask)
    assert torch.allclose(module(features, mask)[mask], (attended + features)[mask], atol=1e-6)


def naive_scaled(module: ScaledRelationModule, features: torch.Tensor) -> torch.Tensor:
    """Eq. 3 with the heads times a number: the residual stands alone where the number is 0."""
    return module.scale * naive_relation(module, features) + (1 - module.scale) * features


def naive_convolution(module: GraphRelation, features: torch.Tensor) -> torch.Tensor:
    """The row GCN of Table 4 for one bag (n, d), edge by edge."""
    n = len(features)
    dots = [[float(features[i] @ features[j]) for j in range(n)] for i in range(n)]
    edges = [[math.exp(dots[i][j] - max(dots[i])) for j in range(n)] for i in range(n)]
    degree = [sum(row) for row in edges]
    rows = []
    for i in range(n):
        near = sum(edges[i][j] / math.sqrt(degree[i] * degree[j]) * features[j] for j in range(n))
        rows.append(module.weight.weight @ near + features[i])
    return torch.stack(rows)


@pytest.mark.parametrize(
    ("relation", "naive"),
    [(RelationModule, naive_relation), (ScaledRelationModule, naive_scaled), (GraphRelation, naive_convolution)],
)
@given(n=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_a_relation_is_its_formula(relation, naive, n: int, seed: int) -> None:
    features, _ = features_and_mask([n], seed, dtype=torch.float64)
    module = drawn(relation)
    assert torch.allclose(module(features)[0], naive(module, features[0]), atol=1e-12)


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("masked", [True, False])
def test_row_is_one_row_of_forward(relation: str, masked: bool) -> None:
    features, mask = features_and_mask([6, 2, 4] if masked else [6, 6, 6], dtype=torch.float64)
    module = drawn(RELATIONS[relation])
    index = torch.tensor([3, 1, 0])
    given = mask if masked else None
    assert torch.allclose(module.forward_at(features, given, index), take(module(features, given), index), atol=1e-12)


def test_a_lone_instance_attends_to_itself() -> None:
    module = RelationModule(D, HEADS)
    x = torch.randn(1, 1, D)
    assert torch.allclose(module(x), module.value(x) + x, atol=1e-6)


def test_heads_must_divide_the_dimension() -> None:
    with pytest.raises(ValueError, match="16 features cannot be divided among 3 heads"):
        RelationModule(D, 3)


def test_scaled_attention_begins_as_no_relation_and_learns_its_scale() -> None:
    features, mask = features_and_mask([4, 2])
    module = ScaledRelationModule(D, HEADS)
    assert torch.equal(module(features, mask), NoRelation(D, HEADS)(features, mask))
    module(features, mask)[mask].square().sum().backward()
    assert module.scale.grad is not None
    assert module.scale.grad != 0
