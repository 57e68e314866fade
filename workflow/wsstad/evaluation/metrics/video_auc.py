"""Ranking: VAUC, how well the scores of videos tell abnormal from normal ones (section 5.1)."""

import numpy as np

from wsstad.errors import UserError


def vauc(scores: np.ndarray, abnormal: np.ndarray, folds: np.ndarray) -> float:
    """Return the video-level AUC of scores (v,) with labels `abnormal` (v,) bool and the `folds` (v,) they are from.

    Scores of different folds come from different models and share no scale. So only videos of one fold are compared:
    VAUC is the share of (abnormal, normal) pairs inside folds that are in the right order, a tie being half right. That
    is the mean of the folds' AUCs, weighted by their numbers of pairs.
    """
    right, same_fold = pair_matrix(scores[None], abnormal, folds)
    if not same_fold.any():
        raise UserError("no fold has both normal and abnormal test videos to evaluate: VAUC needs both")
    return float(right[same_fold].mean())


def vauc_inside(scores: np.ndarray, abnormal: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the AUC (r, g) of scores (r, v) of r runs inside each of the g `groups` (v,) that have both labels.

    Between groups, such as cameras, scores may differ for reasons that have nothing to do with what happens.
    """
    rates = []
    for name in np.unique(groups):
        members = groups == name
        if abnormal[members].any() and not abnormal[members].all():
            high, low = scores[:, members & abnormal], scores[:, members & ~abnormal]
            rates.append([win_rates(*rows).mean() for rows in zip(high[:, None], low[:, None], strict=True)])
    return np.array(rates).reshape(len(rates), len(scores)).T


def win_rates(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Return (a, n): the mean over r runs of 1 where `high` (r, a) is above `low` (r, n), 1/2 for a tie, or 0."""
    total = np.zeros((high.shape[1], low.shape[1]))
    for run_high, run_low in zip(high[:, :, None], low[:, None, :], strict=True):
        total += (run_high > run_low) + 0.5 * (run_high == run_low)
    return total / len(high)


def pair_matrix(scores: np.ndarray, abnormal: np.ndarray, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for every (abnormal, normal) pair of videos how often its order is right, and if it counts for VAUC.

    `scores` (r, v) are those of r runs. The first result (a, n) is the mean over the runs of 1, 1/2 for a tie, or 0;
    the second (a, n) bool marks the pairs of one fold.
    """
    right = win_rates(scores[:, abnormal], scores[:, ~abnormal])
    return right, folds[abnormal][:, None] == folds[~abnormal][None, :]


def resampled_vauc(
    right: np.ndarray, same_fold: np.ndarray, abnormal_counts: np.ndarray, normal_counts: np.ndarray
) -> np.ndarray:
    """Return VAUC in each sample, (samples,); NaN where a sample has no pair to compare.

    Abnormal and normal videos are resampled apart (stratified); `right` and `same_fold` are from `pair_matrix`.
    """
    hits = np.einsum("da,dn,an->d", abnormal_counts, normal_counts, right * same_fold, optimize=True)
    pairs = np.einsum("da,dn,an->d", abnormal_counts, normal_counts, same_fold.astype(np.float64), optimize=True)
    return np.divide(hits, pairs, out=np.full_like(hits, np.nan), where=pairs > 0)
