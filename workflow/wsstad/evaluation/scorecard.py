"""Scorecard: the metrics of several runs of one method on the same test videos, each with its spread and interval."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from wsstad.evaluation import metrics
from wsstad.evaluation.cases import Cases
from wsstad.evaluation.entries import Card, Entry, Spread
from wsstad.evaluation.metrics import Resampling
from wsstad.evaluation.metrics import frames as frame_metrics
from wsstad.evaluation.metrics import regions as region_metrics
from wsstad.evaluation.metrics.regions import Matches
from wsstad.evaluation.results import VideoResult
from wsstad.evaluation.selections import MEASURES, METRIC_OF, Run, stack
from wsstad.structures.predictions import Case

DECIMALS = 6  # of every number in metrics.json: far beyond what it means, short of what a machine's libm decides


def build(runs: Sequence[Run], cases: Cases, *, thresholds: Sequence[float], resampling: Resampling) -> Card:
    """Return for each metric its mean and std over the runs, its interval, and its counts.

    Parameters
    ----------
    runs : what each run chose in every test of `cases`; without any with boxes, there is VAUC alone.
    thresholds : the eps of IoU@eps.
    resampling : of the videos, abnormal and normal ones apart. Runs are averaged first: the interval is about other
        videos, the std about other seeds.
    """
    rng = resampling.generator()
    card = {"VAUC": _vauc(runs, sorted(cases.abnormal), cases, resampling, rng)}
    return card | _localisation(runs, cases.boxed, thresholds, resampling, rng)


def by_class(
    runs: Sequence[Run],
    cases: Cases,
    *,
    classes: Mapping[Case, str],
    thresholds: Sequence[float],
    resampling: Resampling,
) -> dict[str, Card]:
    """Return the card of each class of abnormal videos, which `classes` names: its videos against all normal ones.

    `n` of VAUC is the number of the class's videos, `n` of the other metrics that of those with boxes. A class of which
    no video shares a fold with a normal one has no VAUC, one without boxes nothing else. Other arguments as of `build`.
    """
    cards = {}
    for name, (members, boxed) in cases.of_classes(classes).items():
        rng, card = resampling.generator(), {}
        if {fold for fold, _ in members} & {fold for fold, _ in cases.normal}:
            vauc = _vauc(runs, sorted([*members, *cases.normal]), cases, resampling, rng)
            card["VAUC"] = replace(vauc, n=len(members))
        cards[name] = card | _localisation(runs, boxed, thresholds, resampling, rng)
    return cards


def in_groups(runs: Sequence[Run], cases: Cases, *, groups: Mapping[str, str], resampling: Resampling) -> Card:
    """Return the mean VAUC inside the groups of videos that have both labels in one fold; nothing without any.

    `groups` has the group of each video that has one. `n` is the number of groups, and the interval is over other
    groups.
    """
    tests = sorted(test for test in cases.abnormal if test[1] in groups)
    names = np.array([f"{fold} {groups[video]}" for fold, video in tests])
    scores = np.array([[run[test].score for test in tests] for run in runs])
    values = metrics.vauc_inside(scores, cases.flags(tests), names)
    if not values.shape[1]:
        return {}
    return {
        "VAUC_in_group": _mean(values, metrics.resample(values.shape[1], resampling.resamples, resampling.generator()))
    }


def by_fold(runs: Sequence[Run], cases: Cases) -> dict[str, dict[str, Spread]]:
    """Return VAUC and MIoU of each fold, mean and std over the runs; a fold is too small for an interval."""
    folds: dict[str, dict[str, Spread]] = {}
    for fold, (tests, boxed) in cases.of_folds().items():
        abnormal = cases.flags(tests)
        card = folds.setdefault(fold, {})
        if abnormal.any() and not abnormal.all():
            scores = np.array([[run[test].score for test in tests] for run in runs])
            values = [metrics.vauc(row, abnormal, np.zeros(len(tests))) for row in scores]
            card["VAUC"] = _spread(values, pairs=int(abnormal.sum() * (~abnormal).sum()))
        if boxed:
            s_loc = stack(runs, boxed)[..., MEASURES.index("s_loc")]
            card["MIoU"] = _spread(s_loc.mean(axis=1).tolist(), n=len(boxed))
    return folds


def frames(
    painted: Sequence[Mapping[Case, np.ndarray]],
    truths: Mapping[Case, np.ndarray],
    *,
    abnormal: Mapping[Case, bool],
    resampling: Resampling,
) -> Card:
    """Return the entries of the frame-level metrics; see `metrics.frames` for their conventions.

    Parameters
    ----------
    painted : of each run, the scores (n_frames,) of every test's frames, as from `structures.predictions.paint`.
    truths : (n_frames,) bool, the abnormal frames of every test that counts: not of abnormal ones without boxes.
    abnormal : whether each test is of an abnormal video. AUC_abn, or all, may be missing where no fold has frames of
        both kinds.
    """
    tests = sorted(truths)
    folds, is_abnormal = np.array([fold for fold, _ in tests]), np.array([abnormal[test] for test in tests])
    truth = [truths[test] for test in tests]
    scores = [[run[test] for test in tests] for run in painted]
    counts = _with_all_once(metrics.resample_videos(is_abnormal, resampling.resamples, resampling.generator()))
    paired = [frame_metrics.pair_frames(run, truth, folds) for run in scores]
    samples = {
        "frame_AUC": [frame_metrics.frame_auc(*pairs, counts) for pairs in paired],
        "frame_AUC_abn": [frame_metrics.frame_auc(*pairs, counts * is_abnormal) for pairs in paired],
        "frame_AP": [frame_metrics.average_precision(run, truth, folds, counts) for run in scores],
    }
    n, n_abnormal = sum(map(len, truth)), sum(int(flags.sum()) for flags in truth)
    entries = {name: _resampled(np.array(runs)) for name, runs in samples.items()}
    return {name: replace(entry, n=n, abnormal=n_abnormal) for name, entry in entries.items() if entry}


def regions(
    matched: Sequence[Mapping[Case, Matches]], *, abnormal: Mapping[Case, bool], resampling: Resampling
) -> Card:
    """Return the entries of RBDC and TBDC from what `metrics.regions.match` found in every test of each run.

    Leave out abnormal videos without boxes. Other arguments as of `frames`.
    """
    tests = sorted(matched[0])
    folds, is_abnormal = np.array([fold for fold, _ in tests]), np.array([abnormal[test] for test in tests])
    counts = _with_all_once(metrics.resample_videos(is_abnormal, resampling.resamples, resampling.generator()))
    runs = [[run[test] for test in tests] for run in matched]
    tracks = [track for matches in runs[0] for track in matches.tracks]
    sizes = {"RBDC": sum(map(len, tracks)), "TBDC": len(tracks)}
    samples = {
        "RBDC": [region_metrics.rbdc(run, folds, counts) for run in runs],
        "TBDC": [region_metrics.tbdc(run, folds, counts) for run in runs],
    }
    entries = {name: _resampled(np.array(rows)) for name, rows in samples.items()}
    return {name: replace(entry, n=sizes[name]) for name, entry in entries.items() if entry}


def video_rows(runs: Sequence[Run], cases: Cases, labels: Mapping[str, str]) -> tuple[VideoResult, ...]:
    """Return a row for every test that was evaluated: mean score, mean S_loc, and what each run chose."""
    rows = []
    for test in sorted(cases.abnormal):
        choices = [run[test] for run in runs]
        measured = [choice.measures[0] for choice in choices if choice.measures is not None and test in cases.boxed]
        s_loc = tuple(rounded(value) for value in measured)
        row = VideoResult(
            fold=test[0],
            video=test[1],
            label=labels[test[1]],
            score=rounded(np.mean([choice.score for choice in choices])),
            s_loc=rounded(np.mean(s_loc)) if s_loc else None,
            s_loc_of_runs=s_loc,
            scores_of_runs=tuple(rounded(choice.score) for choice in choices),
            spans_of_runs=tuple(choice.span for choice in choices),
        )
        rows.append(row)
    return tuple(rows)


def rounded(value: float | np.floating) -> float:
    """Return a number as metrics.json has it."""
    return round(float(value), DECIMALS)


def rounded_pair(bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the bounds of an interval as metrics.json has them."""
    return rounded(bounds[0]), rounded(bounds[1])


