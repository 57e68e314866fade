"""Scorecard: the metrics of several runs of one method on the same test videos, each with its spread and interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsstad import metrics
from wsstad.selections import MEASURES, Run, Test, stack

DECIMALS = 6  # of every number in metrics.json: far beyond what it means, short of what a machine's libm decides


def build(
    runs: Sequence[Run],
    *,
    abnormal: Mapping[Test, bool],
    boxed: Sequence[Test],
    thresholds: Sequence[float],
    draws: int,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Return for each metric its `mean` and `std` over the runs, its `interval`, and its counts.

    Parameters
    ----------
    runs : what each run chose in every test of `abnormal`.
    boxed : the abnormal tests with ground truth; without any, there is VAUC alone.
    thresholds : the eps of IoU@eps.
    draws, seed : of the bootstrap over videos, abnormal and normal ones apart. Runs are averaged first: the interval
        is about other videos, the `std` about other seeds.
    """
    tests = sorted(abnormal)
    rng = np.random.default_rng(seed)
    card = {"VAUC": _vauc(runs, tests, np.array([abnormal[test] for test in tests]), draws, rng)}
    if not boxed:
        return card
    measured = stack(runs, sorted(boxed))
    counts = metrics.resample(len(boxed), draws, rng)
    s_loc = measured[..., MEASURES.index("s_loc")]
    card["MIoU"] = _mean(s_loc, counts)
    for threshold in thresholds:
        hits = metrics.iou_at(s_loc, threshold)
        k = hits.sum(axis=1)
        wilson = metrics.wilson(float(k.mean()), len(boxed))
        card[f"IoU@{threshold:g}"] = {**_mean(hits, counts), "k": k.tolist(), "wilson": [_round(b) for b in wilson]}
    for name, measure in (("temporal", "temporal"), ("keyframe_IoU", "keyframes"), ("best_event_MIoU", "best_event")):
        card[name] = _mean(measured[..., MEASURES.index(measure)], counts)
    return card


def video_rows(
    runs: Sequence[Run], *, labels: Mapping[str, str], boxed: Sequence[Test], each_run: bool
) -> list[dict[str, Any]]:
    """Return a row for every test: mean score, mean S_loc, and what each run chose, where `each_run` asks for it."""
    rows = []
    for test in sorted(runs[0]):
        fold, video = test
        choices = [run[test] for run in runs]
        row: dict[str, Any] = {"fold": fold, "video": video, "label": labels[video]}
        row["score"] = _round(np.mean([choice.score for choice in choices]))
        if test in boxed:
            s_loc = [_round(choice.measures[0]) for choice in choices if choice.measures is not None]
            row["s_loc"] = _round(np.mean(s_loc))
            if each_run:
                row["s_loc_of_runs"] = s_loc
        if each_run:
            row["scores_of_runs"] = [_round(choice.score) for choice in choices]
            row["spans_of_runs"] = [list(choice.span) for choice in choices]
        rows.append(row)
    return rows


def _vauc(
    runs: Sequence[Run], tests: Sequence[Test], abnormal: np.ndarray, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    folds = np.array([fold for fold, _ in tests])
    scores = np.array([[run[test].score for test in tests] for run in runs])
    mean, std = metrics.mean_and_std([metrics.vauc(row, abnormal, folds) for row in scores])
    right, same_fold = metrics.pair_matrix(scores, abnormal, folds)
    counts = [metrics.resample(n, draws, rng) for n in right.shape]
    samples = metrics.resampled_vauc(right, same_fold, *counts)
    return {**_entry(mean, std, samples), "pairs": int(same_fold.sum())}


def _mean(values: np.ndarray, counts: np.ndarray) -> dict[str, Any]:
    """Return the entry of a metric that is the mean of `values` (runs, videos)."""
    mean, std = metrics.mean_and_std(values.mean(axis=1).tolist())
    return {**_entry(mean, std, metrics.resampled_means(values.mean(axis=0), counts)), "n": values.shape[1]}


def _entry(mean: float, std: float | None, samples: np.ndarray) -> dict[str, Any]:
    return {
        "mean": _round(mean),
        "std": None if std is None else _round(std),
        "interval": [_round(bound) for bound in metrics.interval(samples)],
    }


def _round(value: float | np.floating) -> float:
    return round(float(value), DECIMALS)
