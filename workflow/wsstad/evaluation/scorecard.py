"""Scorecard: the metrics of several runs of one method on the same test videos, each with its spread and interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsstad.evaluation import metrics
from wsstad.evaluation.metrics import frames as frame_metrics
from wsstad.evaluation.metrics import regions as region_metrics
from wsstad.evaluation.metrics.regions import Matches
from wsstad.evaluation.selections import MEASURES, Run, stack
from wsstad.structures.predictions import Case

DECIMALS = 6  # of every number in metrics.json: far beyond what it means, short of what a machine's libm decides


def build(
    runs: Sequence[Run],
    *,
    abnormal: Mapping[Case, bool],
    boxed: Sequence[Case],
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
    return card | _localisation(runs, boxed, thresholds, draws, rng)


def by_class(
    runs: Sequence[Run],
    *,
    classes: Mapping[Case, str],
    abnormal: Mapping[Case, bool],
    boxed: Sequence[Case],
    thresholds: Sequence[float],
    draws: int,
    seed: int,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the card of each class of abnormal videos, which `classes` names: its videos against all normal ones.

    `n` of VAUC is the number of the class's videos, `n` of the other metrics that of those with boxes. A class of which
    no video shares a fold with a normal one has no VAUC, one without boxes nothing else. Other arguments as of `build`.
    """
    normal = [test for test, its in abnormal.items() if not its]
    cards = {}
    for name in sorted({classes[test] for test, its in abnormal.items() if its}):
        mine = [test for test, its in abnormal.items() if its and classes[test] == name]
        rng, card = np.random.default_rng(seed), {}
        if {fold for fold, _ in mine} & {fold for fold, _ in normal}:
            tests = sorted(mine + normal)
            card["VAUC"] = _vauc(runs, tests, np.array([abnormal[test] for test in tests]), draws, rng)
            card["VAUC"]["n"] = len(mine)
        cards[name] = card | _localisation(runs, [test for test in boxed if test in mine], thresholds, draws, rng)
    return cards


