"""The relationship modeling module of a branch, and what stands in its place in Table 4 (section 3.2).

Features are (bags, instances, d); `mask` (bags, instances) is true for the real instances and false for padding.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsstad.learning.graphs import similarity_graph
from wsstad.learning.instances import take


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


class ScaledRelationModule(RelationModule):
    """`RelationModule` whose attended part is multiplied by a learned number, 0 at first [Bachlechner 2021].

    Not in the paper: the module begins as `NoRelation`, and gives as much weight to other instances as lowers the loss.
    """

    def __init__(self, dimension: int, heads: int) -> None:
        super().__init__(dimension, heads)
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the self-attentive features (b, n, d) of all instances."""
        return features + self.scale * (super().forward(features, mask) - features)

    def forward_at(self, features: Tensor, mask: Tensor | None, index: Tensor) -> Tensor:
        """Return what `forward` gives for instance `index` (b,) of each bag, (b, d), at a hundredth of its cost."""
        own = take(features, index)
        return own + self.scale * (super().forward_at(features, mask, index) - own)


class GraphRelation(nn.Module):
    """One graph convolution over the instances of a bag, with a residual connection: the row "GCN" of Table 4.

    The graph is that of feature similarity of [Zhong 2019], which nothing learns: A = exp(F F^T - the maximum of each
    row), normalised to D^-1/2 A D^-1/2 with D the sums of the rows. The layer is A F W^T + F, without bias.
    """

    # Paper is silent on what replaces the module: one layer d to d, linear and with the residual, as the module's own
    # attention is. The initial W is uniform in +-1/sqrt(d), that of [Zhong 2019] and of nn.Linear alike. It is applied
    # after A, not before as in `GraphConvolution`, so that `forward_at` needs it for one instance alone.
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


RELATIONS: dict[str, type[RelationModule | GraphRelation | NoRelation]] = {
    "attention": RelationModule,
    "scaled_attention": ScaledRelationModule,
    "gcn": GraphRelation,
    "none": NoRelation,
}
ATTENTION = frozenset(name for name, relation in RELATIONS.items() if issubclass(relation, RelationModule))
