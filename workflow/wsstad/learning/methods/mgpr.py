"""MGPR: mutually-guided progressive refinement (Wu et al., IJCAI 2021, section 3)."""

from collections.abc import Sequence
from typing import Unpack, cast

import numpy as np
import torch
from torch import Tensor, nn

from wsstad.errors import UserError
from wsstad.learning import diagnostics, losses
from wsstad.learning.bags import Bag
from wsstad.learning.batches import Batch
from wsstad.learning.branch import Branch
from wsstad.learning.instances import take
from wsstad.learning.learner import LearnedMethod
from wsstad.learning.method import Options
from wsstad.learning.methods.parameters import MgprParameters
from wsstad.learning.relations import ATTENTION, RelationModule

PARTNER = {"tube": "temporal", "temporal": "tube"}
FAINT = 0.1  # a mean score, or guidance, below this says nothing any more
COLUMNS = ("loss", "ranking", "cross_entropy", "guidance", "abnormal_score", "normal_score")


class Mgpr(LearnedMethod):
    """The tube branch p_t over tubes and the temporal branch p_v over videolets, each guided by the other."""

    parameters: MgprParameters

    def __init__(self, parameters: MgprParameters, **options: Unpack[Options]) -> None:
        super().__init__(parameters, **options)
        both = parameters.branches == "both"
        self.branches = ("temporal", "tube") if both else (parameters.branches,)
        self.scored = tuple(branch for branch in ("tube", "temporal") if branch in self.branches)
        self.columns = tuple(f"{branch}_{column}" for branch in self.branches for column in COLUMNS)
        if not both and parameters.ranking == "mg":
            raise UserError("mgpr: ranking: 'mg' needs both branches; allowed with one: plain, none")
        if not parameters.freeze and not both:
            raise UserError("mgpr: freeze: false needs both branches; allowed with one: true")
        if parameters.ranking == "none" and not parameters.cross_entropy:
            raise UserError("mgpr: ranking: 'none' without cross_entropy leaves nothing to learn")

    def make_networks(self, dimension: int) -> dict[str, nn.Module]:
        """Return the branches."""
        options = self.parameters
        if options.relation in ATTENTION and dimension % options.heads:
            raise UserError(f"mgpr: heads: {options.heads} do not divide {dimension} features")
        return {
            name: Branch(dimension, heads=options.heads, dropout=options.dropout, relation=options.relation)
            for name in self.branches
        }

    def step(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Train the temporal branch with the tube branch frozen, then the tube branch with the temporal one frozen.

        The two passes of the loop are psi = 0 and psi = 1 in Eq. 6, unless `freeze` is false.
        """
        if not self.parameters.freeze:
            return self._step_together(batch, generator, iteration)
        values = []
        for branch in self.branches:
            index, logits = self._max_instances(branch, batch, generator)
            with torch.no_grad():
                weight = self._guidance(branch, batch, index[: batch.n_abnormal], iteration)
            loss, branch_values = self._loss(branch, batch, logits, weight)
            self.update(branch, loss)
            values.append(branch_values)
        return torch.cat(values)

    def _step_together(self, batch: Batch, generator: torch.Generator, iteration: int) -> Tensor:
        """Train both branches at once on the sum of their losses, whose weights have a gradient too.

        The other reading of Table 3: here the guided ranking loss alone falls fastest by weights of 0, and all scores
        go there, as the paper reports; frozen, a weight is a constant that no step can lower.
        """
        instances = {branch: self._max_instances(branch, batch, generator) for branch in self.branches}
        loss, values = torch.zeros((), device=self.device), []
        for branch, (index, logits) in instances.items():
            weight = self._guidance(branch, batch, index[: batch.n_abnormal], iteration)
            branch_loss, branch_values = self._loss(branch, batch, logits, weight)
            loss = loss + branch_loss
            values.append(branch_values)
        loss.backward()
        for name in self.branches:
            self.optimisers[name].step()
            self.optimisers[name].zero_grad(set_to_none=True)
        return torch.cat(values)

    def _max_instances(self, branch: str, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return index and logit (b,) of the max instance of each bag in a branch, under dropout."""
        tube = branch == "tube"
        instances, mask = (batch.region, batch.mask) if tube else (batch.videolets, batch.videolet_mask)
        return self._branch(branch).max_instance(instances, mask, generator)

    def diagnose(self, rows: np.ndarray) -> list[str]:
        """Return a line for each branch whose scores, or whose guidance, have sunk towards 0 in the last iterations.

        No gradient drives scores there: with the partner frozen (Eq. 6) the weight before the hinge of Eqs. 4 and 5 is
        a constant, and the loss falls only as abnormal scores rise and normal ones fall. The collapse that the paper
        tells of (Table 3) needs a gradient through the weight. But the loss may vanish with it, where the partner finds
        normal what a branch picks.
        """
        last = dict(zip(self.columns, rows[-self.parameters.evaluate_every :].mean(axis=0).tolist(), strict=True))
        lines = []
        for branch in self.branches:
            score, guidance = last[f"{branch}_abnormal_score"], last[f"{branch}_guidance"]
            if score < FAINT:
                lines.append(f"the {branch} branch has collapsed: abnormal videos score {score:.2f}")
            if guidance < FAINT:
                lines.append(f"the {branch} branch picks what its partner finds normal: its guidance is {guidance:.2f}")
        return lines

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
        """Return the attention in the tube branch, the mean over its heads, where it has one."""
        if "tube" not in self.branches or self.parameters.relation not in ATTENTION:
            return super().attend(bag, index)
        relation = cast(RelationModule, self._branch("tube").relation)
        with torch.inference_mode():
            features = self.tensor(self.project(bag).region)
            weights = relation.weights(features, None, torch.tensor([index], device=self.device))
        return weights.mean(dim=1)[0, :, None].cpu().numpy()

    def mechanisms(self, bags: Sequence[Bag]) -> dict[str, float]:
        """Return the entropy of each branch's attention, and the spread of the guidance that each branch gets.

        The entropy is the mean over bags, instances and heads; the guidance is that of the abnormal bags, Eqs. 4 and 5.
        """
        measured: dict[str, float] = {}
        features = {
            branch: [bag.region if branch == "tube" else bag.videolets for bag in bags] for branch in self.branches
        }
        with torch.inference_mode():
            if self.parameters.relation in ATTENTION:
                for branch, matrices in features.items():
                    entropies = [diagnostics.attention_entropy(self._attention(branch, matrix)) for matrix in matrices]
                    finite = [entropy for entropy in entropies if not np.isnan(entropy)]
                    measured[f"{branch}_entropy"] = float(np.mean(finite)) if finite else float("nan")
            if self.parameters.ranking == "mg":
                abnormal = [bag for bag in bags if bag.label == "abnormal"]
                for branch in self.branches:
                    measured[f"{branch}_guidance_sd"] = float(
                        np.std([self._guidance_of(branch, bag) for bag in abnormal])
                    )
        return measured

    def _attention(self, branch: str, features: np.ndarray) -> np.ndarray:
        """Return the attention (n, heads, n) that each instance of a bag, (n, d), pays to all."""
        relation = cast(RelationModule, self._branch(branch).relation)
        bag, count = self.tensor(features), len(features)
        rows = [relation.weights(bag, None, torch.tensor([k], device=self.device))[0] for k in range(count)]
        return torch.stack(rows).cpu().numpy()

    def _guidance_of(self, branch: str, bag: Bag) -> float:
        """Return what the partner says of the max instance that `branch` finds in a bag, without dropout."""
        own, other = (bag.region, bag.image) if branch == "tube" else (bag.videolets, bag.videolets)
        best = self._branch(branch)(self.tensor(own))[0].argmax()[None]
        return float(torch.sigmoid(self._branch(PARTNER[branch]).forward_at(self.tensor(other), None, best)))

    def _branch(self, name: str) -> Branch:
        return cast(Branch, self.networks[name])

    def _guidance(self, branch: str, batch: Batch, index: Tensor, iteration: int) -> Tensor:
        """Return what the partner says of the abnormal max instances `index` of `branch`: the weight in Eqs. 4 and 5.

        p_v(T_m^{a,g}) for the tube branch, p_t(V_m^a) for the temporal branch; 1 for the plain ranking loss.
        """
        if self.parameters.ranking != "mg" or iteration < self.parameters.warmup_guidance:
            return torch.ones(len(index), device=index.device)
        if branch == "tube":
            instances, mask = batch.abnormal_image, batch.mask
        else:
            # Paper: "we simply regard V_m^a as tubes": whole-image features, unchanged, in the tube branch.
            instances, mask = batch.videolets[: batch.n_abnormal], batch.videolet_mask
        mask = mask[: batch.n_abnormal]
        # Paper is silent on what stands around the max instance: its bag, as at inference, or nothing.
        if self.parameters.guidance == "single":
            instances, index = take(instances, index)[:, None], torch.zeros_like(index)
            mask = torch.ones_like(mask[:, :1])
        return torch.sigmoid(self._branch(PARTNER[branch]).forward_at(instances, mask, index))

    def _loss(self, branch: str, batch: Batch, logits: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return Eq. 8 on the logits (b,) of a branch's max instances, and the values of COLUMNS."""
        abnormal, normal = logits[: batch.n_abnormal], logits[batch.n_abnormal :]
        p_abnormal, p_normal = torch.sigmoid(abnormal), torch.sigmoid(normal)
        ranking = losses.ranking(p_abnormal, p_normal, weight, self.parameters.pairs)
        cross_entropy = losses.cross_entropy(abnormal, normal)
        loss = losses.total(
            ranking * float(self.parameters.ranking != "none"),
            cross_entropy * float(self.parameters.cross_entropy),
        )
        values = (loss, ranking, cross_entropy, weight.mean(), p_abnormal.mean(), p_normal.mean())
        return loss, torch.stack([value.detach() for value in values])
