import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from support.padded_bags import HEADS, D, features_and_mask, multi_head_attention
from wsstad.learning.branch import Branch
from wsstad.learning.relations import RELATIONS


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
