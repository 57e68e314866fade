"""TCN-IBL: temporal convolutional network with complementary inner-bag loss [Zhang et al., ICIP 2019].

A re-implementation after the published idea, on bags of tubes or of videolets, trained and chosen like the others.
"""

import math
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from wsstad.learning import bags, losses
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.instances import max_index, take
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.methods.parameters import TcnIblParameters
from wsstad.learning.tcn import TemporalScorer


class TcnIbl(LearnedMethod):
    """A temporal convolutional network over the instances in time order, with two ranking losses.

    The outer-bag loss ranks abnormal above normal bags; the inner-bag loss wants the scores of an abnormal bag to
    differ, and those of a normal bag not to.
    """

    parameters: TcnIblParameters
    columns = ("loss", "ranking", "inner_bag", "abnormal_score", "normal_score")

    @property
    def tubes(self) -> bool:
        """Whether a bag holds tubes, not videolets."""
        return self.parameters.instances == "tube"

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the network."""
        options = self.parameters
        scorer = TemporalScorer(
            dimension,
            channels=options.channels,
            kernel=options.kernel,
            dilations=options.dilations,
            dropout=options.dropout,
        )
        return {"scorer": scorer}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Score all instances in time order and take one step."""
        instances, mask = (_in_time_order(batch), batch.mask) if self.tubes else (batch.videolets, batch.videolet_mask)
        scorer, n_abnormal = cast(TemporalScorer, self.networks["scorer"]), batch.n_abnormal
        logits = scorer(instances, scorer.draw_masks(tuple(mask.shape), generator))
        scores = torch.sigmoid(logits)
        best = take(scores, max_index(logits.detach(), mask))
        ranking = losses.ranking(best[:n_abnormal], best[n_abnormal:], pairs=self.parameters.pairs)
        inner_bag = self.parameters.inner_bag * losses.inner_bag(scores, mask, n_abnormal)
        loss = ranking + inner_bag
        self.update("scorer", loss)
        values = (loss, ranking, inner_bag, best[:n_abnormal].mean(), best[n_abnormal:].mean())
        return torch.stack([value.detach() for value in values])

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of the instances, whatever their order; there are no branches."""
        # Tubes have no order by themselves: by their middles in time, and among equals by the number of the tube.
        order = np.lexsort((bag.spans[:, 0], bag.centres)) if self.tubes else np.arange(len(bag.videolets))
        instances = bag.region if self.tubes else bag.videolets
        with torch.inference_mode():
            ordered = torch.sigmoid(self.networks["scorer"](self.tensor(instances[order])))[0].cpu().numpy()
        scores = np.empty_like(ordered)
        scores[order] = ordered
        scores = scores if self.tubes else bags.paint(scores, bag)
        return scores, np.zeros((len(scores), 0), dtype=np.float32)


def _in_time_order(batch: Batch) -> Tensor:
    """Return T^r of all bags, (b, n, d), by their middles in time, padding last; the mask stays what it is.

    The tubes of a training bag are numbered in order, so a stable sort leaves equals by their number.
    """
    order = batch.centres.masked_fill(~batch.mask, math.inf).argsort(dim=1, stable=True)
    return batch.store.region[batch.index.gather(1, order)]
