"""Graphs over the instances of a bag, and a convolution on them [Zhong et al., CVPR 2019].

Features are (bags, instances, d); `mask` (bags, instances) is true for the real instances and false for padding, which
has no edge, not even to itself. Without a mask all instances are real.
"""

import math

import torch
from torch import Tensor, nn


def temporal_graph(centres: Tensor, mask: Tensor) -> Tensor:
    """Return the normalised graph (b, n, n) of temporal consistency, A_ij = exp(-|c_i - c_j|), of centres (b, n)."""
    return normalise(torch.exp(-(centres[:, :, None] - centres[:, None, :]).abs()), mask)


def similarity_graph(features: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the normalised graph (b, n, n) of feature similarity, A_ij = exp(x_i x_j - max_k x_i x_k)."""
    mask = torch.ones_like(features[:, :, 0], dtype=torch.bool) if mask is None else mask
    products = features @ features.transpose(1, 2)
    highest = products.masked_fill(~mask[:, None, :], -math.inf).amax(dim=2, keepdim=True)
    # Those to padding, which `normalise` drops, may be higher, and must not become infinite.
    return normalise(torch.exp((products - highest).clamp(max=0)), mask)


def normalise(adjacency: Tensor, mask: Tensor) -> Tensor:
    """Return D^-1/2 A D^-1/2, where D_ii sums row i of A (b, n, n) over the real instances."""
    edges = adjacency * (mask[:, :, None] & mask[:, None, :])
    degrees = edges.sum(dim=2)
    scale = torch.where(mask, degrees, 1).rsqrt()
    return scale[:, :, None] * edges * scale[:, None, :]


class GraphConvolution(nn.Module):
    """A X W, without bias."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(outputs)
        self.weight = nn.Parameter(torch.empty(inputs, outputs).uniform_(-bound, bound))

    def forward(self, features: Tensor, graph: Tensor) -> Tensor:
        """Return the convolved features (b, n, outputs) of `features` (b, n, inputs) on `graph` (b, n, n)."""
        return graph @ (features @ self.weight)