def _localisation(
    runs: Sequence[Run],
    boxed: Sequence[Case],
    thresholds: Sequence[float],
    resampling: Resampling,
    rng: np.random.Generator,
) -> Card:
    """Return the entries of the metrics over abnormal videos with ground truth, none without any."""
    if not boxed:
        return {}
    measured = stack(runs, sorted(boxed))
    counts = metrics.resample(len(boxed), resampling.resamples, rng)
    s_loc = measured[..., MEASURES.index("s_loc")]
    card = {"MIoU": _mean(s_loc, counts)}
    for threshold in thresholds:
        hits = metrics.iou_at(s_loc, threshold)
        k = hits.sum(axis=1)
        wilson = rounded_pair(metrics.wilson(float(k.mean()), len(boxed)))
        card[f"IoU@{threshold:g}"] = replace(_mean(hits, counts), k=tuple(k.tolist()), wilson=wilson)
    card |= {name: _mean(measured[..., i], counts) for i, name in enumerate(METRIC_OF.values()) if name != "MIoU"}
    return card


def _vauc(
    runs: Sequence[Run], tests: Sequence[Case], cases: Cases, resampling: Resampling, rng: np.random.Generator
) -> Entry:
    abnormal, folds = cases.flags(tests), np.array([fold for fold, _ in tests])
    scores = np.array([[run[test].score for test in tests] for run in runs])
    mean, std = metrics.mean_and_std([metrics.vauc(row, abnormal, folds) for row in scores])
    right, same_fold = metrics.pair_matrix(scores, abnormal, folds)
    counts = [metrics.resample(n, resampling.resamples, rng) for n in right.shape]
    samples = metrics.resampled_vauc(right, same_fold, *counts)
    entry = replace(_entry(mean, std, samples), pairs=int(same_fold.sum()))
    if mean not in (0, 1):
        return entry
    # No resampling moves it; the interval is that of a share of so many pairs as share no video, which are independent.
    apart = sum(min(np.sum(abnormal & (folds == fold)), np.sum(~abnormal & (folds == fold))) for fold in set(folds))
    return replace(entry, wilson=rounded_pair(metrics.wilson(mean * apart, int(apart))))


