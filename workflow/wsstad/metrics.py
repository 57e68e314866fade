"""Metrics of section 5.1: S_loc (Eq. 10), IoU@eps, MIoU and VAUC, with intervals.

A metric is a number in [0, 1]. IoU@eps and MIoU are over the abnormal test videos alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad import boxes as box
from wsstad.errors import UserError
from wsstad.groundtruth import FrameBoxes
from wsstad.tubes import Tube

# Paper is silent on what "the frames that have bounding boxes provided by the detector" are: the frames with at least
# one detection of any object. `union` leaves that set out of Gamma, `gt_only` counts the annotated frames alone, as the
# metric's origin (Yamaguchi et al., 2017) does; with it, a box that never moves beats the paper's upper bound.
GAMMAS = ("detected", "union", "gt_only")
COVERAGE = 0.95
NORMAL_QUANTILE = 1.959963984540054  # of (1 + COVERAGE) / 2


@dataclass(frozen=True)
class Overlap:
    """S_loc of a tube, and its temporal part: the share of Gamma in which both tubes have a box."""

    score: float
    temporal: float


def overlap(truth: FrameBoxes, tube: Tube, *, detected: np.ndarray, gamma: str = "detected") -> Overlap:
    """Return how well a predicted tube meets the ground truth (Eq. 10).

    Parameters
    ----------
    truth : at most one box a frame.
    tube : the prediction; it ends no later than the video.
    detected : (n_frames,) bool, the set D of frames with a detection.
    gamma : the frames that count: with G and P the frames of `truth` and `tube`, ``detected`` is D & (G | P),
        ``union`` is G | P and ``gt_only`` is G. IoU is 0 where one of both has no box; S_loc of no frames is 0.
    """
    if gamma not in GAMMAS:
        raise ValueError(f"gamma {gamma!r}; allowed: {', '.join(GAMMAS)}")
    n_frames = len(truth.present)
    if tube.stop > n_frames or len(detected) != n_frames:
        raise ValueError(f"a tube to frame {tube.stop} and {len(detected)} flags for {n_frames} frames")
    counted = detected if gamma == "detected" else np.ones(n_frames, dtype=bool)
    span = slice(tube.start, tube.stop)
    size = np.count_nonzero(truth.present & counted)
    if gamma != "gt_only":
        size += np.count_nonzero(counted[span] & ~truth.present[span])
    if not size:
        return Overlap(0.0, 0.0)
    both = truth.present[span] & counted[span]
    ious = box.paired_iou(truth.boxes[span][both], tube.boxes[both])
    return Overlap(float(ious.sum() / size), float(np.count_nonzero(both) / size))


def s_loc(truth: FrameBoxes, tube: Tube, *, detected: np.ndarray, gamma: str = "detected") -> float:
    """Return the spatio-temporal localisation score S_loc (Eq. 10); see `overlap`."""
    return overlap(truth, tube, detected=detected, gamma=gamma).score


def iou_at(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Return which S_loc scores, of any shape, are "larger than eps": strictly."""
    return np.asarray(scores) > threshold


def vauc(scores: np.ndarray, abnormal: np.ndarray, folds: np.ndarray) -> float:
    """Return the video-level AUC of scores (v,) with labels `abnormal` (v,) bool and the `folds` (v,) they are from.

    Scores of different folds come from different models and share no scale. So only videos of one fold are compared:
    the AUC is the mean over the folds, weighted by their numbers of (abnormal, normal) pairs.
    """
    from sklearn.metrics import roc_auc_score

    areas, weights = [], []
    for fold in np.unique(folds):
        mine = folds == fold
        pairs = np.count_nonzero(abnormal[mine]) * np.count_nonzero(~abnormal[mine])
        if pairs:
            areas.append(roc_auc_score(abnormal[mine], scores[mine]))
            weights.append(pairs)
    if not areas:
        raise UserError("no fold has both normal and abnormal test videos to evaluate: VAUC needs both")
    return float(np.average(areas, weights=weights))


def pair_matrix(scores: np.ndarray, abnormal: np.ndarray, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for every (abnormal, normal) pair of videos how often its order is right, and if it counts for VAUC.

    `scores` (r, v) are those of r runs. The first result (a, n) is the mean over the runs of 1, 1/2 for a tie, or 0;
    the second (a, n) bool marks the pairs of one fold.
    """
    high, low = scores[:, abnormal, None], scores[:, None, ~abnormal]
    right = np.zeros(high.shape[1:2] + low.shape[2:])
    for run_high, run_low in zip(high, low, strict=True):
        right += (run_high > run_low) + 0.5 * (run_high == run_low)
    return right / len(scores), folds[abnormal][:, None] == folds[~abnormal][None, :]


def resample(n: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often each of `n` videos is in each of `draws` bootstrap samples, (draws, n) float64."""
    return rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)


def resampled_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the mean of `values` (n,) in each sample of `counts` (draws, n)."""
    return counts @ values / counts.sum(axis=1)


def resampled_vauc(
    right: np.ndarray, same_fold: np.ndarray, abnormal_counts: np.ndarray, normal_counts: np.ndarray
) -> np.ndarray:
    """Return VAUC in each sample, (draws,); NaN where a sample has no pair to compare.

    Abnormal and normal videos are resampled apart (stratified); `right` and `same_fold` are from `pair_matrix`.
    """
    hits = np.einsum("da,dn,an->d", abnormal_counts, normal_counts, right * same_fold, optimize=True)
    pairs = np.einsum("da,dn,an->d", abnormal_counts, normal_counts, same_fold.astype(np.float64), optimize=True)
    return np.divide(hits, pairs, out=np.full_like(hits, np.nan), where=pairs > 0)


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
