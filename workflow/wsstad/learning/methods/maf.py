"""MAF: attention with temporal context in the ranking model, after the published idea of Zhu and Newsam, BMVC 2019.

The paper's motion-aware feature is learned from optical flow. No extractor here offers one, so that half is missing:
this is the paper's temporal ranking model, of which only the abstract was at hand, on the features that there are.
"""

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from wsstad.learning import losses
from wsstad.learning.attention import InstanceAttention, attended, temporal_context
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.methods.parameters import MafParameters
from wsstad.learning.predictor import HIDDEN, Masks, ScorePredictor, draw_masks


class AttentiveScorer(nn.Module):
    """The score of every instance by itself, and its attention in the light of its temporal context."""

    def __init__(self, dimension: int, *, augmentation: str, reach: float, attention: int, dropout: float) -> None:
        super().__init__()
        self.augmentation, self.reach, self.width, self.dropout = augmentation, reach, attention, dropout
        self.predictor = ScorePredictor(dimension, dropout)
        self.attention = InstanceAttention(dimension * (2 if augmentation == "concatenate" else 1), attention)

    def draw_masks(self, shape: tuple[int, ...], generator: torch.Generator) -> Masks:
        """Return dropout masks for instances of `shape` (b, n): the predictor's two, then the attention's."""
        return draw_masks(shape, (*HIDDEN, self.width), dropout=self.dropout, generator=generator)

    def forward(
        self, features: Tensor, centres: Tensor, mask: Tensor | None = None, dropout_masks: Masks | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the attention (b, n) and the scores (b, n) in [0, 1] of instances with temporal centres (b, n)."""
        augmented = self.augment(features, centres, mask)
        attention = self.attention(augmented, mask, None if dropout_masks is None else dropout_masks[2])
        return attention, torch.sigmoid(self.predictor(features, dropout_masks))

    def augment(self, features: Tensor, centres: Tensor, mask: Tensor | None) -> Tensor:
        """Return the features with their temporal context: side by side, the mean of both, or left as they are."""
        # Paper is silent, as far as it was at hand, on where the temporal context enters: into the attention alone.
        if self.augmentation == "none":
            return features
        context = temporal_context(features, centres, self.reach, mask)
        both = self.augmentation == "concatenate"
        return torch.cat([features, context], dim=-1) if both else (features + context) / 2


class Maf(LearnedMethod):
    """The ranking loss between the attention-weighted means of the scores of abnormal and of normal bags."""

    parameters: MafParameters
    columns = ("loss", "ranking", "sparsity", "abnormal_score", "normal_score", "abnormal_attention")

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the network."""
        options = self.parameters
        scorer = AttentiveScorer(
            dimension,
            augmentation=options.augmentation,
            reach=options.reach,
            attention=options.attention,
            dropout=options.dropout,
        )
        return {"scorer": scorer}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Score all bags and take one step."""
        n_abnormal, dropout_masks = batch.n_abnormal, self._scorer().draw_masks(tuple(batch.mask.shape), generator)
        weights, scores = self._scorer()(batch.region, batch.centres, batch.mask, dropout_masks)
        bags, most = (weights * scores).sum(dim=1), weights.amax(dim=1)
        ranking = losses.ranking(bags[:n_abnormal], bags[n_abnormal:], pairs=self.parameters.pairs)
        sparsity = self.parameters.sparsity * losses.sparsity(scores[:n_abnormal], batch.mask[:n_abnormal])
        loss = ranking + sparsity
        self.update("scorer", loss)
        values = (loss, ranking, sparsity, bags[:n_abnormal].mean(), bags[n_abnormal:].mean(), most[:n_abnormal].mean())
        return torch.stack([value.detach() for value in values])

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return scores times attention, scaled to [0, 1] within the bag; there are no branches."""
        with torch.inference_mode():
            weights, scores = self._scorer()(self.tensor(bag.region), self.tensor(bag.centres))
            whole = (weights * scores).sum(dim=1) if self.parameters.video_score == "bag" else None
            scores = attended(scores, weights, whole)
        return scores[0].cpu().numpy(), np.zeros((len(bag.spans), 0), dtype=np.float32)

    def _scorer(self) -> AttentiveScorer:
        return cast(AttentiveScorer, self.networks["scorer"])
