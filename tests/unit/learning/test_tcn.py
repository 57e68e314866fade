import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from wsstad.learning.tcn import CausalConvolution, TemporalScorer

D = 6
DILATIONS = [1, 2, 4]


def scorer(seed: int = 0, **changes) -> TemporalScorer:
    torch.manual_seed(seed)
    options = {"channels": 8, "kernel": 2, "dilations": DILATIONS, "dropout": 0.6, **changes}
    return TemporalScorer(D, **options).double()


def features_of(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, D, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive_convolution(layer: CausalConvolution, x: torch.Tensor, kernel: int, dilation: int) -> torch.Tensor:
    """One bag (n, inputs), instance by instance: the last block of the weights is for the instance itself."""
    width, rows = x.shape[1], []
    for t in range(len(x)):
        total = layer.linear.bias.clone()
        for i in range(kernel):
            before = t - (kernel - 1 - i) * dilation
            if before >= 0:
                total = total + layer.linear.weight[:, i * width : (i + 1) * width] @ x[before]
        rows.append(total.clamp(min=0) + layer.skip(x[t]))
    return torch.stack(rows)


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(0, 20), st.sampled_from([D, 5]))
@settings(max_examples=30, deadline=None)
def test_a_causal_convolution_is_the_formula(n: int, kernel: int, dilation: int, seed: int, outputs: int) -> None:
    torch.manual_seed(seed)
    layer = CausalConvolution(D, outputs, kernel=kernel, dilation=dilation).double()
    x = features_of(1, n, seed=seed)
    assert torch.allclose(layer(x)[0], naive_convolution(layer, x[0], kernel, dilation), atol=1e-12)


@pytest.mark.parametrize(("kernel", "dilation"), [(1, 1), (2, 4), (3, 2)])
def test_a_causal_convolution_is_that_of_torch(kernel: int, dilation: int) -> None:
    layer = CausalConvolution(D, D, kernel=kernel, dilation=dilation).double()
    oracle = nn.Conv1d(D, D, kernel, dilation=dilation).double()
    with torch.no_grad():
        oracle.weight.copy_(layer.linear.weight.view(D, kernel, D).transpose(1, 2))
        oracle.bias.copy_(layer.linear.bias)
    x = features_of(3, 7)
    expected = oracle(F.pad(x.transpose(1, 2), ((kernel - 1) * dilation, 0))).clamp(min=0).transpose(1, 2) + x
    assert torch.allclose(layer(x), expected, atol=1e-12)


@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_the_scorer_is_its_convolutions_then_the_predictor(kernel: int) -> None:
    network, x = scorer(kernel=kernel), features_of(1, 11)
    hidden = x[0]
    for layer, dilation in zip(network.encoder, DILATIONS, strict=True):
        hidden = naive_convolution(layer, hidden, kernel, dilation)
    assert torch.allclose(network(x)[0], network.predictor(hidden), atol=1e-12)


@given(st.integers(2, 12), st.data())
@settings(max_examples=25, deadline=None)
def test_later_instances_change_no_earlier_logit(n: int, data: st.DataObject) -> None:
    network, x = scorer(), features_of(1, n)
    changed = data.draw(st.integers(1, n - 1))
    other = x.clone()
    other[:, changed] += 1
    assert torch.equal(network(x)[:, :changed], network(other)[:, :changed])
    assert not torch.equal(network(x)[:, changed], network(other)[:, changed])


@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_padding_changes_no_logit(n: int, pad: int, seed: int) -> None:
    network, x = scorer(seed), features_of(2, n + pad, seed=seed)
    padded = network(x)
    for i in range(2):
        assert torch.allclose(padded[i, :n], network(x[i : i + 1, :n])[0], atol=1e-12)


def test_dropout_leaves_out_hidden_units_of_every_layer() -> None:
    network, x = scorer(), features_of(4, 50)
    masks = network.draw_masks((4, 50), torch.Generator().manual_seed(0))
    assert [mask.shape[2] for mask in masks] == [8, 8, 8, 512, 32]
    for mask in masks:
        assert mask.unique().tolist() == pytest.approx([0, 2.5])
        assert float((mask > 0).float().mean()) == pytest.approx(0.4, abs=0.03)
    hidden = x
    for layer, mask in zip(network.encoder, masks, strict=False):
        hidden = (layer(hidden) - layer.skip(hidden)) * mask + layer.skip(hidden)
    assert torch.allclose(network(x, masks), network.predictor(hidden, masks[-2:]), atol=1e-12)
