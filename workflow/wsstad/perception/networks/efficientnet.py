"""EfficientNet-Lite0 to its pooled features, with batch norms folded into the convolutions.

Structure and padding come from the package of the published weights; a test holds the two equal.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet

from wsstad.perception.networks.convolution import Convolution

NAME = "efficientnet-lite0"
DIMENSION = 1280


class EfficientNetLite0:
    """Computes the pooled features of batches of `batch` images of `image_size` x `image_size` pixels."""

    def __init__(self, weights: Path, *, image_size: int, batch: int, device: str = "cpu") -> None:
        model = EfficientNet.from_name(NAME)
        model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self._device, self._batch, self._side = device, batch, image_size
        self._stem = self._fold(model._conv_stem, model._bn0)
        self._blocks = [self._block(block) for block in model._blocks]
        self._head = self._fold(model._conv_head, model._bn1)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return features (n, 1280) of images (n, 3, size, size) float32."""
        x = self._run(self._stem, images.contiguous(memory_format=torch.channels_last))
        for layers, skip in self._blocks:
            before = x
            for layer in layers[:-1]:
                x = self._run(layer, x)
            x = self._run(layers[-1], x, before if skip else None)
        return self._run(self._head, x).mean(dim=(2, 3))

    def _block(self, block: Any) -> tuple[list[tuple[Convolution, int]], bool]:
        """Return the layers of an inverted bottleneck, and whether its input is added to its output."""
        arguments = block._block_args
        layers = [self._fold(block._expand_conv, block._bn0)] if arguments.expand_ratio != 1 else []
        stride = block._depthwise_conv.stride[0]
        layers.append(self._fold(block._depthwise_conv, block._bn1))
        layers.append(self._fold(block._project_conv, block._bn2, relu=None))
        return layers, stride == 1 and arguments.input_filters == arguments.output_filters

    def _fold(self, convolution: Any, norm: Any, relu: float | None = 6.0) -> tuple[Convolution, int]:
        """Return a convolution with its batch norm folded in, and the padding to add below and on the right.

        Padding is TensorFlow's "same": with a stride of 2 it may need one pixel more on one side than on the other.
        """
        scale = _double(norm.weight) / np.sqrt(_double(norm.running_var) + norm.eps)
        weight, stride = convolution.weight.detach().numpy(), convolution.stride[0]
        total = max((-(-self._side // stride) - 1) * stride + weight.shape[2] - self._side, 0)
        inputs = weight.shape[1] * convolution.groups
        extra = total % 2
        size = (self._batch, inputs, self._side + extra, self._side + extra)
        folded = Convolution(
            (weight * scale[:, None, None, None]).astype(np.float32),
            (_double(norm.bias) - _double(norm.running_mean) * scale).astype(np.float32),
            input_size=size,
            stride=stride,
            padding=total // 2,
            groups=convolution.groups,
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


def _double(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()
