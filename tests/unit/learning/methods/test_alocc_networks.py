"""R and D of ALOCC against plain loops, and what evaluation mode promises."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from wsstad.learning.methods import alocc_networks
from wsstad.learning.methods.alocc_networks import Scale

SIDE = 17  # odd, then 9, 5, 3 and 2: both kinds of halving


def seeded(make, size: int) -> nn.Module:
    """A network in evaluation mode whose batch norms have seen something."""
    torch.manual_seed(0)
    network = make(size)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return network.eval()


def pictures(count: int, side: int = SIDE) -> torch.Tensor:
    return torch.rand(count, side * side, generator=torch.Generator().manual_seed(1)) * 2 - 1


def parameters_of(network: nn.Module) -> list[np.ndarray]:
    state = network.state_dict()
    return [tensor.double().numpy() for name, tensor in state.items() if "num_batches" not in name]


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


def convolve(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """A 5x5 convolution of (c, h, w) with stride 2 over two pixels of zeros around."""
    half = (x.shape[1] + 1) // 2
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2)))
    out = np.zeros((len(weight), half, half))
    for i in range(half):
        for j in range(half):
            out[:, i, j] = (weight * padded[:, 2 * i : 2 * i + 5, 2 * j : 2 * j + 5]).sum(axis=(1, 2, 3))
    return out


def spread(x: np.ndarray, weight: np.ndarray, side: int) -> np.ndarray:
    """The transpose of `convolve`: each pixel is spread over 5x5 pixels of a picture of `side`."""
    out = np.zeros((weight.shape[1], side + 8, side + 8))
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            out[:, 2 * i : 2 * i + 5, 2 * j : 2 * j + 5] += np.einsum("c,cokl->okl", x[:, i, j], weight)
    return out[:, 2 : 2 + side, 2 : 2 + side]


def normalise(x: np.ndarray, norm: list[np.ndarray]) -> np.ndarray:
    weight, bias, mean, variance = (parameter[:, None, None] for parameter in norm)
    return (x - mean) / np.sqrt(variance + 1e-5) * weight + bias


def test_dense_networks_are_their_layers() -> None:
    x = torch.rand(3, 10)
    for make in (alocc_networks.dense_reconstructor, alocc_networks.dense_discriminator):
        network, hidden = seeded(make, 10), x.double().numpy()
        layers = parameters_of(network)
        for i in range(0, len(layers), 2):
            hidden = hidden @ layers[i].T + layers[i + 1]
            hidden = leaky(hidden) if i + 2 < len(layers) else hidden
        assert network(x).detach().numpy() == pytest.approx(hidden, abs=1e-5)
    widths = [len(weight) for weight in parameters_of(seeded(alocc_networks.dense_reconstructor, 10))[::2]]
    assert widths == [512, 64, 512, 10]


def test_conv_reconstructor_is_its_layers() -> None:
    network, x = seeded(alocc_networks.conv_reconstructor, SIDE), pictures(2)
    parts = parameters_of(network)
    for actual, picture in zip(network(x).detach().numpy(), x.double().numpy(), strict=True):
        hidden = picture.reshape(1, SIDE, SIDE)
        for i in range(3):
            hidden = leaky(normalise(convolve(hidden, parts[5 * i]), parts[5 * i + 1 : 5 * i + 5]))
        assert hidden.shape == (128, 3, 3)
        for i, side in ((3, 5), (4, 9)):
            hidden = np.maximum(normalise(spread(hidden, parts[5 * i], side), parts[5 * i + 1 : 5 * i + 5]), 0)
        hidden = np.tanh(spread(hidden, parts[25], SIDE) + parts[26])
        assert len(parts) == 27
        assert actual == pytest.approx(hidden.ravel(), abs=1e-5)


def test_conv_discriminator_is_its_layers() -> None:
    network, x = seeded(alocc_networks.conv_discriminator, SIDE), pictures(2)
    parts = parameters_of(network)
    for actual, picture in zip(network(x).detach().numpy(), x.double().numpy(), strict=True):
        hidden = leaky(convolve(picture.reshape(1, SIDE, SIDE), parts[0]) + parts[1][:, None, None])
        for i in (2, 7, 12):
            hidden = leaky(normalise(convolve(hidden, parts[i]), parts[i + 1 : i + 5]))
        assert hidden.shape == (128, 2, 2)
        assert len(parts) == 19
        assert actual == pytest.approx(parts[17] @ hidden.ravel() + parts[18], abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.integers(alocc_networks.SMALLEST, 64))
def test_pictures_of_any_side_keep_it(side: int) -> None:
    x = pictures(2, side)
    reconstructor, discriminator = (
        seeded(alocc_networks.conv_reconstructor, side),
        seeded(alocc_networks.conv_discriminator, side),
    )
    with torch.no_grad():
        back = reconstructor(x)
        assert back.shape == x.shape
        assert back.abs().max() <= 1
        assert discriminator(back).shape == (2, 1)


@pytest.mark.parametrize("make", [alocc_networks.conv_reconstructor, alocc_networks.conv_discriminator])
def test_in_evaluation_mode_no_picture_sees_another(make) -> None:
    network, x = seeded(make, SIDE), pictures(5)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with torch.inference_mode():
        together, alone = network(x), torch.cat([network(one[None]) for one in x])
    assert together.numpy() == pytest.approx(alone.numpy(), abs=1e-5)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_frozen_statistics_stay_while_those_of_the_batch_are_used() -> None:
    network, x = seeded(alocc_networks.conv_discriminator, SIDE).train(), pictures(5)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with alocc_networks.frozen_statistics(network):
        frozen = network(x)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert torch.equal(network(x), frozen)
    assert not torch.equal(network[4].running_mean, before["4.running_mean"])


def test_scale_puts_the_farthest_value_at_the_edge() -> None:
    features = torch.tensor([[1.0, 5.0], [3.0, 5.0], [8.0, 5.0]])
    scale = Scale(2)
    scale.measure(features)
    assert scale(features).tolist() == [[pytest.approx((x - 4) / 4), 0] for x in (1, 3, 8)]
    scale.measure(torch.ones(3, 2))
    assert scale(torch.ones(1, 2)).tolist() == [[0, 0]]
    assert Scale(1, centre=0.5, extent=0.5)(torch.tensor([[0.0], [0.25], [1.0]])).flatten().tolist() == [-1, -0.5, 1]
