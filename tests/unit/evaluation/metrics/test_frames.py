"""Frame-level metrics: against plain loops, and scikit-learn as published oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from wsstad.evaluation import metrics
from wsstad.evaluation.metrics import frames, tally
from wsstad.structures import predictions

LEVELS = 4


@st.composite
def candidates(draw):
    n_frames = draw(st.integers(1, 12))
    edges = st.tuples(st.integers(0, n_frames), st.integers(0, n_frames)).map(sorted)
    spans = draw(st.lists(edges, min_size=1, max_size=6))
    scores = draw(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.7]), min_size=len(spans), max_size=len(spans)))
    return np.array([(i, *span) for i, span in enumerate(spans)]), np.array(scores, dtype=np.float32), n_frames


@given(candidates())
def test_a_frame_has_the_highest_score_of_what_covers_it(case):
    spans, scores, n_frames = case
    expected = [
        max([0.0, *(float(s) for (_, a, b), s in zip(spans, scores, strict=True) if a <= f < b)])
        for f in range(n_frames)
    ]
    assert predictions.paint(spans, scores, n_frames).tolist() == expected


def a_case(rng, n_videos, n_frames=6):
    """Scores with ties, truths and folds of a few videos; the first half is abnormal."""
    lengths = rng.integers(1, n_frames + 1, n_videos)
    scores = [rng.integers(0, LEVELS, n) / LEVELS for n in lengths]
    truths = [(rng.random(n) < 0.5) & (2 * i < n_videos) for i, n in enumerate(lengths)]
    return scores, truths, rng.integers(0, 2, n_videos)


def naive_auc(scores, truths, folds):
    """Every pair of an abnormal and a normal frame of one fold, one by one; None if there is no pair."""
    listed = [
        (s, t, f)
        for video, truth, f in zip(scores, truths, folds.tolist(), strict=True)
        for s, t in zip(video.tolist(), truth.tolist(), strict=True)
    ]
    high, low = [(s, f) for s, t, f in listed if t], [(s, f) for s, t, f in listed if not t]
    won = [1.0 if s > z else 0.5 if s == z else 0.0 for s, f in high for z, g in low if f == g]
    return sum(won) / len(won) if won else None


def naive_ap(scores, truths, folds):
    """The mean over the abnormal frames of the precision among the frames of their fold that score as much."""
    precisions = []
    for fold in set(folds.tolist()):
        own = [
            (s, t)
            for video, truth, f in zip(scores, truths, folds.tolist(), strict=True)
            for s, t in zip(video.tolist(), truth.tolist(), strict=True)
            if f == fold
        ]
        if len({t for _, t in own}) == 2:
            for s, t in own:
                if t:
                    reached = [u for z, u in own if z >= s]
                    precisions.append(sum(reached) / len(reached))
    return sum(precisions) / len(precisions) if precisions else None


def assert_same(actual, expected):
    if expected is None:
        assert np.isnan(actual)
    else:
        assert abs(actual - expected) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("n_cases", [1, 40])
def test_auc_and_ap_equal_loops_in_ten_thousand_random_cases(n_cases):
    # Forty cases a call, each of them a sample of all videos, for most; and a few one by one.
    rng = np.random.default_rng(n_cases)
    for _ in range(250):
        sizes = rng.integers(1, 5, n_cases)
        cases = [a_case(rng, size) for size in sizes]
        scores, truths = ([row for case in cases for row in case[k]] for k in (0, 1))
        folds, owner = np.concatenate([case[2] for case in cases]), np.repeat(np.arange(n_cases), sizes)
        abnormal = np.concatenate([2 * np.arange(size) < size for size in sizes])
        counts = np.equal.outer(np.arange(n_cases), owner).astype(float)
        pairs = frames.pair_frames(scores, truths, folds)
        aucs, of_abnormal = frames.frame_auc(*pairs, counts), frames.frame_auc(*pairs, counts * abnormal)
        aps = frames.average_precision(scores, truths, folds, counts)
        for case, *values in zip(cases, aucs, of_abnormal, aps, strict=True):
            half = (len(case[0]) + 1) // 2
            assert_same(values[0], naive_auc(*case))
            assert_same(values[1], naive_auc(case[0][:half], case[1][:half], case[2][:half]))
            assert_same(values[2], naive_ap(*case))


@pytest.mark.parametrize("decimals", [1, 2, 17])
def test_one_fold_equals_scikit_learn_with_few_and_many_ties(decimals):
    rng = np.random.default_rng(5)
    for _ in range(15):
        scores = [np.round(rng.random(n), decimals) for n in rng.integers(1, 400, 7)]
        truths = [rng.random(len(of_video)) < 0.3 for of_video in scores]
        folds, counts = np.zeros(7), np.ones((1, 7))
        pooled = np.concatenate(truths), np.concatenate(scores)
        result = frames.frame_auc(*frames.pair_frames(scores, truths, folds), counts)[0]
        assert abs(result - roc_auc_score(*pooled)) < 1e-12
        assert (
            abs(frames.average_precision(scores, truths, folds, counts)[0] - average_precision_score(*pooled)) < 1e-12
        )


def test_folds_are_weighted_by_what_they_compare():
    rng = np.random.default_rng(2)
    scores = [rng.random(n) for n in (30, 50, 70, 20)]
    truths = [rng.random(len(of_video)) < 0.4 for of_video in scores]
    folds = np.array([0, 1, 0, 1])
    parts = []
    for fold in (0, 1):
        own = np.flatnonzero(folds == fold)
        pooled = [np.concatenate([rows[i] for i in own]) for rows in (truths, scores)]
        high, low = pooled[0].sum(), (~pooled[0]).sum()
        parts.append((roc_auc_score(*pooled), high * low, average_precision_score(*pooled), high))
    auc, pairs, ap, high = np.array(parts).T
    result = frames.frame_auc(*frames.pair_frames(scores, truths, folds), np.ones((1, 4)))[0]
    assert result == pytest.approx(np.average(auc, weights=pairs), abs=1e-12)
    assert frames.average_precision(scores, truths, folds, np.ones((1, 4)))[0] == pytest.approx(
        np.average(ap, weights=high), abs=1e-12
    )


def test_models_on_scales_of_their_own_are_not_compared():
    scores = [np.array([0.9, 0.8]), np.array([0.2, 0.1])]
    truths = [np.array([True, False])] * 2
    for folds, auc in ((np.array([0, 1]), 1.0), (np.zeros(2), 0.75)):
        assert frames.frame_auc(*frames.pair_frames(scores, truths, folds), np.ones((1, 2)))[0] == auc


def test_samples_equal_the_metrics_of_the_videos_drawn():
    rng = np.random.default_rng(8)
    for _ in range(20):
        scores, truths, folds = a_case(rng, 8)
        counts = metrics.resample_videos(np.arange(8) < 4, 10, rng)
        right, pairs = frames.pair_frames(scores, truths, folds)
        aucs, aps = frames.frame_auc(right, pairs, counts), frames.average_precision(scores, truths, folds, counts)
        for sample, auc, ap in zip(counts.astype(int), aucs, aps, strict=True):
            drawn = np.repeat(np.arange(8), sample)
            case = [scores[i] for i in drawn], [truths[i] for i in drawn], folds[drawn]
            assert_same(auc, naive_auc(*case))
            assert_same(ap, naive_ap(*case))


def test_many_thresholds_are_counted_block_by_block(monkeypatch):
    rng = np.random.default_rng(4)
    case = [rng.random(100) for _ in range(3)], [rng.random(100) < 0.5 for _ in range(3)], np.zeros(3)
    counts = np.array([[1.0, 1, 1], [2, 0, 1]])
    whole = frames.frame_auc(*frames.pair_frames(*case), counts), frames.average_precision(*case, counts)
    monkeypatch.setattr(tally, "BLOCK", 7)
    assert frames.frame_auc(*frames.pair_frames(*case), counts) == pytest.approx(whole[0], abs=1e-15)
    assert frames.average_precision(*case, counts) == pytest.approx(whole[1], abs=1e-15)


@settings(max_examples=200)
@given(
    st.lists(st.lists(st.sampled_from([-np.inf, 0.0, 0.5, 1.0]), max_size=6), min_size=1, max_size=3),
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0]), min_size=1, unique=True).map(
        lambda values: sorted(values)[::-1]
    ),
    st.integers(0, 3),
)
def test_counts_of_what_reaches_a_threshold(videos, thresholds, times):
    made = tally.tally([np.array(video) for video in videos], [np.full(len(video), times) for video in videos])
    assert made.totals.tolist() == [times * len(video) for video in videos]
    reaching = next(made.reaching(np.array(thresholds)))
    assert reaching.tolist() == [[times * sum(s >= t for s in video) for t in thresholds] for video in videos]
    above = next(made.reaching(np.array(thresholds), above=True))
    assert above.tolist() == [[times * sum(s > t for s in video) for t in thresholds] for video in videos]


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="scores of 3 frames, truth of 2"):
        frames.pair_frames([np.zeros(3)], [np.zeros(2, dtype=bool)], np.zeros(1))
    with pytest.raises(ValueError, match="not a number"):
        frames.pair_frames([np.array([np.nan, 1])], [np.zeros(2, dtype=bool)], np.zeros(1))
