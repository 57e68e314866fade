"""The layers of a branch: the relationship modeling module and the abnormal score predictor (section 3.2).

Features are (bags, instances, d); `mask` (bags, instances) is true for the real instances and false for padding.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HIDDEN = (512, 32)


class RelationModule(nn.Module):
    """Multi-head self-attention over the instances of a bag, with a residual connection (Eqs. 1-3).

    As the equations have it: no bias, no projection of the concatenated heads, no normalisation.
    """

    def __init__(self, dimension: int, heads: int) -> None:
        super().__init__()
        if dimension % heads:
            raise ValueError(f"{dimension} features cannot be divided among {heads} heads")
        self.heads = heads
        self.query = nn.Linear(dimension, dimension, bias=False)
        self.key = nn.Linear(dimension, dimension, bias=False)
        self.value = nn.Linear(dimension, dimension, bias=False)

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the self-attentive features (b, n, d) of all instances."""
        bags, instances, dimension = features.shape
        query, key, value = (
            project(features).view(bags, instances, self.heads, -1).transpose(1, 2)
            for project in (self.query, self.key, self.value)
        )
        keep = None if mask is None else mask[:, None, None, :]
        # Eq. 1: d_q is the width of the projected query, d / H.
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=keep)
        return attended.transpose(1, 2).reshape(bags, instances, dimension) + features

    def forward_at(self, features: Tensor, mask: Tensor | None, index: Tensor) -> Tensor:
        """Return what `forward` gives for instance `index` (b,) of each bag, (b, d), at a hundredth of its cost.

        The keys and values of the other instances are never formed: with q the query of one head, q (W^K F) is
        (q W^K) F, and the weighted sum of W^V F is W^V times the weighted sum of F.
        """
        bags, _, dimension = features.shape
        context = self.weights(features, mask, index) @ features
        attended = torch.einsum("bhd,hkd->bhk", context, self.value.weight.view(self.heads, -1, dimension))
        return attended.reshape(bags, dimension) + take(features, index)

    def weights(self, features: Tensor, mask: Tensor | None, index: Tensor) -> Tensor:
        """Return the attention (b, heads, n) that instance `index` (b,) of each bag pays to all of them."""
        bags, _, dimension = features.shape
        query = self.query(take(features, index)).view(bags, self.heads, -1)
        key = self.key.weight.view(self.heads, -1, dimension)
        scores = torch.einsum("bhk,hkd->bhd", query, key) @ features.transpose(1, 2)
        scores = scores / math.sqrt(dimension // self.heads)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, :], -math.inf)
        return torch.softmax(scores, dim=-1)


class GraphConvolution(nn.Module):
    """One graph convolution over the instances of a bag, with a residual connection: the row "GCN" of Table 4.

    The graph is that of feature similarity of [Zhong 2019], which nothing learns: A = exp(F F^T - the maximum of each
    row), normalised to D^-1/2 A D^-1/2 with D the sums of the rows. The layer is A F W^T + F, without bias.
    """

    # Paper is silent on what replaces the module: one layer d to d, linear and with the residual, as the module's own
    # attention is. The initial W is uniform in +-1/sqrt(d), that of [Zhong 2019] and of nn.Linear alike.
    def __init__(self, dimension: int, heads: int) -> None:
        super().__init__()
        self.weight = nn.Linear(dimension, dimension, bias=False)

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the convolved features (b, n, d) of all instances."""
        return self.weight(similarity_graph(features, mask) @ features) + features

    def forward_at(self, features: Tensor, mask: Tensor | None, index: Tensor) -> Tensor:
        """Return what `forward` gives for instance `index` (b,) of each bag, (b, d); only that one is multiplied by W.

        The graph is formed whole, for an edge is divided by the degrees of both of its ends.
        """
        edges = take(similarity_graph(features, mask), index)
        return self.weight((edges[:, None] @ features).squeeze(1)) + take(features, index)


def similarity_graph(features: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the normalised adjacency (b, n, n) of the instances; no edge leads to padding."""
    similarity = features @ features.transpose(1, 2)
    if mask is not None:
        similarity = similarity.masked_fill(~mask[:, None, :], -math.inf)
    edges = (similarity - similarity.amax(dim=2, keepdim=True)).exp()
    degree = edges.sum(dim=2).rsqrt()
    return degree[:, :, None] * edges * degree[:, None, :]


class NoRelation(nn.Module):
    """Leave every instance by itself: the network without the relationship modeling module (Table 4)."""

    def __init__(self, dimension: int, heads: int) -> None:
        super().__init__()

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the features as they are."""
        return features

    def forward_at(self, features: Tensor, mask: Tensor | None, index: Tensor) -> Tensor:
        """Return the features of instance `index` (b,) of each bag."""
        return take(features, index)


RELATIONS: dict[str, type[RelationModule | GraphConvolution | NoRelation]] = {
    "attention": RelationModule,
    "gcn": GraphConvolution,
    "none": NoRelation,
}

Masks = tuple[Tensor, ...]


def draw_masks(shape: tuple[int, ...], widths: Sequence[int], *, dropout: float, generator: torch.Generator) -> Masks:
    """Return a dropout mask (b, n, width) of each width, for instances of `shape` (b, n)."""
    keep = 1 - dropout
    drawn = (torch.rand(*shape, width, generator=generator, device=generator.device) for width in widths)
    return tuple((uniform < keep) / keep for uniform in drawn)


class ScorePredictor(nn.Module):
    """Three fully connected layers d-512-32-1 with dropout, to logits; ReLU after the first only [Sultani 2018]."""

    def __init__(self, dimension: int, dropout: float = 0.6) -> None:
        super().__init__()
        self.dropout = dropout
        self.first = nn.Linear(dimension, HIDDEN[0])
        self.second = nn.Linear(*HIDDEN)
        self.third = nn.Linear(HIDDEN[1], 1)
        # Paper is silent on the initial weights: those of [Sultani 2018].
        for layer in (self.first, self.second, self.third):
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def draw_masks(self, shape: tuple[int, ...], generator: torch.Generator) -> Masks:
        """Return dropout masks for instances of `shape` (b, n): explicit, so that one instance can be scored again."""
        return draw_masks(shape, HIDDEN, dropout=self.dropout, generator=generator)

    def forward(self, features: Tensor, dropout_masks: Masks | None = None) -> Tensor:
        """Return the logits (...) of `features` (..., d); without `dropout_masks` there is no dropout."""
        hidden = F.relu(self.first(features))
        hidden = self.second(hidden if dropout_masks is None else hidden * dropout_masks[0])
        return self.third(hidden if dropout_masks is None else hidden * dropout_masks[1]).squeeze(-1)


class Branch(nn.Module):
    """A prediction branch: relation module, then score predictor (Figure 3a)."""

    def __init__(self, dimension: int, *, heads: int = 8, dropout: float = 0.6, relation: str = "attention") -> None:
        super().__init__()
        self.relation = RELATIONS[relation](dimension, heads)
        self.predictor = ScorePredictor(dimension, dropout)

    def forward(self, features: Tensor, mask: Tensor | None = None, dropout_masks: Masks | None = None) -> Tensor:
        """Return the logits (b, n) of all instances; those of padding mean nothing."""
        return self.predictor(self.relation(features, mask), dropout_masks)

    def forward_at(
        self, features: Tensor, mask: Tensor | None, index: Tensor, dropout_masks: Masks | None = None
    ) -> Tensor:
        """Return the logit (b,) of instance `index` (b,) of each bag."""
        return self.predictor(self.relation.forward_at(features, mask, index), dropout_masks)

    def max_instance(self, features: Tensor, mask: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return index (b,) and logit (b,) of the *max instance* of each bag, under dropout.

        Only the logit of the max instance has a gradient, so all instances are scored without one, and the max
        instance again, under the same dropout masks, with one: the gradients are those of the dense computation.
        """
        dropout_masks = self.predictor.draw_masks(tuple(mask.shape), generator)
        with torch.no_grad():
            index = max_index(self(features, mask, dropout_masks), mask)
        return index, self.forward_at(
            features, mask, index, (take(dropout_masks[0], index), take(dropout_masks[1], index))
        )


def max_index(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the index (b,) of the highest logit among the real instances of each bag, the first of equals."""
    return logits.masked_fill(~mask, -math.inf).argmax(dim=1)


def top_instances(values: Tensor, mask: Tensor, count: Tensor) -> Tensor:
    """Return a mask (b, n) of the `count` (b,) real instances of each bag with the highest `values` (b, n).

    Of equals the first are taken; a bag with fewer real instances than its count gives all of them.
    """
    order = values.masked_fill(~mask, -math.inf).argsort(dim=1, descending=True, stable=True)
    rank = torch.empty_like(order).scatter_(1, order, torch.arange(mask.shape[1], device=mask.device).expand_as(order))
    return (rank < count[:, None]) & mask


def mean_of(values: Tensor, chosen: Tensor) -> Tensor:
    """Return the mean of the `chosen` (b, n) rows of each ``values[b]``: (b, n, ...) to (b, ...)."""
    weights = chosen / chosen.sum(dim=1, keepdim=True)
    return torch.einsum("bn,bn...->b...", weights, values)


def take(values: Tensor, index: Tensor) -> Tensor:
    """Return row `index[b]` of each ``values[b]``: (b, n, ...) to (b, ...)."""
    return values[torch.arange(len(index), device=index.device), index]
