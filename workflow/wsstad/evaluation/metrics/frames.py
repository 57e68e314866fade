"""Frame-level metrics: AUC and AP over frames, as the literature on temporal anomaly detection reports them.

Conventions, on which published numbers differ:

- The score of a frame is the highest score of any candidate (sub-tube) that covers it, 0 where none does: see
  `wsstad.structures.predictions.paint`.
- A frame is abnormal if the ground truth has a box in it. All frames of a normal video are normal, as are those of an
  abnormal video outside of its boxes. An abnormal video *without* boxes says nothing about its frames: leave it out.
- All frames of all test videos of a fold are pooled (long videos weigh more), then compared; nothing is averaged by
  video. Frames of different folds, scored by different models, are never compared: AUC is the mean over the folds
  weighted by their pairs of an abnormal and a normal frame, AP that weighted by their abnormal frames. A fold without
  frames of both kinds is left out.
- AUC_abn is the AUC over the abnormal videos alone: can a method tell *when*, where it need not tell which video?
- AP is the sum of precision times gain in recall over the distinct scores, as scikit-learn has it; chance is the share
  of abnormal frames.
- A bootstrap sample draws videos, not frames; a video drawn twice has its frames twice.
"""

from collections.abc import Sequence

import numpy as np

from wsstad.evaluation.metrics.tally import Tally, average_folds, fold_members, tally


def pair_frames(
    scores: Sequence[np.ndarray], truths: Sequence[np.ndarray], folds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many pairs of an abnormal and a normal frame are in the right order, and how many there are.

    Parameters
    ----------
    scores : of every video, (n_frames,).
    truths : of every video, (n_frames,) bool: the abnormal frames.
    folds : (v,) the fold of each video.

    Returns
    -------
    right, pairs : (v, v), of the abnormal frames of the video of the row and the normal ones of that of the column; a
        tie counts 1/2, videos of different folds have no pair. Both are exact sums of halves. The mean of `right` over
        several runs, whose `pairs` are the same, gives the mean of their AUCs.
    """
    right, pairs = np.zeros((len(scores), len(scores))), np.zeros((len(scores), len(scores)))
    for members in fold_members(folds):
        high, low = _divide([scores[i] for i in members], [truths[i] for i in members])
        thresholds, abnormal = high.thresholds, high.totals > 0
        pairs[np.ix_(members, members)] = np.outer(high.totals, low.totals)
        hits = np.zeros(len(members))
        for reached, not_below, above in zip(
            high.reaching(thresholds), low.reaching(thresholds), low.reaching(thresholds, above=True), strict=True
        ):
            equal = np.diff(reached, axis=1, prepend=hits[:, None])
            right[np.ix_(members[abnormal], members)] += (
                equal[abnormal] @ (low.totals[:, None] - (not_below + above) / 2).T
            )
            hits = reached[:, -1]
    return right, pairs


def frame_auc(right: np.ndarray, pairs: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the frame-level AUC in each sample of `counts` (samples, v), (samples,); NaN where a sample has no pair.

    `right` and `pairs` are from `pair_frames`. Counts of one give the AUC itself; counts of zero for the normal videos
    give AUC_abn.
    """
    hits, total = (np.einsum("dv,dv->d", counts @ matrix, counts) for matrix in (right, pairs))
    return np.divide(hits, total, out=np.full_like(hits, np.nan), where=total > 0)


def average_precision(
    scores: Sequence[np.ndarray], truths: Sequence[np.ndarray], folds: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Return the frame-level AP in each sample of `counts` (samples, v), (samples,); NaN where no fold has both kinds.

    Other arguments as of `pair_frames`. Counts of one give the AP itself.
    """
    areas, weights = [], []
    for members in fold_members(folds):
        high, low = _divide([scores[i] for i in members], [truths[i] for i in members])
        hits, others = counts[:, members] @ high.totals, counts[:, members] @ low.totals
        gains = _precision_sum(high, low, counts[:, members])
        areas.append(np.divide(gains, hits, out=np.zeros_like(gains), where=hits > 0))
        weights.append(np.where(others > 0, hits, 0.0))
    return average_folds(areas, weights)


def _precision_sum(high: Tally, low: Tally, counts: np.ndarray) -> np.ndarray:
    """Return the sum over the abnormal frames of the precision at their score, (samples,)."""
    total, before, thresholds = np.zeros(len(counts)), np.zeros(len(counts)), high.thresholds
    for reached, others in zip(high.reaching(thresholds), low.reaching(thresholds), strict=True):
        hits, false = counts @ reached, counts @ others
        # With nothing found yet there is no precision, and no gain to weigh it with.
        precision = np.divide(hits, hits + false, out=np.zeros_like(hits), where=hits > 0)
        total += np.einsum("dk,dk->d", np.diff(hits, axis=1, prepend=before[:, None]), precision)
        before = hits[:, -1]
    return total


def _divide(scores: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> tuple[Tally, Tally]:
    """Return the tallies of the abnormal and of the normal frames."""
    pairs = list(zip(scores, truths, strict=True))
    for video, truth in pairs:
        if video.shape != truth.shape:
            raise ValueError(f"scores of {len(video)} frames, truth of {len(truth)}")
    return tally([video[truth] for video, truth in pairs]), tally([video[~truth] for video, truth in pairs])