def by_fold(
    runs: Sequence[Run], *, abnormal: Mapping[Case, bool], boxed: Sequence[Case]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return VAUC and MIoU of each fold, mean and std over the runs; a fold is too small for an interval."""
    folds: dict[str, dict[str, dict[str, Any]]] = {}
    for fold in sorted({fold for fold, _ in abnormal}):
        tests = [test for test in sorted(abnormal) if test[0] == fold]
        mine = [test for test in sorted(boxed) if test[0] == fold]
        flags = np.array([abnormal[test] for test in tests])
        card = folds.setdefault(str(fold), {})
        if flags.any() and not flags.all():
            scores = np.array([[run[test].score for test in tests] for run in runs])
            values = [metrics.vauc(row, flags, np.zeros(len(tests))) for row in scores]
            card["VAUC"] = _spread(values, pairs=int(flags.sum() * (~flags).sum()))
        if mine:
            card["MIoU"] = _spread(stack(runs, mine)[..., MEASURES.index("s_loc")].mean(axis=1).tolist(), n=len(mine))
    return folds


def frames(
    painted: Sequence[Mapping[Case, np.ndarray]],
    truths: Mapping[Case, np.ndarray],
    *,
    abnormal: Mapping[Case, bool],
    draws: int,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Return the entries of the frame-level metrics; see `metrics.frames` for their conventions.

    Parameters
    ----------
    painted : of each run, the scores (n_frames,) of every test's frames, as from `metrics.frames.paint`.
    truths : (n_frames,) bool, the abnormal frames of every test that counts: not of abnormal ones without boxes.
    abnormal, draws, seed : as of `build`. AUC_abn, or all, may be missing where no fold has frames of both kinds.
    """
    tests = sorted(truths)
    folds, is_abnormal = np.array([fold for fold, _ in tests]), np.array([abnormal[test] for test in tests])
    truth = [truths[test] for test in tests]
    scores = [[run[test] for test in tests] for run in painted]
    counts = metrics.resample_videos(is_abnormal, draws, np.random.default_rng(seed))
    # The first sample is the videos themselves.
    counts = np.concatenate([np.ones((1, len(tests))), counts])
    paired = [frame_metrics.pair_frames(run, truth, folds) for run in scores]
    values = {
        "frame_AUC": [frame_metrics.frame_auc(*its, counts) for its in paired],
        "frame_AUC_abn": [frame_metrics.frame_auc(*its, counts * is_abnormal) for its in paired],
        "frame_AP": [frame_metrics.average_precision(run, truth, folds, counts) for run in scores],
    }
    sizes = {"n": sum(len(its) for its in truth), "abnormal": sum(int(its.sum()) for its in truth)}
    return {name: {**entry, **sizes} for name, its in values.items() if (entry := _resampled(np.array(its)))}


def regions(
    matched: Sequence[Mapping[Case, Matches]], *, abnormal: Mapping[Case, bool], draws: int, seed: int
) -> dict[str, dict[str, Any]]:
    """Return the entries of RBDC and TBDC from what `metrics.regions.match` found in every test of each run.

    Leave out abnormal videos without boxes. Other arguments as of `build`.
    """
    tests = sorted(matched[0])
    folds, is_abnormal = np.array([fold for fold, _ in tests]), np.array([abnormal[test] for test in tests])
    counts = metrics.resample_videos(is_abnormal, draws, np.random.default_rng(seed))
    counts = np.concatenate([np.ones((1, len(tests))), counts])
    runs = [[run[test] for test in tests] for run in matched]
    tracks = [track for its in runs[0] for track in its.tracks]
    sizes = {"RBDC": sum(len(track) for track in tracks), "TBDC": len(tracks)}
    values = {
        "RBDC": [region_metrics.rbdc(run, folds, counts) for run in runs],
        "TBDC": [region_metrics.tbdc(run, folds, counts) for run in runs],
    }
    entries = {name: _resampled(np.array(its)) for name, its in values.items()}
    return {name: {**entry, "n": sizes[name]} for name, entry in entries.items() if entry}


def _localisation(
    runs: Sequence[Run], boxed: Sequence[Case], thresholds: Sequence[float], draws: int, rng: np.random.Generator
) -> dict[str, dict[str, Any]]:
    """Return the entries of the metrics over abnormal videos with ground truth, none without any."""
    if not boxed:
        return {}
    card = {}
    measured = stack(runs, sorted(boxed))
    counts = metrics.resample(len(boxed), draws, rng)
    s_loc = measured[..., MEASURES.index("s_loc")]
    card["MIoU"] = _mean(s_loc, counts)
    for threshold in thresholds:
        hits = metrics.iou_at(s_loc, threshold)
        k = hits.sum(axis=1)
        wilson = metrics.wilson(float(k.mean()), len(boxed))
        card[f"IoU@{threshold:g}"] = {**_mean(hits, counts), "k": k.tolist(), "wilson": [rounded(b) for b in wilson]}
    for name, measure in (
        ("temporal", "temporal"),
        ("keyframe_IoU", "keyframes"),
        ("best_event_MIoU", "best_event"),
        ("tube_IoU", "tube_iou"),
    ):
        card[name] = _mean(measured[..., MEASURES.index(measure)], counts)
    return card


def video_rows(
    runs: Sequence[Run], *, labels: Mapping[str, str], boxed: Sequence[Case], each_run: bool
) -> list[dict[str, Any]]:
    """Return a row for every test: mean score, mean S_loc, and what each run chose, where `each_run` asks for it."""
    rows = []
    for test in sorted(runs[0]):
        fold, video = test
        choices = [run[test] for run in runs]
        row: dict[str, Any] = {"fold": fold, "video": video, "label": labels[video]}
        row["score"] = rounded(np.mean([choice.score for choice in choices]))
        if test in boxed:
            s_loc = [rounded(choice.measures[0]) for choice in choices if choice.measures is not None]
            row["s_loc"] = rounded(np.mean(s_loc))
            if each_run:
                row["s_loc_of_runs"] = s_loc
        if each_run:
            row["scores_of_runs"] = [rounded(choice.score) for choice in choices]
            row["spans_of_runs"] = [list(choice.span) for choice in choices]
        rows.append(row)
    return rows


def _vauc(
    runs: Sequence[Run], tests: Sequence[Case], abnormal: np.ndarray, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    folds = np.array([fold for fold, _ in tests])
    scores = np.array([[run[test].score for test in tests] for run in runs])
    mean, std = metrics.mean_and_std([metrics.vauc(row, abnormal, folds) for row in scores])
    right, same_fold = metrics.pair_matrix(scores, abnormal, folds)
    counts = [metrics.resample(n, draws, rng) for n in right.shape]
    samples = metrics.resampled_vauc(right, same_fold, *counts)
    return {**_entry(mean, std, samples), "pairs": int(same_fold.sum())}


def _resampled(samples: np.ndarray) -> dict[str, Any]:
    """Return the entry of a metric from its value and its samples, (runs, 1 + draws); none if it has no value."""
    if np.isnan(samples[:, 0]).any():
        return {}
    return _entry(*metrics.mean_and_std(samples[:, 0].tolist()), samples[:, 1:].mean(axis=0))


def _mean(values: np.ndarray, counts: np.ndarray) -> dict[str, Any]:
    """Return the entry of a metric that is the mean of `values` (runs, videos)."""
    mean, std = metrics.mean_and_std(values.mean(axis=1).tolist())
    return {**_entry(mean, std, metrics.resampled_means(values.mean(axis=0), counts)), "n": values.shape[1]}


def _spread(values: Sequence[float], **counts: int) -> dict[str, Any]:
    mean, std = metrics.mean_and_std(values)
    return {"mean": rounded(mean), "std": None if std is None else rounded(std), **counts}


def _entry(mean: float, std: float | None, samples: np.ndarray) -> dict[str, Any]:
    return {
        "mean": rounded(mean),
        "std": None if std is None else rounded(std),
        "interval": [rounded(bound) for bound in metrics.interval(samples)],
    }


def rounded(value: float | np.floating) -> float:
    """Return a number as metrics.json has it."""
    return round(float(value), DECIMALS)
