"""The numbers behind curves: pure functions of what `evaluate` noted of each video."""

from collections.abc import Sequence

import numpy as np

from wsstad.evaluation.results import VideoResult


def roc(rows: Sequence[VideoResult]) -> np.ndarray:
    """Return the ROC curve (k, 2), false and true positive rate, whose area is VAUC as the tables have it.

    VAUC compares only videos of one fold and one run, so the curve is the mean of theirs at each false positive rate,
    weighted by their pairs of an abnormal and a normal video.
    """
    parts = []
    for fold in sorted({row.fold for row in rows}):
        tests = [row for row in rows if row.fold == fold]
        abnormal = np.array([row.label == "abnormal" for row in tests])
        pairs = int(abnormal.sum() * (~abnormal).sum())
        scores = np.array([row.scores_of_runs or (row.score,) for row in tests])
        parts += [(pairs, *_steps(run, abnormal)) for run in scores.T if pairs]
    if not parts:
        return np.zeros((0, 2))
    at = np.unique(np.concatenate([false for _, false, _ in parts]))
    total = sum(pairs for pairs, _, _ in parts)
    limits = sum(pairs / total * _limits(false, true, at) for pairs, false, true in parts)
    return np.stack([np.repeat(at, 2), np.asarray(limits).ravel()], axis=1)


def area(curve: np.ndarray) -> float:
    """Return the area under a curve (k, 2)."""
    return float(np.trapezoid(curve[:, 1], curve[:, 0]))


def success(rows: Sequence[VideoResult], eps: np.ndarray) -> np.ndarray:
    """Return IoU@eps, the share of the videos with boxes whose S_loc is above each of `eps`: the mean of the runs."""
    s_loc = s_locs(rows)
    return (s_loc[:, :, None] > eps).mean(axis=(0, 1)) if s_loc.size else np.zeros(0)


def s_locs(rows: Sequence[VideoResult]) -> np.ndarray:
    """Return S_loc (videos, runs) of the videos with boxes, where each run is noted."""
    measured = [row.s_loc_of_runs for row in rows if row.s_loc_of_runs]
    return np.array(measured) if measured else np.zeros((0, 0))


def _steps(scores: np.ndarray, abnormal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false and true positive rate at every threshold, from none to all."""
    thresholds = np.unique(scores)[::-1]
    above = scores[:, None] >= thresholds
    rates = [np.concatenate([[0.0], above[kind].mean(axis=0)]) for kind in (~abnormal, abnormal)]
    return rates[0], rates[1]


def _limits(false: np.ndarray, true: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the curve just before and just after each of `at`, (k, 2): it may rise there straight up."""
    first, last = np.searchsorted(false, at, side="left"), np.searchsorted(false, at, side="right") - 1
    # Between two points of the curve it is a straight line from the one before to the one after.
    span = false[first] - false[last]
    share = np.divide(at - false[last], span, out=np.zeros(len(at)), where=span > 0)
    between = true[last] + share * (true[first] - true[last])
    before, after = np.where(span > 0, between, true[first]), np.where(span > 0, between, true[last])
    return np.stack([before, after], axis=1)
