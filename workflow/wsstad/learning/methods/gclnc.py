"""GCLNC: graph convolutional label noise cleaner [Zhong et al., CVPR 2019], on bags of tubes.

A re-implementation after the published formulas and their public half, trained and chosen like the other methods. A
video's label is a noisy label of each of its tubes: a classifier learns the noisy labels, a cleaner on graphs over the
tubes spreads what the classifier is sure of to the others, and the classifier goes on with the cleaned labels.
"""

import math
from typing import Unpack, cast

import numpy as np
import torch
from torch import Tensor, nn

from wsstad.errors import UserError
from wsstad.learning import losses
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch, Batches
from wsstad.learning.instances import max_index, take
from wsstad.learning.label_cleaner import NoiseCleaner
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.method import Options
from wsstad.learning.methods.parameters import GclncParameters
from wsstad.learning.predictor import ScorePredictor


class Gclnc(LearnedMethod):
    """The classifier f, which scores, and the cleaner of its labels, trained in turn.

    With `rounds` R the iterations fall into 2R + 1 equal phases: even ones train the classifier, odd ones the cleaner.
    The buffers have a value for each instance of all bags: `label`, what the classifier learns; `prediction` and
    `confident`, what it said when the phase began and whether it was sure; `ensemble`, the cleaner's running mean.
    """

    parameters: GclncParameters
    columns = ("phase", "loss", "direct", "indirect", "abnormal_score", "normal_score")

    def __init__(self, parameters: GclncParameters, **options: Unpack[Options]) -> None:
        super().__init__(parameters, **options)
        self.phases = 2 * parameters.rounds + 1
        if parameters.max_iterations < self.phases:
            raise UserError(
                f"gclnc: max_iterations: {parameters.max_iterations} are too few for {parameters.rounds} rounds;"
                f" allowed: {self.phases} or more"
            )

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return classifier and cleaner."""
        dropout = self.parameters.dropout
        return {"classifier": ScorePredictor(dimension, dropout), "cleaner": NoiseCleaner(dimension, dropout)}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Train the network whose turn it is; what a phase needs is made in its first iteration."""
        phase = self.phase(iteration)
        if iteration == 0 or phase != self.phase(iteration - 1):
            self._enter(phase, batch.store, generator)
        name, turn = ("cleaner", self._clean) if phase % 2 else ("classifier", self._classify)
        logits, direct, indirect = turn(batch, generator)
        loss = direct + indirect
        self.update(name, loss)
        best = torch.sigmoid(take(logits, max_index(logits.detach(), batch.mask)))
        means = best[: batch.n_abnormal].mean(), best[batch.n_abnormal :].mean()
        values = (torch.full_like(loss, phase), loss, direct, indirect, *means)
        return torch.stack([value.detach() for value in values])

    def phase(self, iteration: int) -> int:
        """Return the phase of an iteration, both counted from 0."""
        # Paper is silent on when to alternate: each phase has an equal share, the classifier the first and the last,
        # and a network goes on from the weights, and the optimiser's state, of its last turn.
        return iteration * self.phases // self.parameters.max_iterations

    def choosable(self, iteration: int) -> bool:
        """Return whether the classifier has learned from labels that were cleaned, and is the one that was trained.

        Before, it is a plain classifier of noisy labels; while the cleaner is trained, it does not change.
        """
        phase = self.phase(iteration - 1)
        return phase % 2 == 0 and (phase > 0 or self.phases == 1)

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return what the classifier says of the instances; there are no branches."""
        with torch.inference_mode():
            scores = torch.sigmoid(self.networks["classifier"](self.tensor(bag.region)))[0].cpu().numpy()
        return scores, np.zeros((len(scores), 0), dtype=np.float32)

    @property
    def _classifier(self) -> ScorePredictor:
        return cast(ScorePredictor, self.networks["classifier"])

    @property
    def _cleaner(self) -> NoiseCleaner:
        return cast(NoiseCleaner, self.networks["cleaner"])

    def _enter(self, phase: int, store: Batches, generator: torch.Generator) -> None:
        """Make what a phase learns from, for the instances of all bags."""
        if phase == 0:
            self.buffers["label"] = _video_labels(store)
        elif phase % 2:
            self._note_predictions(store, generator)
        else:
            self._clean_labels(store)

    def _classify(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return the classifier's logits (b, n), and its losses: the cross entropy with the labels, and none."""
        logits = self._classifier(batch.region, self._classifier.draw_masks(tuple(batch.mask.shape), generator))
        direct = losses.instance_cross_entropy(logits, self.buffers["label"][batch.index], batch.mask)
        return logits, _by_label(direct, batch.n_abnormal), torch.zeros((), device=logits.device)

    def _clean(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return the cleaner's logits (b, n) and losses: direct and indirect supervision; note what it says.

        Directly, the classifier's predictions are the targets of what it is sure of, and of all of a normal bag.
        Indirectly, by temporal ensembling, the running mean of the cleaner's own is the target of an abnormal bag.
        """
        dropout_masks = self._cleaner.draw_masks(tuple(batch.mask.shape), generator)
        logits = self._cleaner(batch.region, batch.centres, batch.mask, dropout_masks)
        outputs, buffers, rows = torch.sigmoid(logits), self.buffers, batch.index
        sure = batch.mask & buffers["confident"][rows]
        direct = losses.instance_cross_entropy(logits, buffers["prediction"][rows], sure)
        indirect = losses.bag_means((outputs - buffers["ensemble"][rows]).abs(), batch.mask)
        real, keep = rows[batch.mask], self.parameters.ensembling
        buffers["ensemble"][real] = keep * buffers["ensemble"][real] + (1 - keep) * outputs.detach()[batch.mask]
        return logits, _by_label(direct, batch.n_abnormal), indirect[: batch.n_abnormal].mean()

    @torch.no_grad()
    def _note_predictions(self, store: Batches, generator: torch.Generator) -> None:
        """Note mean predictions over passes under dropout, and where their variance is the lowest of the bag.

        The passes stand for the ten crops whose variance the paper takes: a tube has none.
        """
        prediction, confident = torch.zeros_like(self.buffers["label"]), torch.ones_like(self.buffers["label"]).bool()
        for i, rows in enumerate(map(_slice, store.instances)):
            shape = (self.parameters.passes, rows.stop - rows.start)
            features = store.region[rows].expand(shape[0], -1, -1)
            passes = torch.sigmoid(self._classifier(features, self._classifier.draw_masks(shape, generator)))
            prediction[rows] = passes.mean(dim=0)
            if i in store.abnormal:
                order = passes.var(dim=0, unbiased=False).argsort(stable=True)
                confident[rows.start + order[math.ceil(self.parameters.confident_share * shape[1]) :]] = False
        self.buffers |= {"prediction": prediction, "confident": confident, "ensemble": prediction.clone()}

    @torch.no_grad()
    def _clean_labels(self, store: Batches) -> None:
        """Give the instances of abnormal bags the labels that the cleaner finds; those of normal bags stay 0."""
        for rows in (_slice(store.instances[i]) for i in store.abnormal):
            features, centres = store.region[None, rows], store.centres[None, rows]
            logits = self._cleaner(features, centres, torch.ones_like(centres).bool())
            self.buffers["label"][rows] = soft_labels(torch.sigmoid(logits[0]))


def soft_labels(scores: Tensor) -> Tensor:
    """Return the scores (n,) of an abnormal bag, moved and stretched so that the lowest is 0 and the highest 1.

    >>> soft_labels(torch.tensor([0.25, 0.5, 0.75])), soft_labels(torch.tensor([0.25]))
    (tensor([0.0000, 0.5000, 1.0000]), tensor([1.]))
    """
    low, high = scores.min(), scores.max()
    # Paper is silent on scores that are all equal, as of a lone tube: the label of the video stays.
    return torch.where(high > low, (scores - low) / (high - low), 1.0)


def _video_labels(store: Batches) -> Tensor:
    """Return the label of each instance's video: 1 abnormal, 0 normal."""
    labels = torch.zeros(len(store.region), device=store.region.device)
    for i in store.abnormal:
        labels[_slice(store.instances[i])] = 1
    return labels


def _by_label(of_bags: Tensor, n_abnormal: int) -> Tensor:
    """Return the mean of the losses (b,) over the bags of each label, summed, as the others' cross entropy (Eq. 7)."""
    return of_bags[:n_abnormal].mean() + of_bags[n_abnormal:].mean()


def _slice(rows: range) -> slice:
    return slice(rows.start, rows.stop)
