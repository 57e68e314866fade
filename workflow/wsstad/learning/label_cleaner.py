"""Graphs over the instances of a bag, and the label noise cleaner on them [Zhong et al., CVPR 2019].

Features are (bags, instances, d); `mask` (bags, instances) is true for the real instances and false for padding, which
has no edge, not even to itself.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsstad.learning.layers import Masks, draw_masks

HIDDEN = (512, 128)
GRAPH_HIDDEN = 32


def temporal_graph(centres: Tensor, mask: Tensor) -> Tensor:
    """Return the normalised graph (b, n, n) of temporal consistency, A_ij = exp(-|c_i - c_j|), of centres (b, n)."""
    return normalise(torch.exp(-(centres[:, :, None] - centres[:, None, :]).abs()), mask)


def similarity_graph(features: Tensor, mask: Tensor) -> Tensor:
    """Return the normalised graph (b, n, n) of feature similarity, A_ij = exp(x_i x_j - max_k x_i x_k)."""
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


class NoiseCleaner(nn.Module):
    """Two fully connected layers, then two layers of graph convolution on either graph; the mean of the two logits."""

    def __init__(self, dimension: int, dropout: float = 0.6) -> None:
        super().__init__()
        self.dropout = dropout
        self.first = nn.Linear(dimension, HIDDEN[0])
        self.second = nn.Linear(*HIDDEN)
        self.temporal = nn.ModuleList(_graph_layers())
        self.similarity = nn.ModuleList(_graph_layers())

    def draw_masks(self, shape: tuple[int, ...], generator: torch.Generator) -> Masks:
        """Return dropout masks for instances of `shape` (b, n)."""
        return draw_masks(shape, HIDDEN, dropout=self.dropout, generator=generator)

    def forward(self, features: Tensor, centres: Tensor, mask: Tensor, dropout_masks: Masks | None = None) -> Tensor:
        """Return the logits (b, n) of all instances; without `dropout_masks` there is no dropout."""
        hidden = F.relu(self.first(features))
        hidden = F.relu(self.second(hidden if dropout_masks is None else hidden * dropout_masks[0]))
        hidden = hidden if dropout_masks is None else hidden * dropout_masks[1]
        graphs = temporal_graph(centres, mask), similarity_graph(hidden, mask)
        branches = zip((self.temporal, self.similarity), graphs, strict=True)
        logits = [last(F.relu(first(hidden, graph)), graph) for (first, last), graph in branches]
        return torch.stack(logits).mean(dim=0).squeeze(-1)


def _graph_layers() -> list[GraphConvolution]:
    return [GraphConvolution(HIDDEN[1], GRAPH_HIDDEN), GraphConvolution(GRAPH_HIDDEN, 1)]
