"""The abnormal score predictor of a branch, and masks of dropout that are drawn apart from it (section 3.2)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HIDDEN = (512, 32)

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
