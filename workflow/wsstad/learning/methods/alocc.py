"""ALOCC: adversarially learned one-class classification [Sabokrou et al., CVPR 2018], on instances of bags.

A re-implementation after the published idea. R and D play against each other over instances of normal videos: R gives a
noisy instance back so that D takes it for a real one; what D does not take for real, after R or as it is, is abnormal.
"""

import math
from collections.abc import Sequence
from typing import Unpack, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wsstad.errors import UserError
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.method import Options
from wsstad.learning.methods import alocc_networks as networks
from wsstad.learning.methods.alocc_networks import Scale, frozen_statistics
from wsstad.learning.methods.parameters import AloccParameters


class Alocc(LearnedMethod):
    """R and D over vectors (`network: dense`) or over the pictures of the extractor `patches` (`network: conv`).

    Abnormal videos have no part in the losses, nor in the choice of the iteration.
    """

    parameters: AloccParameters
    columns = ("discrimination", "loss", "deception", "reconstruction", "real_score", "reconstructed_score")

    def __init__(self, parameters: AloccParameters, **options: Unpack[Options]) -> None:
        super().__init__(parameters, **options)
        self.conv = parameters.network == "conv"
        if self.conv and self.device == "cuda":
            # Else a GPU may choose other convolutions the next time, and a resumed training end with other bytes.
            torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
        for name, value in (("normalise", parameters.normalise), ("projection", parameters.projection.kind)):
            if self.conv and value != "none":
                raise UserError(
                    f"alocc: {name}: {value!r} leaves no pictures for 'network: conv'; allowed with it: none"
                )

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return R, D, and the scale of what they take."""
        if not self.conv:
            return {
                "reconstructor": networks.dense_reconstructor(dimension),
                "discriminator": networks.dense_discriminator(dimension),
                "scale": Scale(dimension),
            }
        side, smallest = math.isqrt(dimension), networks.SMALLEST
        if side**2 != dimension or side < smallest:
            raise UserError(
                f"alocc: network: 'conv' cannot take features of {dimension} dimensions; allowed: the square pictures "
                f"of the extractor patches, of {smallest} x {smallest} pixels or more"
            )
        return {
            "reconstructor": networks.conv_reconstructor(side),
            "discriminator": networks.conv_discriminator(side),
            "scale": Scale(dimension, centre=0.5, extent=0.5),
        }

    def measure(self, bags: Sequence[Bag]) -> None:
        """Scale vectors so that the normal instances lie in [-1, 1]; check that pictures are pictures.

        Paper is silent on vectors. ALOCC's pixels lie in [-1, 1], and its noise is small or large beside that.
        """
        if not self.conv:
            normal = np.concatenate([bag.region for bag in bags if bag.label == "normal"])
            cast(Scale, self.networks["scale"]).measure(torch.from_numpy(normal).to(self.device))
            return
        for bag in bags:
            low, high = float(bag.region.min()), float(bag.region.max())
            if low < 0 or high > 1:
                raise UserError(
                    f"alocc: network: 'conv' cannot take the features of {bag.video}, from {low:.4g} to {high:.4g}; "
                    "allowed: grey levels from 0 to 1, those of the extractor patches"
                )

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Let D learn to tell instances from what R makes of them with noise, then R to deceive D."""
        real = self._draw(batch, generator)
        noise = torch.randn(real.shape, generator=generator, device=real.device)
        self.networks.train()
        reconstructed = self.networks["reconstructor"](real + self.parameters.noise * noise)
        discrimination = discriminator_loss(*self._discriminate(real, reconstructed.detach()))
        self.update("discriminator", discrimination)
        with frozen_statistics(self.networks["discriminator"]):
            of_real, of_reconstructed = self._discriminate(real, reconstructed)
        deception, reconstruction = deception_loss(of_reconstructed), F.mse_loss(reconstructed, real)
        loss = deception + self.parameters.reconstruction_weight * reconstruction
        self.update("reconstructor", loss)
        scores = torch.sigmoid(-of_real).mean(), torch.sigmoid(-of_reconstructed).mean()
        return torch.stack([value.detach() for value in (discrimination, loss, deception, reconstruction, *scores)])

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return 1 - D(R(x)), or 1 - D(x) with `score: direct`, of the instances; there are no branches."""
        self.networks.eval()
        with torch.inference_mode():
            instances = self.networks["scale"](self.tensor(bag.region)[0])
            if self.parameters.score == "reconstructed":
                instances = self.networks["reconstructor"](instances)
            scores = torch.sigmoid(-self.networks["discriminator"](instances)[:, 0]).cpu().numpy()
        return scores, np.zeros((len(scores), 0), dtype=np.float32)

    def preference(self, bags: Sequence[Bag], scores: Sequence[np.ndarray]) -> list[float]:
        """Return how well R gives the instances of normal bags back: minus the mean squared error.

        A one-class method knows no abnormal video, so none may choose its iteration; and R and D never settle, so that
        the VAUC of a few videos would choose by luck.
        """
        self.networks.eval()
        normal = np.concatenate([bag.region for bag in bags if bag.label == "normal"])
        with torch.inference_mode():
            instances = self.networks["scale"](self.tensor(normal)[0])
            return [-float(F.mse_loss(self.networks["reconstructor"](instances), instances))]

    def _draw(self, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the scaled instances (k, d) of the normal bags, padding left out; a sample where they are too many."""
        rows = batch.index[batch.n_abnormal :][batch.mask[batch.n_abnormal :]]
        order = torch.randperm(len(rows), generator=generator, device=rows.device)
        return self.networks["scale"](batch.store.region[rows[order[: self.parameters.batch_instances]]])

    def _discriminate(self, real: Tensor, reconstructed: Tensor) -> tuple[Tensor, Tensor]:
        """Return D's logits of both, which it sees as one batch, so that batch norms do not tell them apart."""
        logits = self.networks["discriminator"](torch.cat([real, reconstructed]))[:, 0]
        return logits[: len(real)], logits[len(real) :]


def discriminator_loss(real: Tensor, reconstructed: Tensor) -> Tensor:
    """Return the mean of -log D(x) and that of -log(1 - D(R(x~))), added, from logits of D."""
    return F.softplus(-real).mean() + F.softplus(reconstructed).mean()


def deception_loss(reconstructed: Tensor) -> Tensor:
    """Return the mean of -log D(R(x~)), from logits of D: what R learns from D, beside giving the instance back."""
    return F.softplus(-reconstructed).mean()
