"""The networks of ALOCC [Sabokrou et al., CVPR 2018]: R gives an instance back, D says whether one is real.

All take instances (n, d) and score or return each by itself: in evaluation mode no instance sees another.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

SLOPE = 0.2  # of the leaky ReLUs
DENSE = (512, 64)
ENCODER = (32, 64, 128)
DECODER = (32, 16, 1)
DISCRIMINATOR = (16, 32, 64, 128)
SMALLEST = 16  # a smaller picture would end as a single pixel, of which there is no variance


class Scale(nn.Module):
    """Maps features to where ALOCC has its pixels, about [-1, 1]: (x - centre) / extent."""

    centre: Tensor
    extent: Tensor

    def __init__(self, dimension: int, *, centre: float = 0.0, extent: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("centre", torch.full((dimension,), centre))
        self.register_buffer("extent", torch.full((1,), extent))

    def measure(self, features: Tensor) -> None:
        """Take the mean of `features` (n, d) for the centre, and their largest distance from it in any dimension."""
        self.centre.copy_(features.mean(dim=0))
        # One extent for all dimensions: those that hardly ever move are not blown up.
        extent = (features - self.centre).abs().max()
        self.extent.fill_(extent if extent > 0 else 1.0)

    def forward(self, features: Tensor) -> Tensor:
        """Return the scaled features (n, d)."""
        return (features - self.centre) / self.extent


def dense_reconstructor(dimension: int) -> nn.Module:
    """Return R for feature vectors, d-512-64-512-d, without a bound on what it gives back."""
    # Paper is silent on vectors: the smallest R that narrows, as that for pictures does, and no batch norm.
    wide, narrow = DENSE
    return nn.Sequential(
        *(nn.Linear(dimension, wide), nn.LeakyReLU(SLOPE)),
        *(nn.Linear(wide, narrow), nn.LeakyReLU(SLOPE)),
        *(nn.Linear(narrow, wide), nn.LeakyReLU(SLOPE)),
        nn.Linear(wide, dimension),
    )


def dense_discriminator(dimension: int) -> nn.Module:
    """Return D for feature vectors, d-512-1, to logits (n, 1)."""
    return nn.Sequential(nn.Linear(dimension, DENSE[0]), nn.LeakyReLU(SLOPE), nn.Linear(DENSE[0], 1))


def conv_reconstructor(side: int) -> nn.Module:
    """Return R for pictures: three 5x5 convolutions that halve the side, three transposed ones that double it, tanh."""
    # As in the released code; it is silent on the ReLUs of the second half, which are those of DCGAN.
    sides = _sides(side, len(ENCODER))
    layers: list[nn.Module] = [nn.Unflatten(1, (1, side, side))]
    for inputs, outputs in zip((1, *ENCODER), ENCODER, strict=False):
        layers += [_convolution(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE)]
    for i, (inputs, outputs) in enumerate(zip((ENCODER[-1], *DECODER), DECODER, strict=False)):
        last = outputs == DECODER[-1]
        layers += [_spreading(inputs, outputs, small=sides[-1 - i], large=sides[-2 - i], bias=last)]
        layers += [nn.Tanh()] if last else [nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten())


def conv_discriminator(side: int) -> nn.Module:
    """Return D for pictures: four 5x5 convolutions that halve the side, and a linear layer to logits (n, 1)."""
    first, *others = DISCRIMINATOR
    layers: list[nn.Module] = [nn.Unflatten(1, (1, side, side)), nn.Conv2d(1, first, 5, stride=2, padding=2)]
    layers += [nn.LeakyReLU(SLOPE)]
    for inputs, outputs in zip(DISCRIMINATOR, others, strict=False):
        layers += [_convolution(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE)]
    last = _sides(side, len(DISCRIMINATOR))[-1]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(others[-1] * last**2, 1))


@contextmanager
def frozen_statistics(network: nn.Module) -> Iterator[None]:
    """Leave the running statistics of the batch norms alone, though the batch's own are used, as in training."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def _convolution(inputs: int, outputs: int) -> nn.Module:
    # No bias: the batch norm that follows would take it away.
    return nn.Conv2d(inputs, outputs, 5, stride=2, padding=2, bias=False)


def _spreading(inputs: int, outputs: int, *, small: int, large: int, bias: bool) -> nn.Module:
    extra = large - (2 * small - 1)  # a side of 2n - 1 or of 2n was halved to n
    return nn.ConvTranspose2d(inputs, outputs, 5, stride=2, padding=2, output_padding=extra, bias=bias)


def _sides(side: int, halvings: int) -> list[int]:
    """Return the side of a picture and what is left of it after each halving, rounded up."""
    sides = [side]
    for _ in range(halvings):
        sides.append((sides[-1] + 1) // 2)
    return sides
