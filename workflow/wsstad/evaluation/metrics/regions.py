"""RBDC and TBDC: the region- and track-based detection criteria of Ramachandra & Jones (WACV 2020).

A region is the box of one candidate in one frame, with the candidate's score; a track is one event of the ground truth,
whose boxes are its regions. At a threshold t, of the predicted regions with a score >= t:

- a ground-truth region is found if the IoU with one of them, in its frame, is at least `MIN_IOU`;
- a track is detected if at least `MIN_SHARE` of its regions are found;
- one that meets no region of the ground truth at all, found or not, is a false positive. A second one on a region that
  is found already is neither a hit nor false.

RBDC is the area under the share of regions found, TBDC that under the share of tracks detected, over the number of
false positives per frame, from 0 to 1. Frames are all those of the test videos, normal ones included.

Ties: regions of one score come in together, as one point of the curve, whatever their order; points are joined by
straight lines, also across 1, as in a ROC curve. A curve that ends before 1 goes on flat. Where no two scores are equal
this is the published area. Folds, scored by different models, have a curve each: RBDC is the mean of their areas
weighted by their regions, TBDC by their tracks; folds without any are left out. Abnormal videos without boxes say
nothing about regions: leave them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.evaluation.metrics.tally import Tally, average_folds, fold_members, tally
from wsstad.structures import boxes as box
from wsstad.structures.tubes import Tube

MIN_IOU = 0.1  # beta of the paper
MIN_SHARE = 0.1  # alpha


@dataclass(frozen=True)
class Matches:
    """What the predicted regions of one video of `n_frames` frames meet.

    `tracks` has for each event (n,) the highest score of a region that finds each of its n regions, -inf if none does;
    `false` (s,) says how many regions of each candidate meet nothing, whose `scores` (s,) are those of the candidates.
    """

    tracks: tuple[np.ndarray, ...]
    scores: np.ndarray
    false: np.ndarray
    n_frames: int


def match(
    tubes: Sequence[Tube],
    scores: np.ndarray,
    events: Sequence[FrameBoxes],
    n_frames: int,
    *,
    min_iou: float = MIN_IOU,
) -> Matches:
    """Return what the regions of candidates `tubes`, with `scores` (s,), meet of the `events` of a video."""
    scores, owner = (
        np.asarray(scores, dtype=np.float64),
        np.repeat(np.arange(len(tubes)), [len(t.boxes) for t in tubes]),
    )
    meets, tracks = np.zeros(len(owner), dtype=bool), []
    if events and tubes:
        frames = np.concatenate([np.arange(tube.start, tube.stop) for tube in tubes])
        regions = np.concatenate([tube.boxes for tube in tubes])
    for event in events:
        best = np.full(n_frames, -np.inf)
        if tubes:
            near = np.flatnonzero(event.present[frames])
            met = near[box.paired_iou(regions[near], event.boxes[frames[near]]) >= min_iou]
            np.maximum.at(best, frames[met], scores[owner[met]])
            meets[met] = True
        if event.present.any():
            tracks.append(best[event.present])
    false = np.bincount(owner[~meets], minlength=len(tubes))
    return Matches(tuple(tracks), scores, false, n_frames)


def rbdc(matches: Sequence[Matches], folds: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return RBDC in each sample of `counts` (samples, v) of the videos, (samples,); NaN where a sample has no region.

    Counts of one give RBDC itself; `folds` (v,) are those of the videos.
    """
    scores = [np.concatenate([np.zeros(0), *video.tracks]) for video in matches]
    return _areas(scores, matches, folds, counts)


def tbdc(
    matches: Sequence[Matches], folds: np.ndarray, counts: np.ndarray, *, min_share: float = MIN_SHARE
) -> np.ndarray:
    """Return TBDC in each sample of `counts` (samples, v), (samples,); NaN where a sample has no track."""
    scores = [np.array([track_score(track, min_share) for track in video.tracks]) for video in matches]
    return _areas(scores, matches, folds, counts)


def track_score(scores: np.ndarray, min_share: float = MIN_SHARE) -> float:
    """Return the highest threshold at which at least `min_share` of the regions of a track (n,) are found.

    >>> track_score(np.array([0.1, 0.9, -np.inf, 0.5]), min_share=0.5)
    0.5
    """
    n = len(scores)
    needed = next(k for k in range(max(1, int(min_share * n)), n + 1) if k / n >= min_share)
    return float(np.sort(scores)[n - needed])


def _areas(
    scores: Sequence[np.ndarray], matches: Sequence[Matches], folds: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    areas, weights = [], []
    for members in fold_members(folds):
        hits = tally([scores[i] for i in members])
        false = tally([matches[i].scores for i in members], [matches[i].false for i in members])
        most = np.stack([hits.totals, [matches[i].n_frames for i in members]], axis=1)
        areas.append(_area(hits, false, counts[:, members], counts[:, members] @ most))
        weights.append(counts[:, members] @ hits.totals)
    return average_folds(areas, weights)


def _area(hits: Tally, false: Tally, counts: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Return the area of one fold's curve in each sample, (samples,), 0 for one without anything to find.

    `most` (samples, 2) says how many hits there can be, and frames.
    """
    n_hits, n_frames = np.maximum(most, 1).T[..., None]  # a fold may have no video in a sample
    area, rate, rate_false = (np.zeros((len(counts), 1)) for _ in range(3))
    thresholds = hits.thresholds
    for met, reached, above in zip(
        hits.reaching(thresholds), false.reaching(thresholds), false.reaching(thresholds, above=True), strict=True
    ):
        heights, starts, ends = counts @ met / n_hits, counts @ above / n_frames, counts @ reached / n_frames
        heights_before = np.concatenate([rate, heights[:, :-1]], axis=1)
        ends_before = np.concatenate([rate_false, ends[:, :-1]], axis=1)
        area += _strip(ends_before, starts, heights_before, heights_before)
        area += _strip(starts, ends, heights_before, heights)
        rate, rate_false = heights[:, -1:], ends[:, -1:]
    return (area + (1 - np.minimum(rate_false, 1)) * rate)[:, 0]


def _strip(left: np.ndarray, right: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the areas under lines from (left, low) to (right, high), cut at 1, (samples, k) each, summed over k."""
    width = np.minimum(right, 1) - np.minimum(left, 1)
    share = np.divide(width, right - left, out=np.zeros_like(width), where=right > left)
    return (width * (low + (high - low) * share / 2)).sum(axis=1, keepdims=True)
