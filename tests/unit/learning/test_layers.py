import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from wsstad.learning.layers import (
    RELATIONS,
    Branch,
    GraphConvolution,
    RelationModule,
    ScorePredictor,
    max_index,
    mean_of,
    similarity_graph,
    take,
    top_instances,
)

D, HEADS = 16, 4


def features_and_mask(lengths: list[int], seed: int = 0, pad: int = 0, dtype=torch.float32):
    torch.manual_seed(seed)
    mask = torch.zeros(len(lengths), max(lengths) + pad, dtype=torch.bool)
    for i, length in enumerate(lengths):
        mask[i, :length] = True
    return torch.randn(*mask.shape, D, dtype=dtype), mask


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


@given(st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_relation_is_eqs_1_to_3(n: int, seed: int) -> None:
    features, _ = features_and_mask([n], seed, dtype=torch.float64)
    module = RelationModule(D, HEADS).double()
    assert torch.allclose(module(features)[0], naive_relation(module, features[0]), atol=1e-12)


def multi_head_attention(module: RelationModule) -> nn.MultiheadAttention:
    """PyTorch's attention with the weights of ours, and with the identity for the projection that ours has not."""
    oracle = nn.MultiheadAttention(D, HEADS, bias=False, batch_first=True)
    with torch.no_grad():
        oracle.in_proj_weight.copy_(torch.cat([module.query.weight, module.key.weight, module.value.weight]))
        oracle.out_proj.weight.copy_(torch.eye(D))
    return oracle


@pytest.mark.parametrize("pad", [0, 3])
def test_relation_is_multi_head_attention_and_residual(pad: int) -> None:
    features, mask = features_and_mask([5, 3, 1], pad=pad)
    module = RelationModule(D, HEADS)
    attended, _ = multi_head_attention(module)(features, features, features, key_padding_mask=~mask)
    assert torch.allclose(module(features, mask)[mask], (attended + features)[mask], atol=1e-6)


def naive_convolution(module: GraphConvolution, features: torch.Tensor) -> torch.Tensor:
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


@given(st.integers(1, 7), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_graph_convolution_is_its_formula(n: int, seed: int) -> None:
    features, _ = features_and_mask([n], seed, dtype=torch.float64)
    module = GraphConvolution(D, HEADS).double()
    assert torch.allclose(module(features)[0], naive_convolution(module, features[0]), atol=1e-12)


def test_graph_of_unit_features_is_symmetric_and_has_no_edge_to_padding() -> None:
    features, mask = features_and_mask([5, 3], pad=2, dtype=torch.float64)
    graph = similarity_graph(nn.functional.normalize(features, dim=2), mask)
    assert torch.allclose(graph[0, :5, :5], graph[0, :5, :5].T, atol=1e-12)
    assert (graph[0, :, 5:] == 0).all()
    assert (graph[1, :, 3:] == 0).all()
    # D^-1/2 A D^-1/2 has the eigenvalue 1, of the vector of square roots of the degrees, and none above.
    assert torch.linalg.eigvalsh(graph[0, :5, :5]).max().item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("masked", [True, False])
def test_row_is_one_row_of_forward(relation: str, masked: bool) -> None:
    features, mask = features_and_mask([6, 2, 4] if masked else [6, 6, 6], dtype=torch.float64)
    module = RELATIONS[relation](D, HEADS).double()
    index = torch.tensor([3, 1, 0])
    given = mask if masked else None
    assert torch.allclose(module.forward_at(features, given, index), take(module(features, given), index), atol=1e-12)


def gradients(branch: Branch, logits: torch.Tensor) -> dict[str, torch.Tensor]:
    """The gradients of an arbitrary loss on the logits (b,) of the max instances."""
    branch.zero_grad()
    (logits.sigmoid() * torch.arange(1.0, 1 + len(logits), dtype=logits.dtype)).square().sum().backward()
    return {name: parameter.grad.clone() for name, parameter in branch.named_parameters() if parameter.grad is not None}


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 999), st.sampled_from(list(RELATIONS)))
@settings(max_examples=25, deadline=None)
def test_max_instance_has_the_gradients_of_the_dense_computation(lengths: list[int], seed: int, relation: str) -> None:
    features, mask = features_and_mask(lengths, seed, dtype=torch.float64)
    branch = Branch(D, heads=HEADS, relation=relation).double()
    index, logits = branch.max_instance(features, mask, torch.Generator().manual_seed(seed))
    rowwise = gradients(branch, logits)
    assert len(rowwise) == len(list(branch.parameters()))
    masks = branch.predictor.draw_masks(tuple(mask.shape), torch.Generator().manual_seed(seed))
    dense = branch(features, mask, masks).masked_fill(~mask, -math.inf).max(dim=1)
    assert torch.equal(index, dense.indices)
    assert torch.allclose(logits, dense.values, rtol=0, atol=1e-10)
    for name, gradient in gradients(branch, dense.values).items():
        assert torch.allclose(rowwise[name], gradient, rtol=0, atol=1e-10), name


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 999))
@settings(max_examples=15, deadline=None)
def test_max_instance_has_the_gradients_of_torchs_attention(lengths: list[int], seed: int) -> None:
    features, mask = features_and_mask(lengths, seed, dtype=torch.float64)
    branch = Branch(D, heads=HEADS, dropout=0.0).double()
    index, logits = branch.max_instance(features, mask, torch.Generator())
    rowwise = gradients(branch, logits)
    assert len(rowwise) == 3 + 6
    oracle, head = multi_head_attention(branch.relation).double(), branch.predictor
    attended, _ = oracle(features, features, features, key_padding_mask=~mask)
    hidden = nn.functional.relu(head.first(attended + features))
    dense = head.third(head.second(hidden))[..., 0].masked_fill(~mask, -math.inf).max(dim=1)
    assert torch.equal(index, dense.indices)
    of_head = gradients(branch, dense.values)
    of_attention = dict(zip(("query", "key", "value"), oracle.in_proj_weight.grad.chunk(3), strict=True))
    for name, gradient in rowwise.items():
        parts = name.split(".")
        expected = of_head[name] if parts[0] == "predictor" else of_attention[parts[1]]
        assert torch.allclose(gradient, expected, rtol=0, atol=1e-10), name


