"""The choice of instances in padded bags, and means over them.

`mask` (bags, instances) is true for the real instances and false for padding.
"""

import math

import torch
from torch import Tensor


def max_index(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the index (b,) of the highest logit among the real instances of each bag, the first of equals."""
    return logits.masked_fill(~mask, -math.inf).argmax(dim=1)


def top_instances(values: Tensor, mask: Tensor, count: Tensor) -> Tensor:
    """Return a mask (b, n) of the `count` (b,) real instances of each bag with the highest `values` (b, n).

    Of equals the first are taken; a bag with fewer real instances than its count gives all of them.
    """
    order = values.masked_fill(~mask, -math.inf).argsort(dim=1, descending=True, stable=True)
    rank = torch.empty_like(order).scatter_(1, order, torch.arange(mask.shape[1], device=mask.device).expand_as(order))
    return (rank < count[:, None]) & mask


def mean_of(values: Tensor, chosen: Tensor) -> Tensor:
    """Return the mean of the `chosen` (b, n) rows of each ``values[b]``: (b, n, ...) to (b, ...)."""
    weights = chosen / chosen.sum(dim=1, keepdim=True)
    return torch.einsum("bn,bn...->b...", weights, values)


def take(values: Tensor, index: Tensor) -> Tensor:
    """Return row `index[b]` of each ``values[b]``: (b, n, ...) to (b, ...)."""
    return values[torch.arange(len(index), device=index.device), index]
