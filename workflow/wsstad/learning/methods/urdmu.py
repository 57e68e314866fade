"""UR-DMU-style head: a normal and an abnormal memory of prototypes [Zhou et al., AAAI 2023], on bags of tubes.

A re-implementation of the published formulas on this benchmark's bags. UR-DMU embeds and attends along time; tubes have
no order in time, so each is embedded by itself, and one layer of attention without positions, MGPR's relation module,
stands in the place of its transformer; scores come from the predictor that the other methods have.
"""

import math
from typing import NamedTuple, Unpack, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsstad.errors import UserError
from wsstad.learning import losses
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.instances import mean_of, top_instances
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.method import Options
from wsstad.learning.methods.parameters import UrdmuParameters
from wsstad.learning.predictor import Masks, ScorePredictor
from wsstad.learning.relations import RelationModule


class Memory(nn.Module):
    """`size` learned prototypes of dimension `width`."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(width)
        self.prototypes = nn.Parameter(torch.empty(size, width).uniform_(-bound, bound))

    def forward(self, query: Tensor) -> tuple[Tensor, Tensor]:
        """Return how well each query (..., width) is known, (...), and what is read for it, (..., width).

        With S = sigmoid(q M^T / sqrt(width)), it is known by the mean of its size // 16 + 1 highest S, and reads S M.
        """
        size, width = self.prototypes.shape
        addresses = torch.sigmoid(query @ self.prototypes.T / math.sqrt(width))
        return addresses.topk(size // 16 + 1, dim=-1).values.mean(dim=-1), addresses @ self.prototypes


class Reading(NamedTuple):
    """What the network makes of the instances of bags: (b, n), or (b, n, width) where it says "features".

    `related` are the features that the memories are asked with, and `known_*` how well each of them knows an instance.
    `latent_*` are the encoded features read from each; the normal one is drawn from `mean` and `log_variance`.
    """

    related: Tensor
    known_abnormal: Tensor
    known_normal: Tensor
    latent_abnormal: Tensor
    latent_normal: Tensor
    mean: Tensor
    log_variance: Tensor
    logits: Tensor


class DualMemory(nn.Module):
    """Embedding, attention, the two memories, the encoder of what is read from them, and the score predictor."""

    def __init__(self, dimension: int, *, width: int, heads: int, memory: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Linear(dimension, width)
        self.relation = RelationModule(width, heads)
        self.abnormal = Memory(memory, width)
        self.normal = Memory(memory, width)
        self.mean = nn.Linear(width, width)
        self.log_variance = nn.Linear(width, width)
        self.predictor = ScorePredictor(2 * width, dropout)

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> tuple[Masks, Tensor]:
        """Return the dropout masks of one step for instances of `shape` (b, n), and its noise (b, n, width)."""
        size = *shape, self.embedding.out_features
        noise = torch.randn(*size, generator=generator, device=generator.device)
        return self.predictor.draw_masks(shape, generator), noise

    def forward(
        self, features: Tensor, mask: Tensor | None = None, drawn: tuple[Masks, Tensor] | None = None
    ) -> Reading:
        """Read both memories for `features` (b, n, d); `drawn` is what `draw` gave, None at inference."""
        embedded = F.relu(self.embedding(features))
        # Normalised as in the blocks of a transformer: the entries of unit features are far below the unit noise.
        related = self.relation(F.layer_norm(embedded, embedded.shape[-1:]), mask)
        known_abnormal, read_abnormal = self.abnormal(related)
        known_normal, read_normal = self.normal(related)
        latent_abnormal, mean = self.mean(read_abnormal), self.mean(read_normal)
        log_variance = self.log_variance(read_normal)
        # The uncertainty: what is read of the normal memory is a Gaussian in training, and its mean at inference. The
        # source draws it for normal videos alone, which shows the predictor their label: here it is drawn for all.
        dropout_masks, noise = drawn or (None, None)
        latent_normal = mean if noise is None else mean + noise * (log_variance / 2).exp()
        logits = self.predictor(torch.cat([related, latent_abnormal + latent_normal], dim=-1), dropout_masks)
        return Reading(
            related, known_abnormal, known_normal, latent_abnormal, latent_normal, mean, log_variance, logits
        )


class Urdmu(LearnedMethod):
    """The dual memories and the five parts of their loss; the mean of the k highest scores stands for a video."""

    parameters: UrdmuParameters
    columns = ("loss", "cross_entropy", "memories", "triplet", "divergence", "distance")

    def __init__(self, parameters: UrdmuParameters, **options: Unpack[Options]) -> None:
        super().__init__(parameters, **options)
        if parameters.width % parameters.heads:
            raise UserError(f"urdmu: heads: {parameters.heads} do not divide a width of {parameters.width}")

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the network."""
        options = self.parameters
        network = DualMemory(
            dimension, width=options.width, heads=options.heads, memory=options.memory, dropout=options.dropout
        )
        return {"memories": network}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Read both memories for all instances and take one step."""
        network, mask, n_abnormal = cast(DualMemory, self.networks["memories"]), batch.mask, batch.n_abnormal
        read = network(batch.region, mask, network.draw(tuple(mask.shape), generator))
        count = mask.sum(dim=1) // self.parameters.top_divisor + 1
        parts = parts_of_loss(read, mask, count, n_abnormal, margin=self.parameters.margin)
        weights = {
            "memories": self.parameters.memories_weight,
            "triplet": self.parameters.triplet_weight,
            "divergence": self.parameters.divergence_weight,
            "distance": self.parameters.distance_weight,
        }
        weighted = [value * weights.get(name, 1) for name, value in parts.items()]
        loss = torch.stack(weighted).sum()
        self.update("memories", loss)
        return torch.stack([value.detach() for value in (loss, *weighted)])

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of the instances; there are no branches."""
        with torch.inference_mode():
            scores = torch.sigmoid(self.networks["memories"](self.tensor(bag.region)).logits)[0].cpu().numpy()
        return scores, np.zeros((len(scores), 0), dtype=np.float32)


