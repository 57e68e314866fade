"""I3D (Carreira and Zisserman, CVPR 2017): Inception-v1 inflated to three dimensions, from RGB to Mixed_5c.

Input (n, 3, 16, side, side) float32 in [-1, 1], output (n, 1024). Convolutions and maxima are padded as TensorFlow's
"same", for which an even length needs one row more at its end than at its start. Batch norms are part of the weights.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from wsstad.perception.networks.convolution import Convolution

FRAMES = 16
DIMENSION = 1024
# Channels of the six convolutions of each Inception module: the 1x1 alone, the two pairs of a 1x1 and a 3x3, and the
# 1x1 behind the maximum.
MODULES = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
BRANCHES = (
    "Branch_0/Conv3d_0a_1x1",
    "Branch_1/Conv3d_0a_1x1",
    "Branch_1/Conv3d_0b_3x3",
    "Branch_2/Conv3d_0a_1x1",
    "Branch_2/Conv3d_0b_3x3",
    "Branch_3/Conv3d_0b_1x1",
)
STEM = {"Conv3d_1a_7x7": (64, 3, 7, 7, 7), "Conv3d_2b_1x1": (64, 64, 1, 1, 1), "Conv3d_2c_3x3": (192, 64, 3, 3, 3)}


class Maximum(NamedTuple):
    """A maximum over windows of `window` steps at every `stride`, along time, height and width."""

    window: tuple[int, int, int]
    stride: tuple[int, int, int]


# What comes before a layer.
BEFORE = {
    "Conv3d_2b_1x1": Maximum((1, 3, 3), (1, 2, 2)),
    "Mixed_3b": Maximum((1, 3, 3), (1, 2, 2)),
    "Mixed_4b": Maximum((3, 3, 3), (2, 2, 2)),
    "Mixed_5b": Maximum((2, 2, 2), (2, 2, 2)),
}
INSIDE = Maximum((3, 3, 3), (1, 1, 1))  # an Inception module


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight and bias, (out, in, time, height, width) and (out,), batch norms folded in."""
    weights = dict(STEM)
    inputs = STEM["Conv3d_2c_3x3"][0]
    for module, (b0, b1a, b1b, b2a, b2b, b3) in MODULES.items():
        pairs = ((b0, inputs), (b1a, inputs), (b1b, b1a), (b2a, inputs), (b2b, b2a), (b3, inputs))
        for branch, (after, before) in zip(BRANCHES, pairs, strict=True):
            side = int(branch[-1])
            weights[f"{module}/{branch}"] = (after, before, side, side, side)
        inputs = b0 + b1b + b2b + b3
    result: dict[str, tuple[int, ...]] = {}
    for name, shape in weights.items():
        result |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return result


class I3D:
    """Computes Mixed_5c of batches of `batch` clips of `side` x `side` pixels; weights are named as by `shapes`."""

    def __init__(self, weights: Mapping[str, np.ndarray], *, side: int, batch: int, device: str = "cpu") -> None:
        self._weights, self._batch, self._device = weights, batch, device
        self._size = [FRAMES, side, side]
        self._padding = [_same(length, 7, 2) for length in self._size]
        padded = [length + before + after for length, (before, after) in zip(self._size, self._padding, strict=True)]
        self._first = self._convolution("Conv3d_1a_7x7", padded, stride=2, padding=0)
        self._size = [-(-length // 2) for length in self._size]
        self._layers = [(name, self._layer(name)) for name in (*list(STEM)[1:], *MODULES)]
        del self._weights

    def __call__(self, clips: torch.Tensor) -> torch.Tensor:
        """Return the mean of Mixed_5c over time and space, (n, 1024) float32, of clips (n, 3, 16, side, side)."""
        return self.mixed_5c(clips).mean(dim=(2, 3, 4))

    def mixed_5c(self, clips: torch.Tensor) -> torch.Tensor:
        """Return Mixed_5c, (n, 1024, 2, s, s) with s = side / 32 rounded up, of clips (n, 3, 16, side, side)."""
        ends = [amount for pair in reversed(self._padding) for amount in pair]
        x = _run(self._first, F.pad(clips, ends).contiguous(memory_format=torch.channels_last_3d))
        for name, layer in self._layers:
            if name in BEFORE:
                x = maximum(x, BEFORE[name])
            x = _run(layer[0], x) if len(layer) == 1 else _inception(layer, x)
        return x

    def _layer(self, name: str) -> list[Convolution]:
        """Return the convolutions of a layer, one or six; the size of its input is that of its output."""
        if name in BEFORE:
            self._size = [-(-length // step) for length, step in zip(self._size, BEFORE[name].stride, strict=True)]
        names = [name] if name in STEM else [f"{name}/{branch}" for branch in BRANCHES]
        return [self._convolution(name, self._size, padding=int(name[-1]) // 2) for name in names]

    def _convolution(self, name: str, size: list[int], *, padding: int, stride: int = 1) -> Convolution:
        weight = self._weights[f"{name}.weight"]
        return Convolution(
            weight,
            self._weights[f"{name}.bias"],
            input_size=(self._batch, weight.shape[1], *size),
            stride=stride,
            padding=padding,
            relu=float("inf"),
            device=self._device,
        )


def maximum(x: torch.Tensor, over: Maximum) -> torch.Tensor:
    """Return the maxima over windows of (n, c, time, height, width), padded as "same" with what is never the largest.

    Torch pads both ends alike; what "same" adds to the end alone is the last window that its `ceil_mode` begins.
    """
    lengths = zip(x.shape[2:], *over, strict=True)
    padding = [_same(length, window, step)[0] for length, window, step in lengths]
    return F.max_pool3d(x, over.window, over.stride, padding, ceil_mode=True)


def _inception(convolutions: list[Convolution], x: torch.Tensor) -> torch.Tensor:
    b0, b1a, b1b, b2a, b2b, b3 = convolutions
    branches = (_run(b0, x), _run(b1b, _run(b1a, x)), _run(b2b, _run(b2a, x)), _run(b3, maximum(x, INSIDE)))
    return torch.cat(branches, dim=1)


def _run(convolution: Convolution, x: torch.Tensor) -> torch.Tensor:
    x = convolution(x)
    return x if convolution.fused else x.relu_()


def _same(length: int, window: int, stride: int) -> tuple[int, int]:
    """Return what "same" adds before and after an axis."""
    total = max((-(-length // stride) - 1) * stride + window - length, 0)
    return total // 2, total - total // 2
