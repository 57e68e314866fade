"""Packed convolutions against torch's own."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from wsstad.perception.networks import convolution
from wsstad.perception.networks.convolution import Convolution


@pytest.fixture(params=[True, False], ids=["packed", "plain"])
def packed(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(convolution, "can_pack", lambda: False)
    elif not convolution.can_pack():
        pytest.skip("this build of torch cannot pack")
    return request.param


@pytest.mark.parametrize(
    ("shape", "groups", "stride", "relu", "axes"),
    [((8, 4, 3, 3), 1, 1, 6.0, 2), ((8, 1, 5, 5), 8, 2, 6.0, 2), ((6, 4, 1, 1), 1, 1, None, 2),
     ((8, 3, 3, 3, 3), 1, 1, float("inf"), 3)],
)  # fmt: skip
def test_it_is_the_plain_convolution_and_its_activation(packed, shape, groups, stride, relu, axes):
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=shape).astype(np.float32), rng.normal(size=shape[0]).astype(np.float32)
    x = torch.from_numpy(rng.normal(size=(2, shape[1] * groups, *[9] * axes)).astype(np.float32)) * 5
    x = x.contiguous(memory_format=torch.channels_last if axes == 2 else torch.channels_last_3d)
    padding = shape[-1] // 2
    layer = Convolution(weight, bias, input_size=x.shape, stride=stride, padding=padding, groups=groups, relu=relu)
    plain = F.conv2d if axes == 2 else F.conv3d
    expected = plain(x, torch.from_numpy(weight), torch.from_numpy(bias), stride, padding, 1, groups)
    actual = layer(x)
    if relu is not None:
        expected = expected.clamp(0, relu)
        actual = actual if layer.fused else actual.clamp(0, relu)
        assert layer.fused == packed
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)
    if relu is None:
        torch.testing.assert_close(layer(x, expected), 2 * expected, rtol=1e-4, atol=1e-4)
