"""A prediction branch: relationship modeling module and abnormal score predictor (section 3.2).

Features are (bags, instances, d); `mask` (bags, instances) is true for the real instances and false for padding.
"""

import torch
from torch import Tensor, nn

from wsstad.learning.instances import max_index, take
from wsstad.learning.predictor import Masks, ScorePredictor
from wsstad.learning.relations import RELATIONS


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
