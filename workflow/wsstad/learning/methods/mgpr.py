"""MGPR: mutually-guided progressive refinement (Wu et al., IJCAI 2021, section 3)."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from wsstad.errors import UserError
from wsstad.learning import losses
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.layers import Branch, RelationModule, take
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.training import History

PARTNER = {"tube": "temporal", "temporal": "tube"}
FAINT = 0.1  # a mean score, or guidance, below this says nothing any more
COLUMNS = ("loss", "ranking", "cross_entropy", "guidance", "abnormal_score", "normal_score")


class Mgpr(LearnedMethod):
    """The tube branch p_t over tubes and the temporal branch p_v over videolets, each guided by the other."""

    def __init__(self, parameters: Mapping[str, Any], **options: Any) -> None:
        super().__init__(parameters, **options)
        both = parameters["branches"] == "both"
        self.branches = ("temporal", "tube") if both else (parameters["branches"],)
        self.scored = tuple(branch for branch in ("tube", "temporal") if branch in self.branches)
        self.columns = tuple(f"{branch}_{column}" for branch in self.branches for column in COLUMNS)
        if not both and parameters["ranking"] == "mg":
            raise UserError("mgpr: ranking: 'mg' needs both branches; allowed with one: plain, none")
        if parameters["ranking"] == "none" and not parameters["cross_entropy"]:
            raise UserError("mgpr: ranking: 'none' without cross_entropy leaves nothing to learn")

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the branches."""
        options = {name: self.parameters[name] for name in ("heads", "dropout", "relation")}
        if self.parameters["relation"] == "attention" and dimension % options["heads"]:
            raise UserError(f"mgpr: heads: {options['heads']} do not divide {dimension} features")
        return {name: Branch(dimension, **options) for name in self.branches}

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Train the temporal branch with the tube branch frozen, then the tube branch with the temporal one frozen.

        The two passes of the loop are psi = 0 and psi = 1 in Eq. 6.
        """
        values = []
        for branch in self.branches:
            tube = branch == "tube"
            instances, mask = (batch.region, batch.mask) if tube else (batch.videolets, batch.videolet_mask)
            index, logits = self._branch(branch).max_instance(instances, mask, generator)
            del instances
            weight = self._guidance(branch, batch, index[: batch.n_abnormal], iteration)
            values.append(self._update(branch, logits[: batch.n_abnormal], logits[batch.n_abnormal :], weight))
        return torch.cat(values)

    def doubts(self, history: History) -> list[str]:
        """Return a line for each branch whose scores, or whose guidance, have sunk towards 0 in the last iterations.

        No gradient drives scores there: with the partner frozen (Eq. 6) the weight before the hinge of Eqs. 4 and 5 is
        a constant, and the loss falls only as abnormal scores rise and normal ones fall. The collapse that the paper
        tells of (Table 3) needs a gradient through the weight. But the loss may vanish with it, where the partner finds
        normal what a branch picks.
        """
        last = dict(zip(history.columns, history.rows[-self.parameters["evaluate_every"] :].mean(axis=0), strict=True))
        found = []
        for branch in self.branches:
            score, guidance = last[f"{branch}_abnormal_score"], last[f"{branch}_guidance"]
            if score < FAINT:
                found.append(f"the {branch} branch has collapsed: abnormal videos score {score:.2f}")
            if guidance < FAINT:
                found.append(f"the {branch} branch picks what its partner finds normal: its guidance is {guidance:.2f}")
        return found

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean (p_t(T^r) + p_v(T^g)) / 2 of Eq. 9, and p_t and p_v by themselves.

        All sub-tubes of a video form one bag; nothing is padded.
        """
        features = {"tube": bag.region, "temporal": bag.image}
        with torch.inference_mode():
            parts = [
                torch.sigmoid(self.networks[branch](self.tensor(features[branch])))[0].cpu().numpy()
                for branch in self.scored
            ]
        scores = np.stack(parts, axis=1)
        return scores.mean(axis=1, dtype=np.float32), scores

    def attend(self, bag: Bag, index: int) -> np.ndarray:
        """Return the attention in the tube branch, the mean over its heads, where it has that of the paper."""
        if "tube" not in self.branches or self.parameters["relation"] != "attention":
            return super().attend(bag, index)
        relation = cast(RelationModule, self._branch("tube").relation)
        with torch.inference_mode():
            features = self.tensor(self._project(bag).region)
            weights = relation.weights(features, None, torch.tensor([index], device=self.device))
        return weights.mean(dim=1)[0, :, None].cpu().numpy()

    def _branch(self, name: str) -> Branch:
        return cast(Branch, self.networks[name])

    def _guidance(self, branch: str, batch: Batch, index: Tensor, iteration: int) -> Tensor:
        """Return what the partner says of the abnormal max instances `index` of `branch`: the weight in Eqs. 4 and 5.

        p_v(T_m^{a,g}) for the tube branch, p_t(V_m^a) for the temporal branch; 1 for the plain ranking loss.
        """
        if self.parameters["ranking"] != "mg" or iteration < self.parameters["warmup_guidance"]:
            return torch.ones(len(index), device=index.device)
        if branch == "tube":
            instances, mask = batch.abnormal_image, batch.mask
        else:
            # Paper: "we simply regard V_m^a as tubes": whole-image features, unchanged, in the tube branch.
            instances, mask = batch.videolets[: batch.n_abnormal], batch.videolet_mask
        mask = mask[: batch.n_abnormal]
        # Paper is silent on what stands around the max instance: its bag, as at inference, or nothing.
        if self.parameters["guidance"] == "single":
            instances, index = take(instances, index)[:, None], torch.zeros_like(index)
            mask = torch.ones_like(mask[:, :1])
        with torch.no_grad():
            return torch.sigmoid(self._branch(PARTNER[branch]).row(instances, mask, index))

    def _update(self, branch: str, abnormal: Tensor, normal: Tensor, weight: Tensor) -> Tensor:
        """Take one step of `branch` with Eq. 8 on the logits of its max instances; return the values of COLUMNS."""
        p_abnormal, p_normal = torch.sigmoid(abnormal), torch.sigmoid(normal)
        ranking = losses.ranking(p_abnormal, p_normal, weight, self.parameters["pairs"])
        cross_entropy = losses.cross_entropy(abnormal, normal)
        loss = losses.total(
            ranking * float(self.parameters["ranking"] != "none"),
            cross_entropy * float(self.parameters["cross_entropy"]),
        )
        self.update(branch, loss)
        values = (loss, ranking, cross_entropy, weight.mean(), p_abnormal.mean(), p_normal.mean())
        return torch.stack([value.detach() for value in values])
