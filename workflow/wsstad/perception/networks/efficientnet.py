"""EfficientNet-Lite0 to its pooled features, with batch norms folded into the convolutions.

The names of the weights are those of the package efficientnet_lite_pytorch, which published them; a test holds this
network equal to its own.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from wsstad.perception.networks.convolution import Convolution

DIMENSION = 1280
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)  # of the bottlenecks; their widths are those of the weights
EPSILON = 1e-3  # of the batch norms

Tensors = Mapping[str, torch.Tensor]  # by name


class EfficientNetLite0:
    """Computes the pooled features of batches of `batch` images of `image_size` x `image_size` pixels."""

    def __init__(self, weights: Path, *, image_size: int, batch: int, device: str = "cpu") -> None:
        tensors: Tensors = torch.load(weights, map_location="cpu", weights_only=True)
        self._device, self._batch, self._side = device, batch, image_size
        self._stem = self._fold(tensors, "_conv_stem", "_bn0", stride=2)
        self._blocks = [self._block(tensors, number, stride) for number, stride in enumerate(STRIDES)]
        self._head = self._fold(tensors, "_conv_head", "_bn1")

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (n, 1280) of images (n, 3, size, size) float32."""
        x = self._run(self._stem, images.contiguous(memory_format=torch.channels_last))
        for layers, skip in self._blocks:
            before = x
            for layer in layers[:-1]:
                x = self._run(layer, x)
            x = self._run(layers[-1], x, before if skip else None)
        return self._run(self._head, x).mean(dim=(2, 3))

    def _block(self, weights: Tensors, number: int, stride: int) -> tuple[list[tuple[Convolution, int]], bool]:
        """Return the layers of an inverted bottleneck, and whether its input is added to its output."""
        name = f"_blocks.{number}"
        expands = f"{name}._expand_conv.weight" in weights
        layers = [self._fold(weights, f"{name}._expand_conv", f"{name}._bn0")] if expands else []
        channels = len(weights[f"{name}._depthwise_conv.weight"])
        depthwise = self._fold(weights, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, groups=channels)
        layers += [depthwise, self._fold(weights, f"{name}._project_conv", f"{name}._bn2", relu=None)]
        inputs = weights[f"{name}._expand_conv.weight"].shape[1] if expands else channels
        return layers, stride == 1 and inputs == len(weights[f"{name}._project_conv.weight"])

    def _fold(
        self, weights: Tensors, layer: str, norm: str, *, stride: int = 1, groups: int = 1, relu: float | None = 6.0
    ) -> tuple[Convolution, int]:
        """Return a convolution with its batch norm folded in, and the padding to add below and on the right.

        Padding is TensorFlow's "same": with a stride of 2 it may need one pixel more on one side than on the other.
        """
        mean, variance, gain, bias = (
            weights[f"{norm}.{name}"].double().numpy() for name in ("running_mean", "running_var", "weight", "bias")
        )
        scale = gain / np.sqrt(variance + EPSILON)
        weight = weights[f"{layer}.weight"].numpy()
        total = max((-(-self._side // stride) - 1) * stride + weight.shape[2] - self._side, 0)
        extra = total % 2
        size = (self._batch, weight.shape[1] * groups, self._side + extra, self._side + extra)
        folded = Convolution(
            (weight * scale[:, None, None, None]).astype(np.float32),
            (bias - mean * scale).astype(np.float32),
            input_size=size,
            stride=stride,
            padding=total // 2,
            groups=groups,
            relu=relu,
            device=self._device,
        )
        self._side = -(-self._side // stride)
        return folded, extra

    @staticmethod
    def _run(layer: tuple[Convolution, int], x: torch.Tensor, add: torch.Tensor | None = None) -> torch.Tensor:
        convolution, extra = layer
        if extra:
            x = F.pad(x, (0, extra, 0, extra))
        x = convolution(x, add)
        return x if convolution.fused else x.clamp_(0, 6)