def parts_of_loss(read: Reading, mask: Tensor, count: Tensor, n_abnormal: int, margin: float) -> dict[str, Tensor]:
    """Return the parts of the loss by name, unweighted; the first `n_abnormal` bags are abnormal.

    `count` (b,) is the k of each bag.
    """
    best, abnormal, normal = (
        top_instances(scores.detach(), mask, count) for scores in (read.logits, read.known_abnormal, read.known_normal)
    )
    label = (torch.arange(len(mask), device=mask.device) < n_abnormal).float()
    most_abnormal, most_normal = (mean_of(read.related, chosen) for chosen in (abnormal, normal))
    long = mean_of(read.latent_abnormal[:n_abnormal], abnormal[:n_abnormal]).norm(dim=1)
    short = mean_of(read.latent_normal[n_abnormal:], normal[n_abnormal:]).norm(dim=1)
    return {
        "cross_entropy": losses.mean_cross_entropy(read.logits, best, label).mean(),
        "memories": memory_loss(read.known_abnormal, read.known_normal, mask, count, n_abnormal),
        "triplet": triplet_loss(most_normal[n_abnormal:], most_normal[:n_abnormal], most_abnormal[:n_abnormal]),
        "divergence": _mean(divergence(read.mean[n_abnormal:], read.log_variance[n_abnormal:]), mask[n_abnormal:]),
        "distance": F.relu(margin - long[:, None] + short[None, :]).mean(),
    }


def memory_loss(abnormal: Tensor, normal: Tensor, mask: Tensor, count: Tensor, n_abnormal: int) -> Tensor:
    """Return the summed cross entropies of how well the memories know the instances, `abnormal` and `normal` (b, n).

    Of an abnormal video, k instances are known to the abnormal memory and k unknown to the normal one; of a normal
    video, all are known to the normal memory and unknown to the abnormal one.
    """
    known = mean_of(abnormal, top_instances(abnormal.detach(), mask, count))[:n_abnormal]
    unknown = mean_of(1 - normal, top_instances(-normal.detach(), mask, count))[:n_abnormal]
    abnormal_part = _surprise(known).mean() + _surprise(unknown).mean()
    return abnormal_part + _mean(
        _surprise(normal[n_abnormal:]) + _surprise(1 - abnormal[n_abnormal:]), mask[n_abnormal:]
    )


def triplet_loss(anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Return the mean of max(0, 1 + |anchor - positive| - |anchor - negative|) over all pairs, of unit vectors.

    `anchor` (n, width) is the most normal of each normal video, `positive` and `negative` (a, width) the most normal
    and the most abnormal of each abnormal video. The source pairs bag i with bag i.
    """
    anchor, positive, negative = (F.normalize(vectors, dim=1) for vectors in (anchor, positive, negative))
    near, far = ((anchor[:, None] - other).norm(dim=2) for other in (positive, negative))
    return F.relu(1 + near - far).mean()


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the divergence (...) of Gaussians, `mean` and `log_variance` (..., width), from the standard one."""
    return (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=-1) / 2


def _surprise(probability: Tensor) -> Tensor:
    """Return -log of probabilities, at most 100."""
    return F.binary_cross_entropy(probability, torch.ones_like(probability), reduction="none")


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of `values` (b, n) over all real instances."""
    return (values * mask).sum() / mask.sum()