def test_predictor_is_three_layers_with_one_relu() -> None:
    predictor = ScorePredictor(D)
    x = torch.randn(7, D)
    first, second, third = predictor.first, predictor.second, predictor.third
    hidden = (x @ first.weight.T + first.bias).clamp(min=0)
    logits = (hidden @ second.weight.T + second.bias) @ third.weight.T + third.bias
    assert torch.allclose(predictor(x), logits[:, 0], atol=1e-6)
    assert [first.weight.shape, second.weight.shape, third.weight.shape] == [(512, D), (32, 512), (1, 32)]


def test_dropout_masks_keep_two_fifths_and_the_mean() -> None:
    predictor = ScorePredictor(D, dropout=0.6)
    masks = predictor.draw_masks((20, 30), torch.Generator().manual_seed(0))
    assert [m.shape for m in masks] == [(20, 30, 512), (20, 30, 32)]
    for mask in masks:
        assert mask.unique().tolist() == pytest.approx([0, 2.5])
        assert float((mask > 0).float().mean()) == pytest.approx(0.4, abs=0.01)
    again = predictor.draw_masks((20, 30), torch.Generator().manual_seed(0))
    assert torch.equal(masks[0], again[0])
    assert torch.equal(masks[1], again[1])
    x = torch.randn(20, 30, D)
    assert not torch.equal(predictor(x, masks), predictor(x))


@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 50), st.sampled_from(sorted(RELATIONS)))
@settings(max_examples=40, deadline=None)
def test_padding_changes_no_score(n: int, pad: int, seed: int, relation: str) -> None:
    features, mask = features_and_mask([n, max(n - 1, 1)], seed, pad=pad)
    branch = Branch(D, heads=HEADS, relation=relation)
    padded = branch(features, mask)
    changed = torch.where(mask[..., None], features, 1e3 * torch.randn_like(features))
    assert torch.allclose(padded[mask], branch(changed, mask)[mask], atol=1e-5)
    for i, length in enumerate(mask.sum(dim=1).tolist()):
        alone = branch(features[i : i + 1, :length])
        assert torch.allclose(padded[i, :length], alone[0], atol=1e-5)


@given(st.integers(2, 9), st.integers(0, 50), st.sampled_from(sorted(RELATIONS)))
@settings(max_examples=40, deadline=None)
def test_permuted_instances_give_permuted_scores(n: int, seed: int, relation: str) -> None:
    features, _ = features_and_mask([n], seed)
    branch = Branch(D, heads=HEADS, relation=relation)
    order = torch.randperm(n)
    assert torch.allclose(branch(features)[:, order], branch(features[:, order]), atol=1e-5)


def test_a_lone_instance_attends_to_itself() -> None:
    module = RelationModule(D, HEADS)
    x = torch.randn(1, 1, D)
    assert torch.allclose(module(x), module.value(x) + x, atol=1e-6)


def test_heads_must_divide_the_dimension() -> None:
    with pytest.raises(ValueError, match="16 features cannot be divided among 3 heads"):
        RelationModule(D, 3)


def test_max_index_passes_over_padding_and_takes_the_first_of_equals() -> None:
    logits = torch.tensor([[0.1, 0.5, 0.5, 9.0], [-3.0, -2.0, 0.0, 0.0]])
    mask = torch.tensor([[True, True, True, False], [True, True, False, False]])
    assert max_index(logits, mask).tolist() == [1, 1]


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_top_instances_are_the_first_of_a_stable_sort(data: st.DataObject) -> None:
    bags = data.draw(st.lists(st.lists(st.integers(-3, 3), min_size=1, max_size=6), min_size=1, max_size=4))
    counts = [data.draw(st.integers(1, 7)) for _ in bags]
    longest = max(map(len, bags)) + 1
    values = torch.tensor([bag + [9] * (longest - len(bag)) for bag in bags], dtype=torch.float32)
    mask = torch.tensor([[i < len(bag) for i in range(longest)] for bag in bags])
    actual = top_instances(values, mask, torch.tensor(counts))
    for bag, count, chosen in zip(bags, counts, actual.tolist(), strict=True):
        best = sorted(range(len(bag)), key=lambda i: -bag[i])[:count]
        assert [i for i, is_chosen in enumerate(chosen) if is_chosen] == sorted(best)


def test_mean_of_is_over_the_chosen_alone() -> None:
    values = torch.tensor([[1.0, 2.0, 9.0], [4.0, 5.0, 6.0]])
    chosen = torch.tensor([[True, True, False], [False, False, True]])
    assert mean_of(values, chosen).tolist() == [1.5, 6.0]
    assert mean_of(torch.stack([values, -values], dim=2), chosen).tolist() == [[1.5, -1.5], [6.0, -6.0]]
