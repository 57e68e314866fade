"""The label noise cleaner on graphs over the instances of a bag [Zhong et al., CVPR 2019].

Features are (bags, instances, d); `mask` (bags, instances) is true for the real instances and false for padding, which
has no edge, not even to itself.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsstad.learning.graphs import GraphConvolution, similarity_graph, temporal_graph
from wsstad.learning.predictor import Masks, draw_masks

HIDDEN = (512, 128)
GRAPH_HIDDEN = 32


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
