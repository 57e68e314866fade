"""Resampling: intervals of a metric over other test videos, and its spread over runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

COVERAGE = 0.95
NORMAL_QUANTILE = 1.959963984540054  # of (1 + COVERAGE) / 2


@dataclass(frozen=True)
class Resampling:
    """How many bootstrap samples of the videos there are, and the seed that they are drawn with."""

    resamples: int
    seed: int

    def generator(self) -> np.random.Generator:
        """Return a generator that gives the same samples each time."""
        return np.random.default_rng(self.seed)


def resample(n: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each of `n` videos is in each of `resamples` bootstrap samples, (resamples, n) float64."""
    return rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)


def resample_videos(abnormal: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each video is in each sample, (resamples, v); abnormal and normal ones are resampled apart."""
    counts = np.zeros((resamples, len(abnormal)))
    for members in (abnormal, ~abnormal):
        if members.any():
            counts[:, members] = resample(int(members.sum()), resamples, rng)
    return counts


def resampled_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the mean of `values` (n,) in each sample of `counts` (resamples, n)."""
    return counts @ values / counts.sum(axis=1)


def interval(samples: np.ndarray) -> tuple[float, float]:
    """Return the percentile interval of 95 % over bootstrap samples, those without a value left out."""
    low, high = np.nanpercentile(samples, [50 * (1 - COVERAGE), 50 * (1 + COVERAGE)])
    return float(low), float(high)


def wilson(k: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share k / n; k may be a mean over seeds.

    >>> [round(100 * bound, 1) for bound in wilson(14, 119)]
    [7.1, 18.8]
    """
    z = NORMAL_QUANTILE
    centre = (k + z * z / 2) / (n + z * z)
    reach = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    return float(max(0.0, centre - reach)), float(min(1.0, centre + reach))


def mean_and_std(values: Sequence[float]) -> tuple[float, float | None]:
    """Return mean and standard deviation (n - 1) over runs; no deviation for one run."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None
