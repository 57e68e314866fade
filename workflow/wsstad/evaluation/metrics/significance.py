"""Significance: whether a method is better than another, or the test videos were only kind to it.

Two answers, which must agree. The paired bootstrap over videos gives the interval of the difference; it is too narrow
for few videos. The permutation test holds for few videos too. Its null hypothesis: what the two methods say of a video
could as well have come from the other one. Then swapping the two in any subset of videos is as likely as what was seen:

- MIoU, IoU@eps: a swap flips the sign of that video's difference.
- VAUC: scores of two methods share no scale, so each is first replaced by its rank among the videos of its fold, and
  ranks are swapped (Venkatraman & Begg, Biometrika 1996); the statistic is the difference of the areas (Bandos,
  Rockette & Gur, Statistics in Medicine 2005). That difference is a sum of one term a video whose sign the swap flips
  (see `vauc_terms`), so that one test serves all metrics.

Several runs of a method are first averaged by video: its S_loc, its hits, its terms of VAUC. Run k of one method is
paired with run k of the other; with unequal numbers, each cycles until every run was used equally often. So the tests
are about other videos, with the seeds at hand. With n videos no p-value is below 2 / 2^n: five can never be enough.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.evaluation.metrics.localisation import iou_at
from wsstad.evaluation.metrics.permutation import Flips, draw_flips, permutation_p
from wsstad.evaluation.metrics.power import LEVEL, Noise, area_noise, paired_noise, smallest_effect
from wsstad.evaluation.metrics.resampling import Resampling, interval, resample, resample_videos
from wsstad.evaluation.metrics.video_auc import pair_matrix, resampled_vauc, win_rates


@dataclass(frozen=True)
class Row:
    """What a method's r runs say of the same tests: `scores` (r, v) of all, `s_loc` (r, b) of those with boxes."""

    scores: np.ndarray
    s_loc: np.ndarray


@dataclass(frozen=True)
class Shared:
    """What all comparisons on the same tests share: labels, folds, resamples and swaps."""

    abnormal: np.ndarray
    folds: np.ndarray
    counts: np.ndarray
    boxed_counts: np.ndarray
    flips: Flips
    boxed_flips: Flips


@dataclass(frozen=True)
class Difference:
    """The first method's metric less the second's, over `n` videos, with interval and p-values, two-sided.

    `noise` is how it varies from video to video, None of a kind of which there is one video.
    """

    metric: str
    n: int
    value: float
    interval: tuple[float, float]
    p_bootstrap: float
    p_permutation: float
    noise: Noise | None = None


@dataclass(frozen=True)
class Verdict(Difference):
    """A difference in a family: the permutation p-value after Holm's correction, and whether it is `significant`.

    `smallest` is the smallest difference that as many videos show with 80 % power, None if that cannot be said.
    """

    corrected: float = 1.0
    significant: bool = False
    smallest: float | None = None


def draw_shared(abnormal: np.ndarray, folds: np.ndarray, *, n_boxed: int, resampling: Resampling) -> Shared:
    """Draw what all comparisons share, from labels (v,) bool and folds (v,) of the tests; `n_boxed` have boxes.

    The resamples are those of a scorecard of the same `resampling`.
    """
    rng, resamples = resampling.generator(), resampling.resamples
    return Shared(
        abnormal=abnormal,
        folds=folds,
        counts=resample_videos(abnormal, resamples, rng),
        boxed_counts=resample(n_boxed, resamples, rng) if n_boxed else np.zeros((resamples, 0)),
        flips=draw_flips(len(abnormal), rng),
        boxed_flips=draw_flips(n_boxed, rng),
    )


def compare(first: Row, second: Row, shared: Shared, thresholds: Sequence[float]) -> list[Difference]:
    """Return the differences between two rows in VAUC and, if there are boxes, MIoU and IoU@eps of `thresholds`."""
    result = [_compare_vauc(first.scores, second.scores, shared)]
    if not first.s_loc.shape[1]:
        return result
    measured = {"MIoU": (first.s_loc, second.s_loc)}
    measured |= {f"IoU@{eps:g}": (iou_at(first.s_loc, eps), iou_at(second.s_loc, eps)) for eps in thresholds}
    for metric, (values, others) in measured.items():
        differences = values.mean(axis=0) - others.mean(axis=0)
        terms = differences / len(differences)
        noise = paired_noise(differences)
        result.append(_difference(metric, terms, shared.boxed_counts @ terms, shared.boxed_flips, noise))
    return result


