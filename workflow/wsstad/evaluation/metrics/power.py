"""Power: the smallest difference that so many videos show, and how many videos a difference needs.

Both follow from how much a difference varies from video to video, as a pilot has measured it:

- MIoU, IoU@eps: the paired t test. The variance is that of the videos' differences, and the power is that of the
  non-central t distribution (Cohen, Statistical Power Analysis, 1988; Faul et al., Behavior Research Methods 2007).
- VAUC: the variance of the difference of two correlated areas is S10 / m + S01 / n, of the structural components of m
  abnormal and n normal videos (DeLong, DeLong & Clarke-Pearson, Biometrics 1988); numbers of videos follow as in
  Obuchowski & McClish (Statistics in Medicine 1997), but by the t distribution, whose degrees of freedom are those of
  two variances (Brunner & Munzel, Biometrical Journal 2000): a dozen videos do not make a normal distribution.

A family of k comparisons costs power: Holm's correction surely finds a difference whose p-value is below level / k,
whatever the others are, so that is the level that is planned with. The tests of `significance` are others, swaps and a
bootstrap; that they have about the power given here is a test.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from wsstad.evaluation.metrics.permutation import least_p

LEVEL = 0.05  # two-sided
POWER = 0.8
MOST_VIDEOS = 10**7  # what needs more cannot be shown


@dataclass(frozen=True)
class Noise:
    """How a difference varies: for each kind of video the variance that one adds, and how many the pilot had.

    With n videos of a kind the difference has the variance `variances` / n from it, summed over the kinds.
    """

    variances: tuple[float, ...]
    sizes: tuple[int, ...]

    @property
    def known(self) -> bool:
        """Whether the pilot's videos differ at all: if not, they cannot tell what others would show."""
        return sum(self.variances) > 0

    def error(self, share: float = 1.0) -> float:
        """Return the standard error of the difference with `share` times the pilot's videos of each kind."""
        return float(np.sqrt(sum(v / (share * n) for v, n in zip(self.variances, self.sizes, strict=True))))

    def freedom(self, share: float = 1.0) -> float:
        """Return the degrees of freedom of that error, after Satterthwaite."""
        parts = [(v / (share * n), share * n - 1) for v, n in zip(self.variances, self.sizes, strict=True)]
        return sum(part for part, _ in parts) ** 2 / sum(part**2 / dof for part, dof in parts)

    def error_bounds(self) -> tuple[float, float]:
        """Return between which multiples of the pilot's error the true one lies, with 95 % confidence."""
        from scipy.stats import chi2

        freedom = self.freedom()
        low, high = (float(np.sqrt(freedom / chi2.isf(tail, freedom))) for tail in (0.025, 0.975))
        return low, high


def paired_noise(differences: np.ndarray) -> Noise | None:
    """Return the noise of a mean of paired `differences` (n,), one a video; None of one video."""
    if len(differences) < 2:
        return None
    return Noise((float(np.var(differences, ddof=1)),), (len(differences),))


def area_noise(difference: np.ndarray, same_fold: np.ndarray) -> Noise | None:
    """Return the noise of a difference of VAUC, of abnormal and of normal videos, by DeLong's structural components.

    `difference` (a, n) has of every pair of an abnormal and a normal video the two methods' rates of the right order,
    one less the other; `same_fold` (a, n) bool marks the pairs that count. In one fold this is DeLong's variance, in
    several it is what the bootstrap over videos has, to first order. None where there is one video of a kind.
    """
    if min(difference.shape) < 2:
        return None
    pairs = np.count_nonzero(same_fold)
    mean = float(difference[same_fold].mean())
    deviations = (difference - mean) * same_fold
    variances = []
    for axis in (1, 0):
        terms = deviations.sum(axis=axis) / pairs
        variances.append(float(np.square(terms).sum()) * len(terms) ** 2 / (len(terms) - 1))
    return Noise((variances[0], variances[1]), difference.shape)


def power_of(effect: float, noise: Noise, *, share: float = 1.0, level: float = LEVEL) -> float:
    """Return the probability that a two-sided t test finds a difference of `effect`."""
    return _power(abs(effect) / noise.error(share), noise.freedom(share), level)


def smallest_effect(noise: Noise, *, share: float = 1.0, family: int = 1) -> float | None:
    """Return the smallest difference that `share` times the pilot's videos show with `POWER`, in a family of so many.

    None where so few videos cannot show any, or where the pilot's did not differ.
    """
    from scipy.optimize import brentq

    level = LEVEL / family
    # The permutation test swaps the videos of every kind.
    if not noise.known or share * min(noise.sizes) < 2 or least_p(int(share * sum(noise.sizes))) >= level:
        return None
    freedom, high = noise.freedom(share), 1.0
    while _power(high, freedom, level) < POWER:
        high *= 2
    return float(brentq(lambda shift: _power(shift, freedom, level) - POWER, 0, high)) * noise.error(share)


def videos_needed(effect: float, noise: Noise, *, family: int = 1) -> int | None:
    """Return how many videos of the pilot's first kind, the others in the same ratio, show a difference of `effect`.

    With `POWER`, in a family of so many. None where more than `MOST_VIDEOS` are needed, or where the pilot's videos did
    not differ.
    """

    def shown(n: int) -> bool:
        smallest = smallest_effect(noise, share=n / noise.sizes[0], family=family)
        return smallest is not None and smallest <= abs(effect)

    n = bisect_left(range(2, MOST_VIDEOS), True, key=shown) + 2
    return n if n < MOST_VIDEOS else None


def _power(shift: float, freedom: float, level: float) -> float:
    from scipy.stats import nct, t

    # Finding the opposite is no success: that tail, less than 1e-5 where the power is `POWER`, is left out.
    return float(nct.sf(t.isf(level / 2, freedom), freedom, shift))
