"""ASA: actor-supervised attention, after the published idea of Escorcia et al., CVIU 2020, on bags of tubes.

Only the abstract was at hand: actor proposals, actor pooling, an actor attention trained from the labels of videos. The
tubes and their mean features stand for proposals and pooling here; the attention is a reconstruction.
"""

from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsstad.learning import losses
from wsstad.learning.attention import InstanceAttention, attended
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.methods.parameters import AsaParameters
from wsstad.learning.predictor import draw_masks


class ActorAttention(nn.Module):
    """phi_k = relu(W x_k), attention a_k over the phi_k, and the logit w^T phi_k of every instance k."""

    def __init__(self, dimension: int, *, hidden: int, attention: int) -> None:
        super().__init__()
        self.embed = nn.Linear(dimension, hidden, bias=False)
        self.attention = InstanceAttention(hidden, attention)
        self.classify = nn.Linear(hidden, 1, bias=False)

    def forward(
        self, features: Tensor, mask: Tensor | None = None, dropout: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the attention (b, n) and the logits (b, n) of all instances; `dropout` (b, n, hidden) is of phi."""
        actors = F.relu(self.embed(features))
        actors = actors if dropout is None else actors * dropout
        return self.attention(actors, mask), self.classify(actors).squeeze(-1)


class Asa(LearnedMethod):
    """The video's logit is sum_k a_k w^T phi_k; instances are ranked by a_k sigma(w^T phi_k)."""

    parameters: AsaParameters
    columns = ("loss", "abnormal_score", "normal_score", "abnormal_attention", "normal_attention")

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the network."""
        options = self.parameters
        return {"actors": ActorAttention(dimension, hidden=options.hidden, attention=options.attention)}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Take one step with the binary cross entropy of the videos' logits."""
        widths, dropout = [self.parameters.hidden], self.parameters.dropout
        (dropout_mask,) = draw_masks(tuple(batch.mask.shape), widths, dropout=dropout, generator=generator)
        weights, logits = self._network()(batch.region, batch.mask, dropout_mask)
        video, most, n_abnormal = (weights * logits).sum(dim=1), weights.amax(dim=1), batch.n_abnormal
        loss = losses.cross_entropy(video[:n_abnormal], video[n_abnormal:])
        self.update("actors", loss)
        scores = torch.sigmoid(video)
        values = (
            loss,
            scores[:n_abnormal].mean(),
            scores[n_abnormal:].mean(),
            most[:n_abnormal].mean(),
            most[n_abnormal:].mean(),
        )
        return torch.stack([value.detach() for value in values])

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return a_k sigma(w^T phi_k), scaled to [0, 1] within the bag; there are no branches."""
        with torch.inference_mode():
            weights, logits = self._network()(self.tensor(bag.region))
            video = torch.sigmoid((weights * logits).sum(dim=1))
            # Paper of the benchmark: a video scores what its top-1 tube scores; ASA itself would score the whole bag.
            scores = attended(torch.sigmoid(logits), weights, video if self.parameters.video_score == "bag" else None)
        return scores[0].cpu().numpy(), np.zeros((len(bag.spans), 0), dtype=np.float32)

    def _network(self) -> ActorAttention:
        return cast(ActorAttention, self.networks["actors"])
