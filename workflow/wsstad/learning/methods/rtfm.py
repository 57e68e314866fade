"""RTFM-style head: the magnitude of a feature tells the abnormal [Tian et al., ICCV 2021], on bags of tubes.

A re-implementation of the published formulas on this benchmark's bags. RTFM's own network convolves and attends along
time; tubes have no order in time, so an embedding of each tube by itself stands in its place, and the smoothness term,
which compares neighbours in time, is undefined and absent.
"""

from typing import NamedTuple, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsstad.learning import losses
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.instances import mean_of, top_instances
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.methods.parameters import RtfmParameters

HIDDEN = 128


class Masks(NamedTuple):
    """Dropout of one step: of the embedding (b, n, width), of the hidden units (b, n, HIDDEN), and of the choice."""

    embedding: Tensor
    hidden: Tensor
    choice: Tensor


class MagnitudeScorer(nn.Module):
    """Three fully connected layers d-width-128-1 with dropout; the first, the embedding, has the magnitudes.

    A bag's features have length 1, and its magnitude says nothing: it must be that of something learned.
    """

    def __init__(self, dimension: int, *, width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.embedding = nn.Linear(dimension, width)
        self.hidden = nn.Linear(width, HIDDEN)
        self.last = nn.Linear(HIDDEN, 1)
        for layer in (self.embedding, self.hidden, self.last):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def draw_masks(self, shape: tuple[int, ...], generator: torch.Generator) -> Masks:
        """Return dropout masks for instances of `shape` (b, n)."""
        keep = 1 - self.dropout
        sizes = (*shape, self.embedding.out_features), (*shape, HIDDEN), shape
        return Masks(*((torch.rand(*s, generator=generator, device=generator.device) < keep) / keep for s in sizes))

    def forward(self, features: Tensor, dropout_masks: Masks | None = None) -> tuple[Tensor, Tensor]:
        """Return logits and magnitudes, (...) both, of `features` (..., d); `dropout_masks` is None for no dropout."""
        embedded = F.relu(self.embedding(features))
        embedded = embedded if dropout_masks is None else embedded * dropout_masks.embedding
        hidden = F.relu(self.hidden(embedded))
        hidden = hidden if dropout_masks is None else hidden * dropout_masks.hidden
        return self.last(hidden).squeeze(-1), embedded.norm(dim=-1)


class Rtfm(LearnedMethod):
    """The k tubes of the greatest magnitude stand for their video: they are scored and their magnitudes set apart."""

    parameters: RtfmParameters
    columns = ("loss", "cross_entropy", "margin", "sparsity", "abnormal_magnitude", "normal_magnitude")

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the scorer."""
        return {"scorer": MagnitudeScorer(dimension, width=self.parameters.width, dropout=self.parameters.dropout)}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Score all instances, choose k of each bag by magnitude, and take one step."""
        scorer, mask, n_abnormal = cast(MagnitudeScorer, self.networks["scorer"]), batch.mask, batch.n_abnormal
        dropout_masks = scorer.draw_masks(tuple(mask.shape), generator)
        logits, magnitudes = scorer(batch.region, dropout_masks)
        # As published, dropout passes over some instances in the choice, so that others are learned from too.
        count = (mask.sum(dim=1) // self.parameters.top_divisor).clamp(min=1)
        chosen = top_instances(magnitudes.detach() * dropout_masks.choice, mask, count)
        magnitude = mean_of(magnitudes, chosen)
        label = (torch.arange(len(mask), device=mask.device) < n_abnormal).float()
        cross_entropy = losses.mean_cross_entropy(logits, chosen, label).mean()
        margin = self.parameters.margin_weight * margin_loss(
            magnitude[:n_abnormal], magnitude[n_abnormal:], self.parameters.margin
        )
        # The released code takes the L2 norm of all scores; bags have up to 200 tubes, not 32 snippets, so the mean.
        sparsity = (
            self.parameters.sparsity * losses.bag_means(torch.sigmoid(logits[:n_abnormal]), mask[:n_abnormal]).mean()
        )
        loss = cross_entropy + margin + sparsity
        self.update("scorer", loss)
        values = (loss, cross_entropy, margin, sparsity, magnitude[:n_abnormal].mean(), magnitude[n_abnormal:].mean())
        return torch.stack([value.detach() for value in values])

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of the instances; there are no branches."""
        with torch.inference_mode():
            logits, _ = self.networks["scorer"](self.tensor(bag.region))
            scores = torch.sigmoid(logits)[0].cpu().numpy()
        return scores, np.zeros((len(scores), 0), dtype=np.float32)


def margin_loss(abnormal: Tensor, normal: Tensor, margin: float) -> Tensor:
    """Return the mean of (|1 - abnormal / margin| + normal / margin)^2 over all pairs of abnormal and normal bags.

    `abnormal` (a,) and `normal` (n,) are mean magnitudes of the chosen instances. [Tian 2021] write the hinge
    max(0, margin - abnormal + normal); this is what its authors train with, on bag i with bag i, at margin 100 and
    weight 1e-4. Measured in margins, as here, that weight is 1.
    """
    return ((1 - abnormal / margin).abs()[:, None] + normal[None, :] / margin).square().mean()
