"""STIL: spatio-temporal instance learning, after the published idea of Mettes and Snoek, 2018, on bags of tubes.

Only the abstract was at hand: a max-margin objective with latent variables below the level of the tube, and two
rerankings, of tubes and of videos. The rest is a reconstruction. What the paper does with boxes happens here with the
parts of tubes (`training_sub_tubes`), and its tubes are those of the linker.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.methods.parameters import StilParameters

LEVELS = ("part", "tube", "video")
TOLERANCE = 1e-3  # a margin missed by less is what the solver leaves


class Choice(NamedTuple):
    """The tube that stands for a bag: its score, the rows of its best parts, and of all its parts, best first."""

    score: float
    parts: np.ndarray
    tube: np.ndarray


class Stil(LearnedMethod):
    """Three linear classifiers w.x + b: of parts of tubes, with latent variables; of whole tubes; of videos.

    The score s_k of tube k is the mean of the best `fraction` of its parts. The level of parts minimises
    (|w|^2 + b^2) / 2 + C sum_i max(0, 1 - y_i max_k s_k) over the bags i. An iteration is one round of the
    concave-convex procedure on all bags: fix the tube and its parts of every abnormal bag, then solve what is left, by
    linear support vector machines, to which each adds the tubes of normal bags that score best in it. The level of
    tubes does the same for the mean of all parts of the tubes that were fixed.
    """

    parameters: StilParameters
    columns = ("objective", "violations", "abnormal_score", "normal_score")

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the classifiers."""
        return {level: nn.Linear(dimension, 1) for level in LEVELS}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Do one round on all bags."""
        bags, n_abnormal = _rows(batch.index, batch.mask), batch.n_abnormal
        if iteration == 0:
            # Paper is silent on the start: a classifier of the means of whole bags makes the first choice.
            self._solve("part", batch.store.region, bags, n_abnormal)
            self._solve("video", batch.store.videolets, _rows(batch.videolet_index, batch.videolet_mask), n_abnormal)
        chosen = self._choose("part", batch, bags)
        self._mine("part", batch, bags, [choice.parts for choice in chosen])
        self._mine("tube", batch, bags, [choice.tube for choice in chosen])
        return self._values(self._choose("part", batch, bags), n_abnormal)

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return sigmoid(s') of every instance, s' = s_part + a s_tube + b s_video; there are no branches.

        The tube's score is that of the mean feature of its instances, the video's that of the mean videolet.
        """
        part, tube = (self._scores(level, self.tensor(bag.region)[0]) for level in ("part", "tube"))
        _, own = np.unique(bag.spans[:, 0], return_inverse=True)
        tube = (np.bincount(own, tube) / np.bincount(own))[own]
        video = self._scores("video", self.tensor(bag.videolets)[0]).mean()
        scores = part + self.parameters.tube_weight * tube + self.parameters.video_weight * video
        scores = torch.sigmoid(torch.from_numpy(scores)).float().numpy()
        return scores, np.zeros((len(scores), 0), dtype=np.float32)

    def _choose(self, level: str, batch: Batch, bags: Sequence[np.ndarray]) -> list[Choice]:
        """Return the best tube of each bag: by its best parts, or at the level of tubes by the mean of them all."""
        fraction = self.parameters.fraction if level == "part" else 1.0
        scores, tubes = self._scores(level, batch.store.region), batch.store.tubes.cpu().numpy()
        return [best_tube(rows, scores, tubes, fraction) for rows in bags]

    def _mine(self, level: str, batch: Batch, bags: Sequence[np.ndarray], chosen: Sequence[np.ndarray]) -> None:
        """Solve a level for `chosen` rows, and again with the hardest tubes of the normal bags, until none is new."""
        n_abnormal = batch.n_abnormal
        examples, seen = list(chosen), {_name(rows) for rows in chosen}
        for _ in range(self.parameters.passes):
            self._solve(level, batch.store.region, examples, n_abnormal)
            hardest = [choice.parts for choice in self._choose(level, batch, bags[n_abnormal:])]
            new = [rows for rows in hardest if _name(rows) not in seen]
            if not new:
                break
            examples += new
            seen |= {_name(rows) for rows in new}

    def _solve(self, level: str, features: Tensor, examples: Sequence[np.ndarray], n_abnormal: int) -> None:
        """Fit a classifier to the mean features of `examples`, lists of rows, of which the first are abnormal."""
        from sklearn.svm import LinearSVC

        means = torch.stack([features[torch.from_numpy(rows)].mean(dim=0) for rows in examples])
        if not torch.isfinite(means).all():
            raise ValueError("features are not finite")
        # Paper is silent on the bias: it counts as one more weight, as liblinear has it.
        machine = LinearSVC(loss="hinge", C=self.parameters.cost, random_state=self.seed, max_iter=10_000)
        machine.fit(means.double().cpu().numpy(), np.arange(len(examples)) < n_abnormal)
        network = cast(nn.Linear, self.networks[level])
        with torch.no_grad():
            network.weight.copy_(torch.from_numpy(machine.coef_))
            network.bias.copy_(torch.from_numpy(machine.intercept_))

    def _scores(self, level: str, features: Tensor) -> np.ndarray:
        with torch.inference_mode():
            return self.networks[level](features)[:, 0].double().cpu().numpy()

    def _values(self, chosen: Sequence[Choice], n_abnormal: int) -> Tensor:
        """Return the values of `columns` after a round."""
        scores = np.array([choice.score for choice in chosen])
        hinge = np.maximum(0, 1 - np.where(np.arange(len(scores)) < n_abnormal, scores, -scores))
        size = sum(float(weights.detach().square().sum()) for weights in self.networks["part"].parameters())
        objective = size / 2 + self.parameters.cost * hinge.sum()
        means = scores[:n_abnormal].mean(), scores[n_abnormal:].mean()
        return torch.tensor([objective, np.count_nonzero(hinge > TOLERANCE), *means])


def best_tube(rows: np.ndarray, scores: np.ndarray, tubes: np.ndarray, fraction: float) -> Choice:
    """Return the tube of a bag, whose parts stand at `rows` of `scores` and `tubes`, that scores best.

    >>> best_tube(np.arange(1, 5), np.array([9.0, 0.0, 5.0, 4.0, 3.0]), np.array([0, 7, 7, 8, 8]), 1.0)
    Choice(score=3.5, parts=array([3, 4]), tube=array([3, 4]))
    """
    rows = rows[np.lexsort((-scores[rows], tubes[rows]))]
    choices = []
    for tube in np.split(rows, np.flatnonzero(np.diff(tubes[rows])) + 1):
        parts = tube[: math.ceil(fraction * len(tube) - 1e-9)]
        choices.append(Choice(float(scores[parts].mean()), parts, tube))
    return max(choices, key=lambda choice: choice.score)


def _rows(index: Tensor, mask: Tensor) -> list[np.ndarray]:
    return [rows[real].cpu().numpy() for rows, real in zip(index, mask, strict=True)]


def _name(rows: np.ndarray) -> bytes:
    return np.sort(rows).tobytes()
