"""A temporal convolutional network over the instances of a bag in time order [Zhang et al., ICIP 2019].

Features are (bags, instances, d). The convolutions are causal: padding at the end of a bag changes nothing before it.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsstad.learning.predictor import Masks, ScorePredictor, draw_masks


class CausalConvolution(nn.Module):
    """A dilated convolution over an instance and those before it, ReLU, and a residual connection.

    One linear map of `kernel` instances that lie `dilation` apart, the last of which is the instance itself; before the
    first instance there are zeros.
    """

    # Paper's abstract, which alone we have, says that a TCN encodes "preceding adjacent instance[s]" and no more.

    def __init__(self, inputs: int, outputs: int, *, kernel: int, dilation: int) -> None:
        super().__init__()
        self.lags = [dilation * i for i in reversed(range(kernel))]
        self.linear = nn.Linear(kernel * inputs, outputs)
        self.skip = nn.Identity() if inputs == outputs else nn.Linear(inputs, outputs)

    def forward(self, features: Tensor, dropout_mask: Tensor | float = 1.0) -> Tensor:
        """Return the convolved features (b, n, outputs) of `features` (b, n, inputs), under a dropout mask."""
        n = features.shape[1]
        before = torch.cat([F.pad(features, (0, 0, lag, 0))[:, :n] for lag in self.lags], dim=2)
        return F.relu(self.linear(before)) * dropout_mask + self.skip(features)


class TemporalScorer(nn.Module):
    """Causal convolutions of the given dilations, one after the other, then the score predictor."""

    def __init__(self, dimension: int, *, channels: int, kernel: int, dilations: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.widths = [channels for _ in dilations]
        layers = zip(pairwise([dimension, *self.widths]), dilations, strict=True)
        self.encoder = nn.ModuleList(
            CausalConvolution(*sizes, kernel=kernel, dilation=dilation) for sizes, dilation in layers
        )
        self.predictor = ScorePredictor(channels, dropout)

    def draw_masks(self, shape: tuple[int, ...], generator: torch.Generator) -> Masks:
        """Return dropout masks for instances of `shape` (b, n): one a convolution, then the predictor's two."""
        dropout_masks = draw_masks(shape, self.widths, dropout=self.predictor.dropout, generator=generator)
        return dropout_masks + self.predictor.draw_masks(shape, generator)

    def forward(self, features: Tensor, dropout_masks: Masks | None = None) -> Tensor:
        """Return the logits (b, n) of all instances, in time order; without `dropout_masks` there is no dropout."""
        for i, convolution in enumerate(self.encoder):
            features = convolution(features, 1.0 if dropout_masks is None else dropout_masks[i])
        return self.predictor(features, None if dropout_masks is None else dropout_masks[len(self.widths) :])
