"""Padded bags of random features, and PyTorch's own attention with the weights of ours."""

import torch
from torch import nn

from wsstad.learning.relations import RelationModule

D, HEADS = 16, 4


def features_and_mask(lengths: list[int], seed: int = 0, pad: int = 0, dtype=torch.float32):
    """Return features (b, n, D) of bags of these lengths, and the mask of their real instances."""
    torch.manual_seed(seed)
    mask = torch.zeros(len(lengths), max(lengths) + pad, dtype=torch.bool)
    for i, length in enumerate(lengths):
        mask[i, :length] = True
    return torch.randn(*mask.shape, D, dtype=dtype), mask


def multi_head_attention(module: RelationModule) -> nn.MultiheadAttention:
    """PyTorch's attention with the weights of ours, and with the identity for the projection that ours has not."""
    oracle = nn.MultiheadAttention(D, HEADS, bias=False, batch_first=True)
    with torch.no_grad():
        oracle.in_proj_weight.copy_(torch.cat([module.query.weight, module.key.weight, module.value.weight]))
        oracle.out_proj.weight.copy_(torch.eye(D))
    return oracle