def _with_all_once(counts: np.ndarray) -> np.ndarray:
    """Return resamples of videos, (resamples, v), after a first one that is the videos themselves."""
    return np.concatenate([np.ones((1, counts.shape[1])), counts])


def _resampled(samples: np.ndarray) -> Entry | None:
    """Return the entry of a metric from its value and its samples, (runs, 1 + resamples); none if it has no value."""
    if np.isnan(samples[:, 0]).any():
        return None
    return _entry(*metrics.mean_and_std(samples[:, 0].tolist()), samples[:, 1:].mean(axis=0))


def _mean(values: np.ndarray, counts: np.ndarray) -> Entry:
    """Return the entry of a metric that is the mean of `values` (runs, videos)."""
    mean, std = metrics.mean_and_std(values.mean(axis=1).tolist())
    return replace(_entry(mean, std, metrics.resampled_means(values.mean(axis=0), counts)), n=values.shape[1])


def _spread(values: Sequence[float], *, n: int | None = None, pairs: int | None = None) -> Spread:
    mean, std = metrics.mean_and_std(values)
    return Spread(mean=rounded(mean), std=None if std is None else rounded(std), n=n, pairs=pairs)


def _entry(mean: float, std: float | None, samples: np.ndarray) -> Entry:
    interval = rounded_pair(metrics.interval(samples))
    return Entry(mean=rounded(mean), std=None if std is None else rounded(std), interval=interval)
