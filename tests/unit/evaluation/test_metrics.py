import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from wsstad.errors import UserError
from wsstad.evaluation import groundtruth, metrics
from wsstad.evaluation.annotations import liu_ma
from wsstad.evaluation.annotations.parameters import LiuMaParameters
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.structures import boxes
from wsstad.structures.tubes import Tube, whole_frame

N = 12


@st.composite
def box_lists(draw, n):
    corners = draw(st.lists(st.tuples(*[st.integers(0, 9)] * 2, *[st.integers(1, 9)] * 2), min_size=n, max_size=n))
    return np.array([(x, y, x + w, y + h) for x, y, w, h in corners], dtype=np.float64).reshape(-1, 4)


@st.composite
def tubes(draw):
    start = draw(st.integers(0, N - 1))
    return Tube(start, draw(box_lists(draw(st.integers(1, N - start)))))


@st.composite
def truths(draw):
    present = np.array(draw(st.lists(st.booleans(), min_size=N, max_size=N)))
    return FrameBoxes(np.where(present[:, None], draw(box_lists(N)), 0.0), present)


flags = st.lists(st.booleans(), min_size=N, max_size=N).map(np.array)


def naive_iou(a, b):
    """Intersection over union of two integer boxes by counting unit squares."""
    first = {(x, y) for x in range(int(a[0]), int(a[2])) for y in range(int(a[1]), int(a[3]))}
    second = {(x, y) for x in range(int(b[0]), int(b[2])) for y in range(int(b[1]), int(b[3]))}
    return len(first & second) / len(first | second)


def naive_overlap(truth, tube, detected, gamma):
    """Eq. 10 word by word, with sets of frames."""
    g = {int(f): truth.boxes[f] for f in np.flatnonzero(truth.present)}
    p = {tube.start + i: row for i, row in enumerate(tube.boxes)}
    d = set(np.flatnonzero(detected).tolist())
    frames = {"detected": d & (g.keys() | p.keys()), "union": g.keys() | p.keys(), "gt_only": set(g)}[gamma]
    if not frames:
        return 0.0, 0.0
    both = [f for f in frames if f in g and f in p]
    return sum(naive_iou(g[f], p[f]) for f in both) / len(frames), len(both) / len(frames)


def as_truth(tube):
    present = np.zeros(N, dtype=bool)
    present[tube.start : tube.stop] = True
    values = np.zeros((N, 4))
    values[present] = tube.boxes
    return FrameBoxes(values, present)


@settings(max_examples=500, deadline=None)
@given(truths(), tubes(), flags, st.sampled_from(metrics.GAMMAS))
def test_s_loc_equals_sets_of_frames_and_squares(truth, tube, detected, gamma):
    result = metrics.overlap(truth, tube, detected=detected, gamma=gamma)
    assert (result.score, result.temporal) == pytest.approx(naive_overlap(truth, tube, detected, gamma), abs=1e-12)
    assert result.score == metrics.s_loc(truth, tube, detected=detected, gamma=gamma)
    assert 0 <= result.score <= result.temporal <= 1


def test_s_loc_equals_loops_in_ten_thousand_random_cases():
    rng = np.random.default_rng(7)
    everything = np.ones(N, dtype=bool)
    for _ in range(10_000):
        low = rng.integers(0, 6, (2, N, 2))
        values = np.concatenate([low, low + rng.integers(1, 6, (2, N, 2))], axis=-1).astype(float)
        start, stop = sorted(rng.choice(N + 1, 2, replace=False).tolist())
        truth = FrameBoxes(values[0], rng.random(N) < rng.random())
        detected, gamma = rng.random(N) < 0.7, metrics.GAMMAS[rng.integers(3)]
        tube = Tube(start, values[1, start:stop])
        score, counted = 0.0, 0
        for f in range(N):
            g, p = truth.present[f], start <= f < stop
            if {"detected": detected[f] and (g or p), "union": g or p, "gt_only": g}[gamma]:
                counted += 1
                score += boxes.iou(values[0, f : f + 1], values[1, f : f + 1])[0, 0] if g and p else 0.0
        expected = score / counted if counted else 0.0
        assert abs(metrics.s_loc(truth, tube, detected=detected, gamma=gamma) - expected) < 1e-12
        if gamma == "union":
            same = metrics.s_loc(truth, tube, detected=everything, gamma="detected")
            assert abs(same - expected) < 1e-12


def gappy(tube, kept):
    """A tube with some of its frames alone, as boxes by frame."""
    whole = as_truth(tube)
    return FrameBoxes(whole.boxes, whole.present & kept)


