"""Attention over the instances of a bag, and what stands around an instance in time.

Features are (bags, instances, d); `mask` (bags, instances) is true for the real instances and false for padding.
"""

import math

import torch
from torch import Tensor, nn


class InstanceAttention(nn.Module):
    """Weights a = softmax_k(u^T tanh(V x_k)) over the instances k of a bag, with `width` hidden units and no bias."""

    def __init__(self, dimension: int, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(dimension, width, bias=False)
        self.energy = nn.Linear(width, 1, bias=False)

    def forward(self, features: Tensor, mask: Tensor | None = None, dropout: Tensor | None = None) -> Tensor:
        """Return the weights (b, n) of all instances, which sum to 1 in each bag; those of padding are 0.

        `dropout` (b, n, width) multiplies the hidden units.
        """
        hidden = torch.tanh(self.hidden(features))
        energy = self.energy(hidden if dropout is None else hidden * dropout).squeeze(-1)
        return torch.softmax(energy if mask is None else energy.masked_fill(~mask, -math.inf), dim=1)


def temporal_context(features: Tensor, centres: Tensor, reach: float, mask: Tensor | None = None) -> Tensor:
    """Return the means (b, n, d) of the instances around each, itself included, weighted by exp(-|c_i - c_j| / reach).

    `centres` (b, n) are the temporal centres c of the instances, in the unit of `reach`.
    """
    energy = -(centres[:, :, None] - centres[:, None, :]).abs() / reach
    return torch.softmax(energy if mask is None else energy.masked_fill(~mask[:, None, :], -math.inf), dim=2) @ features


def attended(scores: Tensor, weights: Tensor, whole: Tensor | None = None) -> Tensor:
    """Return scores (b, n) in [0, 1] in the order of `scores` times `weights`, both (b, n), scaled within each bag.

    The product itself would sink with the number of instances. So the largest weight of a bag counts as 1; or, where
    the score `whole` (b,) of the bag is given, its best instance has that.
    """
    if whole is None:
        return scores * (weights / weights.amax(dim=1, keepdim=True))
    product = scores * weights
    largest = product.amax(dim=1, keepdim=True).clamp_min(torch.finfo(product.dtype).tiny)
    return product / largest * whole[:, None]
