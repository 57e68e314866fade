"""Metrics: how well what a method says meets the truth, and how sure one may be of it. Pure functions of arrays.

`localisation` (S_loc of Eq. 10, IoU@eps, tube IoU) and `video_auc` (VAUC) are the paper's, section 5.1; `frames` (frame
AUC and AP) and `regions` (RBDC, TBDC) are what readers of neighbouring benchmarks look for; `resampling` and
`significance` say how far to trust them, `power` what so many videos can show at all. A metric is a number in [0, 1].
"""

from wsstad.evaluation.metrics.localisation import GAMMAS, Overlap, iou_at, overlap, s_loc, tube_iou
from wsstad.evaluation.metrics.resampling import (
    COVERAGE,
    NORMAL_QUANTILE,
    Resampling,
    interval,
    mean_and_std,
    resample,
    resample_videos,
    resampled_means,
    wilson,
)
from wsstad.evaluation.metrics.video_auc import pair_matrix, resampled_vauc, vauc, vauc_inside, win_rates

__all__ = [
    "COVERAGE",
    "GAMMAS",
    "NORMAL_QUANTILE",
    "Overlap",
    "Resampling",
    "interval",
    "iou_at",
    "mean_and_std",
    "overlap",
    "pair_matrix",
    "resample",
    "resample_videos",
    "resampled_means",
    "resampled_vauc",
    "s_loc",
    "tube_iou",
    "vauc",
    "vauc_inside",
    "wilson",
    "win_rates",
]