@settings(max_examples=200, deadline=None)
@given(truths(), tubes(), flags, flags, st.sampled_from(metrics.GAMMAS))
def test_s_loc_of_a_tube_with_gaps_is_that_without_the_gaps_frames(truth, tube, kept, detected, gamma):
    predicted = gappy(tube, kept)
    g = {int(f): truth.boxes[f] for f in np.flatnonzero(truth.present)}
    p = {int(f): predicted.boxes[f] for f in np.flatnonzero(predicted.present)}
    d = set(np.flatnonzero(detected).tolist())
    frames = {"detected": d & (g.keys() | p.keys()), "union": g.keys() | p.keys(), "gt_only": set(g)}[gamma]
    total = sum(naive_iou(g[f], p[f]) for f in frames if f in g and f in p)
    result = metrics.s_loc(truth, predicted, detected=detected, gamma=gamma)
    assert result == pytest.approx(total / len(frames) if frames else 0, abs=1e-12)
    whole = metrics.overlap(truth, tube, detected=detected, gamma=gamma)
    assert metrics.overlap(truth, as_truth(tube), detected=detected, gamma=gamma) == whole


def unit_cubes(boxes, present):
    return {
        (f, x, y)
        for f in np.flatnonzero(present).tolist()
        for x in range(int(boxes[f][0]), int(boxes[f][2]))
        for y in range(int(boxes[f][1]), int(boxes[f][3]))
    }


@settings(max_examples=200, deadline=None)
@given(truths(), tubes(), flags)
def test_tube_iou_equals_counting_unit_cubes(truth, tube, kept):
    for predicted in (tube, gappy(tube, kept)):
        other = as_truth(predicted) if isinstance(predicted, Tube) else predicted
        first, second = unit_cubes(truth.boxes, truth.present), unit_cubes(other.boxes, other.present)
        expected = len(first & second) / len(first | second) if first | second else 0
        assert metrics.tube_iou(truth, predicted) == pytest.approx(expected, abs=1e-12)


def test_tube_iou_weighs_frames_by_their_boxes_where_s_loc_does_not():
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 1, 1]])
    truth = FrameBoxes(boxes, np.ones(2, dtype=bool))
    predicted = Tube(0, boxes[:1])
    assert metrics.tube_iou(truth, predicted) == pytest.approx(100 / 101)
    assert metrics.s_loc(truth, predicted, detected=np.ones(2, dtype=bool)) == 0.5


@given(tubes(), st.sampled_from(metrics.GAMMAS))
def test_identical_tubes_score_one(tube, gamma):
    everything = np.ones(N, dtype=bool)
    assert metrics.s_loc(as_truth(tube), tube, detected=everything, gamma=gamma) == 1


@given(tubes(), tubes())
def test_union_is_symmetric(first, second):
    options = {"detected": np.ones(N, dtype=bool), "gamma": "union"}
    forth = metrics.s_loc(as_truth(first), second, **options)
    assert forth == pytest.approx(metrics.s_loc(as_truth(second), first, **options), abs=1e-12)


@pytest.mark.parametrize("gamma", metrics.GAMMAS)
def test_disjoint_times_score_zero_and_half_the_time_scores_half(gamma):
    box = np.repeat([[2.0, 2.0, 6.0, 8.0]], N, axis=0)
    everything = np.ones(N, dtype=bool)
    early, late = Tube(0, box[:6]), Tube(6, box[:6])
    assert metrics.s_loc(as_truth(early), late, detected=everything, gamma=gamma) == 0
    assert metrics.s_loc(as_truth(Tube(0, box)), early, detected=everything, gamma=gamma) == 0.5
    assert metrics.overlap(as_truth(Tube(0, box)), early, detected=everything, gamma=gamma).temporal == 0.5


def test_frames_without_detections_count_in_neither_sum():
    box = np.repeat([[2.0, 2.0, 6.0, 8.0]], N, axis=0)
    detected = np.arange(N) < 3
    truth = as_truth(Tube(0, box[:6]))
    assert metrics.s_loc(truth, Tube(0, box), detected=detected) == 1  # it is wrong only where nothing was detected
    assert metrics.s_loc(truth, Tube(0, box), detected=~np.ones(N, dtype=bool)) == 0


def test_a_tube_longer_than_the_video_is_an_error():
    with pytest.raises(ValueError, match="a tube to frame 13"):
        metrics.s_loc(
            FrameBoxes(np.zeros((N, 4)), np.zeros(N, dtype=bool)), whole_frame(0, 13, 9, 9), detected=np.ones(N)
        )
    with pytest.raises(ValueError, match="11 flags for 12 frames"):
        metrics.s_loc(as_truth(whole_frame(0, 2, 9, 9)), whole_frame(0, 2, 9, 9), detected=np.ones(11))
    with pytest.raises(ValueError, match="gamma 'all'"):
        metrics.s_loc(as_truth(whole_frame(0, 2, 9, 9)), whole_frame(0, 2, 9, 9), detected=np.ones(N), gamma="all")


