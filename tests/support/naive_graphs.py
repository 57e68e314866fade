"""Bags with centres, and graphs over their instances, one number after the other."""

import math

import torch

D = 12


def bags_of(lengths: list[int], seed: int = 0, pad: int = 0):
    """Features, centres and mask of bags of these lengths, in float64."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(len(lengths), max(lengths) + pad, dtype=torch.bool)
    for i, length in enumerate(lengths):
        mask[i, :length] = True
    draw = {"generator": generator, "dtype": torch.float64}
    return torch.randn(*mask.shape, D, **draw), 20 * torch.rand(*mask.shape, **draw), mask


def naive_normalised(rows: list[list[float]]) -> list[list[float]]:
    """D^-1/2 A D^-1/2 of the rows of A."""
    degrees = [sum(row) for row in rows]
    n = range(len(rows))
    return [[rows[i][j] / math.sqrt(degrees[i]) / math.sqrt(degrees[j]) for j in n] for i in n]


def naive_temporal(centres: list[float]) -> list[list[float]]:
    """The normalised graph of temporal consistency."""
    return naive_normalised([[math.exp(-abs(c - d)) for d in centres] for c in centres])


def naive_similarity(features: list[list[float]]) -> list[list[float]]:
    """The normalised graph of feature similarity."""
    rows = []
    for x in features:
        products = [sum(a * b for a, b in zip(x, y, strict=True)) for y in features]
        rows.append([math.exp(product - max(products)) for product in products])
    return naive_normalised(rows)


def naive_convolution(graph: list[list[float]], features: list[list[float]], weight: list[list[float]]):
    """A X W, one number after the other."""
    n, inputs, outputs = range(len(graph)), range(len(weight)), range(len(weight[0]))
    mixed = [[sum(graph[i][j] * features[j][k] for j in n) for k in inputs] for i in n]
    return [[sum(mixed[i][k] * weight[k][o] for k in inputs) for o in outputs] for i in n]


def flat(rows: list[list[float]]) -> list[float]:
    """The values of all rows."""
    return [value for row in rows for value in row]