def vauc_terms(first: np.ndarray, second: np.ndarray, abnormal: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the term of each video in the difference of VAUC between two methods, (v,), from scores (r, v), (q, v).

    Let XY be the rate at which an abnormal video, ranked by X, beats a normal one, ranked by Y. Swapping the methods A
    and B in the videos with sign -1 turns VAUC_A - VAUC_B into sum_a e_a u_a + sum_n e_n w_n over abnormal a and normal
    n, with u_a = sum_n (AA - BB - BA + AB) / 2P, w_n = sum_a (AA - BB + BA - AB) / 2P and P pairs inside folds.
    """
    runs = np.arange(math.lcm(len(first), len(second)))
    a, b = (ranks(scores, folds)[runs % len(scores)] for scores in (first, second))
    aa, same_fold = pair_matrix(a, abnormal, folds)
    bb, _ = pair_matrix(b, abnormal, folds)
    ba, ab = win_rates(b[:, abnormal], a[:, ~abnormal]), win_rates(a[:, abnormal], b[:, ~abnormal])
    pairs = np.count_nonzero(same_fold)
    terms = np.zeros(len(abnormal))
    terms[abnormal] = ((aa - bb - ba + ab) * same_fold).sum(axis=1) / (2 * pairs)
    terms[~abnormal] = ((aa - bb + ba - ab) * same_fold).sum(axis=0) / (2 * pairs)
    return terms


def ranks(scores: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the rank of each video among those of its fold, for each run of (r, v); equals share their mean rank."""
    from scipy.stats import rankdata

    result = np.empty(scores.shape)
    for fold in np.unique(folds):
        result[:, folds == fold] = rankdata(scores[:, folds == fold], axis=1)
    return result


def bootstrap_p(samples: np.ndarray) -> float:
    """Return twice the share of resampled differences on the rarer side of 0, the observed one counted on both."""
    samples = samples[np.isfinite(samples)]
    rarer = int(min(np.count_nonzero(samples <= 0), np.count_nonzero(samples >= 0)))
    return min(1.0, 2 * (rarer + 1) / (len(samples) + 1))


def holm(p_values: Sequence[float], size: int | None = None) -> list[float]:
    """Return p-values corrected by Holm's step-down method for their number, or for a family of `size`.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    >>> holm([0.01, 0.04, 0.03], size=5)
    [0.05, 0.12, 0.12]
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.asarray(p_values, dtype=np.float64)[order] * ((size or len(order)) - np.arange(len(order)))
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected.tolist()


def decide(family: Sequence[Difference], *, size: int | None = None, level: float = LEVEL) -> list[Verdict]:
    """Return a family of comparisons with corrected p-values and verdicts.

    A family is what a table declares before it is seen; `size` is its number of comparisons where some of them cannot
    be made. A difference is significant only if its corrected permutation p-value is below `level` *and* its bootstrap
    interval excludes 0.
    """
    result, size = [], size or len(family)
    for difference, p in zip(family, holm([row.p_permutation for row in family], size), strict=True):
        low, high = difference.interval
        significant = p < level and not low <= 0 <= high
        smallest = smallest_effect(difference.noise, family=size) if difference.noise else None
        result.append(Verdict(**vars(difference), corrected=p, significant=significant, smallest=smallest))
    return result


def _compare_vauc(first: np.ndarray, second: np.ndarray, shared: Shared) -> Difference:
    right, same_fold = pair_matrix(first, shared.abnormal, shared.folds)
    other, _ = pair_matrix(second, shared.abnormal, shared.folds)
    counts = shared.counts[:, shared.abnormal], shared.counts[:, ~shared.abnormal]
    samples = resampled_vauc(right - other, same_fold, *counts)
    terms = vauc_terms(first, second, shared.abnormal, shared.folds)
    return _difference("VAUC", terms, samples, shared.flips, area_noise(right - other, same_fold))


def _difference(metric: str, terms: np.ndarray, samples: np.ndarray, flips: Flips, noise: Noise | None) -> Difference:
    p_values = bootstrap_p(samples), permutation_p(terms, flips)
    return Difference(metric, len(terms), float(terms.sum()), interval(samples), *p_values, noise)
