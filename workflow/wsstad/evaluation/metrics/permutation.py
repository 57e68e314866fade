"""Permutation: the exact test of paired terms whose signs could as well have been others."""

from dataclasses import dataclass

import numpy as np

MOST_EXACT = 14  # videos, up to which all 2^n swaps are tried
FLIPS = 20_000  # random swaps beyond


@dataclass(frozen=True)
class Flips:
    """Signs (f, n) of +1 and -1 for the terms of n videos: all 2^n, or random ones."""

    signs: np.ndarray
    exact: bool


def draw_flips(n: int, rng: np.random.Generator) -> Flips:
    """Return all sign vectors of n videos, or `FLIPS` random ones where n is above `MOST_EXACT`."""
    if n <= MOST_EXACT:
        bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
        return Flips(1 - 2 * bits.astype(np.int8), exact=True)
    return Flips(1 - 2 * rng.integers(0, 2, (FLIPS, n), dtype=np.int8), exact=False)


def permutation_p(terms: np.ndarray, flips: Flips) -> float:
    """Return the share of sign flips whose sum is as far from 0 as that of `terms` (n,), which counts as one of them.

    >>> permutation_p(np.array([0.2, 0.1, 0.3]), draw_flips(3, np.random.default_rng(0)))
    0.25
    """
    sums = np.abs(flips.signs @ terms)
    slack = 1e-9 * np.abs(terms).sum()  # sums of the same numbers in another order are equal
    hits = int(np.count_nonzero(sums >= abs(terms.sum()) - slack))
    return hits / len(sums) if flips.exact else (hits + 1) / (len(sums) + 1)


def least_p(n: int) -> float:
    """Return the lowest p-value that the test of n videos can have.

    >>> least_p(5)
    0.0625
    """
    return 2.0 ** (1 - n) if n <= MOST_EXACT else 1 / (FLIPS + 1)
