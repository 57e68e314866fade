"""DMRM: deep multiple-instance ranking [Sultani et al., CVPR 2018], on bags of tubes or of videolets.

A re-implementation after the published formulas, trained and chosen like the other methods.
"""

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from wsstad.learning import bags, losses
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.instances import max_index, take
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.methods.parameters import DmrmParameters
from wsstad.learning.predictor import ScorePredictor


class Dmrm(LearnedMethod):
    """The score predictor alone, with the ranking loss of all pairs of bags, sparsity and, in time, smoothness.

    With `instances: videolet` it learns from videolets, and a sub-tube's score is the mean, over its frames, of the
    scores of the videolets that they lie in.
    """

    parameters: DmrmParameters
    columns = ("loss", "ranking", "sparsity", "smoothness", "abnormal_score", "normal_score")

    @property
    def tubes(self) -> bool:
        """Whether a bag holds tubes, not videolets."""
        return self.parameters.instances == "tube"

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the score predictor."""
        return {"scorer": ScorePredictor(dimension, self.parameters.dropout)}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Score all instances, for the sparsity sums them all, and take one step."""
        instances, mask = (batch.region, batch.mask) if self.tubes else (batch.videolets, batch.videolet_mask)
        scorer, n_abnormal = cast(ScorePredictor, self.networks["scorer"]), batch.n_abnormal
        logits = scorer(instances, scorer.draw_masks(tuple(mask.shape), generator))
        scores = torch.sigmoid(logits)
        best = take(scores, max_index(logits.detach(), mask))
        ranking = losses.ranking(best[:n_abnormal], best[n_abnormal:], pairs=self.parameters.pairs)
        sparsity = self.parameters.sparsity * losses.sparsity(scores[:n_abnormal], mask[:n_abnormal])
        # Tubes have no order in time: smoothness is defined for videolets alone.
        smoothness = torch.zeros_like(sparsity)
        if not self.tubes:
            smoothness = self.parameters.smoothness * losses.smoothness(scores[:n_abnormal], mask[:n_abnormal])
        loss = ranking + sparsity + smoothness
        self.update("scorer", loss)
        values = (loss, ranking, sparsity, smoothness, best[:n_abnormal].mean(), best[n_abnormal:].mean())
        return torch.stack([value.detach() for value in values])

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of the instances; there are no branches."""
        with torch.inference_mode():
            features = self.tensor(bag.region if self.tubes else bag.videolets)
            scores = torch.sigmoid(self.networks["scorer"](features))[0].cpu().numpy()
        scores = scores if self.tubes else bags.paint(scores, bag)
        return scores, np.zeros((len(scores), 0), dtype=np.float32)