def test_iou_at_is_strict():
    assert metrics.iou_at(np.array([0.1, 0.3, 0.30001]), 0.3).tolist() == [False, False, True]


videos = st.integers(2, 14).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 4).map(lambda s: s / 4), min_size=n, max_size=n),
        st.lists(st.booleans(), min_size=n, max_size=n),
        st.lists(st.integers(0, 2), min_size=n, max_size=n),
    )
)


def naive_pairs(scores, abnormal, folds):
    right = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, is_abnormal, f in zip(scores, abnormal, folds, strict=True)
        for b, other, g in zip(scores, abnormal, folds, strict=True)
        if is_abnormal and not other and f == g
    ]
    return right


@settings(max_examples=300, deadline=None)
@given(videos)
def test_vauc_equals_counting_pairs_inside_folds(case):
    scores, abnormal, folds = map(np.array, case)
    right = naive_pairs(*case)
    if not right:
        with pytest.raises(UserError, match="VAUC needs both"):
            metrics.vauc(scores, abnormal, folds)
        return
    assert metrics.vauc(scores, abnormal, folds) == pytest.approx(np.mean(right), abs=1e-12)
    matrix, same_fold = metrics.pair_matrix(scores[None], abnormal, folds)
    assert matrix[same_fold].mean() == pytest.approx(np.mean(right), abs=1e-12)
    ones = [np.ones((1, n)) for n in matrix.shape]
    assert metrics.resampled_vauc(matrix, same_fold, *ones)[0] == pytest.approx(np.mean(right), abs=1e-12)


def test_vauc_equals_loops_in_ten_thousand_random_cases():
    rng = np.random.default_rng(12)
    for _ in range(10_000):
        n = int(rng.integers(2, 7))
        scores, abnormal, folds = rng.integers(0, 4, n) / 4, rng.random(n) < 0.5, rng.integers(0, 2, n)
        right = naive_pairs(scores.tolist(), abnormal.tolist(), folds.tolist())
        if right:
            assert abs(metrics.vauc(scores, abnormal, folds) - sum(right) / len(right)) < 1e-12


def test_vauc_is_the_mean_of_scikit_learns_auc_over_folds_weighted_by_pairs():
    rng = np.random.default_rng(1)
    for n, n_folds in itertools.product((10, 60, 290), (1, 3)):
        scores, abnormal, folds = np.round(rng.random(n), 2), np.arange(n) % 2 == 0, rng.integers(0, n_folds, n)
        parts = [(abnormal[folds == f], scores[folds == f]) for f in range(n_folds)]
        parts = [part for part in parts if len(set(part[0])) == 2]
        weights = [np.count_nonzero(part[0]) * np.count_nonzero(~part[0]) for part in parts]
        expected = np.average([roc_auc_score(*part) for part in parts], weights=weights)
        assert abs(metrics.vauc(scores, abnormal, folds) - expected) < 1e-12


def test_vauc_does_not_compare_scores_of_different_models():
    scores = np.array([0.9, 0.8, 0.2, 0.1])  # each model orders its own pair rightly, on its own scale
    abnormal, folds = np.array([True, False, True, False]), np.array([0, 0, 1, 1])
    assert metrics.vauc(scores, abnormal, folds) == 1
    assert metrics.vauc(scores, abnormal, np.zeros(4)) == 0.75


def test_resampled_vauc_equals_the_auc_of_the_resampled_videos():
    rng = np.random.default_rng(3)
    scores, folds = rng.integers(0, 5, (2, 20)) / 5, np.repeat([0, 1], 10)
    abnormal = np.arange(20) % 3 == 0
    matrix, same_fold = metrics.pair_matrix(scores, abnormal, folds)
    counts = [metrics.resample(n, 30, rng) for n in matrix.shape]
    result = metrics.resampled_vauc(matrix, same_fold, *counts)
    for draw in range(30):
        times = np.zeros(20, dtype=int)
        times[abnormal], times[~abnormal] = counts[0][draw], counts[1][draw]
        chosen = np.repeat(np.arange(20), times)
        each = [metrics.vauc(row[chosen], abnormal[chosen], folds[chosen]) for row in scores]
        assert result[draw] == pytest.approx(np.mean(each), abs=1e-12)


def test_a_sample_without_a_pair_has_no_vauc_and_the_interval_leaves_it_out():
    matrix, same_fold = np.ones((2, 2)), np.eye(2, dtype=bool)
    samples = metrics.resampled_vauc(matrix, same_fold, np.array([[2.0, 0], [1, 1]]), np.array([[0.0, 2], [1, 1]]))
    assert np.isnan(samples).tolist() == [True, False]
    assert metrics.interval(samples) == (1, 1)


