"""The losses, Eqs. 4, 5, 7 and 8, on what the max instances of a mini-batch score; Eq. 6 is the loop of `methods.mgpr`.

`abnormal` (a,) and `normal` (n,) are the scores, or the logits, of the max instances of the abnormal and normal bags in
the branch that is trained. The last ones, on all instances of bags, are those of other methods.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

PAIRS = ("all", "matched")


def ranking(abnormal: Tensor, normal: Tensor, weight: Tensor | float = 1.0, pairs: str = "all") -> Tensor:
    """Return the mutually-guided ranking loss of one branch (Eq. 4 for the tube branch, Eq. 5 for the temporal one).

    `abnormal` and `normal` are scores in [0, 1]. `weight` (a,) is what the other branch says of the abnormal max
    instances: a confidence, which has no gradient where that branch is frozen. A weight of 1 gives the ranking loss of
    [Sultani 2018].
    """
    weight = torch.as_tensor(weight, dtype=abnormal.dtype, device=abnormal.device).expand_as(abnormal)
    # Paper is silent on how 30 + 30 bags pair up: the mean over all pairs, or bag i with bag i.
    if pairs == "all":
        return F.relu(weight[:, None] * (1 - abnormal[:, None] + normal[None, :])).mean()
    count = min(len(abnormal), len(normal))
    return F.relu(weight[:count] * (1 - abnormal[:count] + normal[:count])).mean()


def cross_entropy(abnormal_logits: Tensor, normal_logits: Tensor) -> Tensor:
    """Return one branch's half of the cross-entropy loss of the max instances (Eq. 7), from logits.

    -log p is softplus(-logit) and -log(1 - p) is softplus(logit): exact, where a logarithm of 0 would not be.
    """
    # Paper is silent on the reduction: the mean over the bags of each label.
    return F.softplus(-abnormal_logits).mean() + F.softplus(normal_logits).mean()


def total(ranking_loss: Tensor, cross_entropy_loss: Tensor) -> Tensor:
    """Return the loss that is optimised (Eq. 8)."""
    return ranking_loss + cross_entropy_loss


def sparsity(scores: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over bags of the sum of the scores (b, n) of their real instances [Sultani 2018]."""
    return (scores * mask).sum(dim=1).mean()


def smoothness(scores: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over bags of the summed squared steps between neighbours in time [Sultani 2018]."""
    both = mask[:, 1:] & mask[:, :-1]
    return ((scores[:, 1:] - scores[:, :-1]).square() * both).sum(dim=1).mean()


def mean_cross_entropy(logits: Tensor, chosen: Tensor, label: Tensor | float) -> Tensor:
    """Return the cross entropy (b,) of the mean score of the `chosen` (b, n) instances of each bag and its `label`.

    From logits (b, n), with no logarithm of 0: the mean of k scores is the exponential of the log-sum-exp of their
    logarithms, over k, and 1 minus it is the mean of the k values 1 - score.
    """
    log_count = chosen.sum(dim=1).to(logits.dtype).log()
    yes, no = (
        torch.logsumexp(F.logsigmoid(signed).masked_fill(~chosen, -torch.inf), dim=1) - log_count
        for signed in (logits, -logits)
    )
    return -(label * yes + (1 - label) * no)


def bag_means(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean (b,) of each bag's `values` (b, n) where `mask` is true; 0 for a bag where it never is."""
    return (values * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)


def instance_cross_entropy(logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Return each bag's mean cross entropy (b,) of logits (b, n) with a target in [0, 1] an instance [Zhong 2019]."""
    return bag_means(F.binary_cross_entropy_with_logits(logits, targets, reduction="none"), mask)


def inner_bag(scores: Tensor, mask: Tensor, n_abnormal: int) -> Tensor:
    """Return the complementary inner-bag loss of scores (b, n), the abnormal bags first [Zhang 2019].

    The gap between the highest and the lowest score of a bag: 1 - gap for abnormal bags, gap for normal ones, each the
    mean over the bags of the label. Scores lie in [0, 1], so that a hinge would never clip.
    """
    highest = scores.masked_fill(~mask, -math.inf).amax(dim=1)
    gap = highest - scores.masked_fill(~mask, math.inf).amin(dim=1)
    return (1 - gap[:n_abnormal]).mean() + gap[n_abnormal:].mean()
