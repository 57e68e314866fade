"""Resampling: intervals of a metric over other test videos, and its spread over runs."""

from collections.abc import Sequence

import numpy as np

COVERAGE = 0.95
NORMAL_QUANTILE = 1.959963984540054  # of (1 + COVERAGE) / 2


def resample(n: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each of `n` videos is in each of `draws` bootstrap samples, (draws, n) float64."""
    return rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)


def resample_videos(abnormal: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each video is in each sample, (draws, v); abnormal and normal ones are resampled apart."""
    counts = np.zeros((draws, len(abnormal)))
    for mine in (abnormal, ~abnormal):
        if mine.any():
            counts[:, mine] = resample(int(mine.sum()), draws, rng)
    return counts


def resampled_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the mean of `values` (n,) in each sample of `counts` (draws, n)."""
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
