"""Chance: what a choice at random among a video's candidates reaches, in closed form, so that no draw has to be tested.

Every candidate of a video is equally likely, whatever is chosen in others. So a mean over n videos has the mean of
their means over the candidates, and the sum of their variances / n^2; IoU@eps is such a mean of P(S_loc > eps). The
score of a video is a number at random: VAUC is 1/2, and that of m abnormal and n normal videos of a fold has the
variance (m + n + 1) / 12 m n (Mann & Whitney, Annals of Mathematical Statistics 1947).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from wsstad.evaluation import metrics, selections
from wsstad.evaluation.cases import Cases
from wsstad.evaluation.entries import Card, Entry, Spread
from wsstad.evaluation.groundtruth import GroundTruth
from wsstad.evaluation.results import VideoResult
from wsstad.evaluation.scorecard import rounded
from wsstad.evaluation.selections import METRIC_OF
from wsstad.structures.predictions import Case, VideoPrediction

SCORE = 0.5  # the mean of a score at random

Tables = dict[Case, np.ndarray]  # of every test with boxes the measures (s, 5) of its candidates


def measure(predictions: Mapping[Case, VideoPrediction], truths: Mapping[str, GroundTruth], gamma: str) -> Tables:
    """Return the measures of all candidates of every video with ground truth."""
    return {
        test: selections.measure_all(prediction, truths[test[1]], gamma)
        for test, prediction in predictions.items()
        if test[1] in truths
    }


def build(tables: Tables, cases: Cases, *, thresholds: Sequence[float]) -> Card:
    """Return the expectation of each metric, and its standard deviation over the choices; no interval over videos.

    Raises `UserError` when no fold has both normal and abnormal videos.
    """
    return {"VAUC": _vauc(sorted(cases.abnormal), cases)} | _localisation(tables, cases.boxed, thresholds)


def by_class(
    tables: Tables, cases: Cases, *, classes: Mapping[Case, str], thresholds: Sequence[float]
) -> dict[str, Card]:
    """Return the card of each class of abnormal videos: its videos against all normal ones, as `scorecard.by_class`."""
    cards = {}
    for name, (members, boxed) in cases.of_classes(classes).items():
        card = {}
        if {fold for fold, _ in members} & {fold for fold, _ in cases.normal}:
            card["VAUC"] = replace(_vauc([*members, *cases.normal], cases), n=len(members))
        cards[name] = card | _localisation(tables, boxed, thresholds)
    return cards


def by_fold(tables: Tables, cases: Cases) -> dict[str, dict[str, Spread]]:
    """Return VAUC and MIoU of each fold."""
    cards: dict[str, dict[str, Spread]] = {}
    for fold, (tests, boxed) in cases.of_folds().items():
        card = cards.setdefault(fold, {})
        if len({cases.abnormal[test] for test in tests}) == 2:
            card["VAUC"] = _vauc(tests, cases)
        if boxed:
            card["MIoU"] = _mean([tables[test][:, 0] for test in boxed])
    return cards


def video_rows(tables: Tables, cases: Cases, labels: Mapping[str, str]) -> tuple[VideoResult, ...]:
    """Return a row for every test: the expectation of its S_loc."""
    rows = []
    for test in sorted(cases.abnormal):
        s_loc = rounded(tables[test][:, 0].mean()) if test in tables else None
        rows.append(VideoResult(fold=test[0], video=test[1], label=labels[test[1]], score=SCORE, s_loc=s_loc))
    return tuple(rows)


def in_groups(cases: Cases, *, groups: Mapping[str, str]) -> Card:
    """Return the expectation of the mean VAUC inside the groups, and its standard deviation, as of `scorecard`."""
    labels: dict[tuple[int, str], list[bool]] = {}
    for (fold, video), abnormal in cases.abnormal.items():
        if video in groups:
            labels.setdefault((fold, groups[video]), []).append(abnormal)
    variances = [_variance(sum(flags), len(flags) - sum(flags)) for flags in labels.values() if len(set(flags)) == 2]
    if not variances:
        return {}
    std = rounded(np.sqrt(sum(variances)) / len(variances))
    return {"VAUC_in_group": Entry(mean=SCORE, std=std, n=len(variances))}


def _localisation(tables: Tables, boxed: Sequence[Case], thresholds: Sequence[float]) -> Card:
    if not boxed:
        return {}
    own = [tables[test] for test in boxed]
    card = {metric: _mean([table[:, i] for table in own]) for i, metric in enumerate(METRIC_OF.values())}
    shares = {f"IoU@{eps:g}": _mean([metrics.iou_at(table[:, 0], eps) for table in own]) for eps in thresholds}
    return {"MIoU": card["MIoU"], **shares, **card}


def _mean(values: Sequence[np.ndarray]) -> Entry:
    """Return the entry of a metric that is the mean over videos; `values` (s,) are those of a video's candidates."""
    mean, variance = (np.array([getattr(of_video, moment)() for of_video in values]) for moment in ("mean", "var"))
    return Entry(mean=rounded(mean.mean()), std=rounded(np.sqrt(variance.sum()) / len(values)), n=len(values))


def _vauc(tests: Sequence[Case], cases: Cases) -> Entry:
    abnormal, folds = cases.flags(tests), np.array([fold for fold, _ in tests])
    variances, pairs = [], []
    for fold in np.unique(folds):
        m, n = (int(np.count_nonzero(kind & (folds == fold))) for kind in (abnormal, ~abnormal))
        if m and n:
            pairs.append(m * n)
            variances.append(_variance(m, n))
    mean = metrics.vauc(np.full(len(tests), SCORE), abnormal, folds)  # raises where there is no pair
    std = np.sqrt(np.square(pairs) @ np.array(variances)) / sum(pairs)
    return Entry(mean=mean, std=rounded(std), pairs=sum(pairs))


def _variance(m: int, n: int) -> float:
    """Return the variance of the VAUC of m abnormal and n normal videos whose scores are numbers at random."""
    return (m + n + 1) / (12 * m * n)