def test_videos_are_resampled_within_their_class():
    abnormal = np.array([True, False, True, False, False])
    counts = metrics.resample_videos(abnormal, 400, np.random.default_rng(0))
    assert set(counts[:, abnormal].sum(axis=1)) == {2}
    assert set(counts[:, ~abnormal].sum(axis=1)) == {3}
    assert counts.mean(axis=0) == pytest.approx(np.ones(5), abs=0.15)
    assert metrics.resample_videos(np.ones(3, dtype=bool), 2, np.random.default_rng(0)).sum(axis=1).tolist() == [3, 3]


def test_resampled_means_repeat_with_the_seed_and_cover_the_mean():
    values = np.random.default_rng(0).random(50)
    samples = [metrics.resampled_means(values, metrics.resample(50, 2000, np.random.default_rng(s))) for s in (1, 1, 2)]
    assert (samples[0] == samples[1]).all()
    assert (samples[0] != samples[2]).any()
    low, high = metrics.interval(samples[0])
    error = values.std() / np.sqrt(50)
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.15 * error)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_solves_its_own_equation(case):
    k, n = case
    for bound in metrics.wilson(k, n):
        if 1e-9 < bound < 1 - 1e-9:  # (k/n - p)^2 = z^2 p (1 - p) / n
            assert (k / n - bound) ** 2 == pytest.approx(metrics.NORMAL_QUANTILE**2 * bound * (1 - bound) / n, abs=1e-9)
        else:
            assert k in (0, n)
    low, high = metrics.wilson(k, n)
    assert low <= k / n + 1e-12
    assert high >= k / n - 1e-12


def test_one_run_has_no_deviation():
    assert metrics.mean_and_std([0.5]) == (0.5, None)
    assert metrics.mean_and_std([0.5, 1.0]) == pytest.approx((0.75, 0.35355339))


# (MIoU, IoU@0.1, IoU@0.3) in % of the two boxes that never move, on the real UCF-Crime boxes with their coordinates
# taken as written: published with the study that fixed what Gamma means.
TRIVIAL = {
    ("union", "whole"): (3.48, 6.4, 1.4),
    ("union", "centre"): (5.42, 17.9, 2.1),
    ("gt_only", "whole"): (19.26, 65.7, 22.1),
    ("gt_only", "centre"): (30.26, 87.1, 50.7),
}


@pytest.mark.parametrize(("gamma", "which"), TRIVIAL)
def test_trivial_boxes_on_the_real_annotations_of_ucf_crime(shared, gamma, which):
    scores = trivial_scores(shared, gamma, which, first_pixel=0)
    assert len(scores) == 140
    result = 100 * scores.mean(), *(100 * metrics.iou_at(scores, eps).mean() for eps in (0.1, 0.3))
    assert (round(result[0], 2), round(result[1], 1), round(result[2], 1)) == TRIVIAL[gamma, which]


def test_counting_pixels_from_one_moves_the_trivial_rows_by_little(shared):
    scores = trivial_scores(shared, "union", "whole", first_pixel=1)
    assert round(100 * scores.mean(), 2) == 3.53
    assert round(100 * trivial_scores(shared, "union", "centre", first_pixel=1).mean(), 2) == 5.44


def trivial_scores(shared, gamma, which, first_pixel):
    data = shared / "data"
    lengths = data / "ucfcrime_splits" / "UCF_Annotation_with_nframes.txt"
    if not lengths.is_file():
        pytest.skip(f"no {lengths}")
    matches = re.findall(r"(\w+)\.mp4 (\d+) ", lengths.read_text())
    n_frames = {video: int(count) for video, count in matches}
    events = str(data / "ucfcrime_splits" / "Temporal_Anomaly_Annotation.txt")
    parameters = LiuMaParameters(format="liu_ma", path="x", events=events, max_gap=160, first_pixel=first_pixel)
    rows = {}
    for row in liu_ma.read(data / "ucfcrime_bbox_xuzero" / "Test_annotation.pkl", [], parameters):
        rows.setdefault(row.video, []).append(row)
    box = [0, 0, 320, 240] if which == "whole" else [80, 60, 240, 180]
    scores = []
    for video, of_video in sorted(rows.items()):
        n = n_frames[video]
        truth = groundtruth.from_rows(of_video, n_frames=n, width=320, height=240)
        assert truth.n_late == 0
        tube = Tube(0, np.repeat(np.array([box], dtype=np.float32), n, axis=0))
        scores.append(metrics.s_loc(truth.united, tube, detected=np.ones(n, dtype=bool), gamma=gamma))
    return np.array(scores)
