"""RBDC and TBDC: against the definition, region by region."""

import itertools

import numpy as np
import pytest

from wsstad.evaluation import metrics
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.evaluation.metrics import regions
from wsstad.structures.tubes import Tube


def naive_iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = width * height if width > 0 and height > 0 else 0
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def naive_curve(videos, rng):
    """The points (FPR, RBDR, TBDR) of one fold: regions one after the other, those of one score in a random order."""
    listed = [
        (float(score), v, tube.start + i, row)
        for v, (tubes, scores, _, _) in enumerate(videos)
        for tube, score in zip(tubes, scores, strict=True)
        for i, row in enumerate(tube.boxes.tolist())
    ]
    listed = [listed[i] for i in rng.permutation(len(listed))]
    wanted = {
        (v, e): {int(f) for f in np.flatnonzero(event.present)}
        for v, (_, _, events, _) in enumerate(videos)
        for e, event in enumerate(events)
        if event.present.any()
    }
    n_frames, n_regions = sum(video[3] for video in videos), sum(map(len, wanted.values()))
    hits, false, points = {track: set() for track in wanted}, 0, [(0.0, 0.0, 0.0)]
    for score in sorted({region[0] for region in listed}, reverse=True):
        for _, v, f, row in (region for region in listed if region[0] == score):
            met = False
            for e, event in enumerate(videos[v][2]):
                if event.present[f] and naive_iou(row, event.boxes[f].tolist()) >= 0.1:
                    hits[v, e].add(f)
                    met = True
            false += not met
        tracks = sum(len(hits[t]) / len(wanted[t]) >= 0.1 for t in wanted)
        rates = (
            sum(map(len, hits.values())) / n_regions if n_regions else 0,
            tracks / len(wanted) if wanted else 0,
        )
        points.append((false / n_frames, *rates))
    return points, n_regions, len(wanted)


def naive_area(points, which):
    area = 0.0
    for first, second in itertools.pairwise(points):
        x0, y0, x1, y1 = first[0], first[which], second[0], second[which]
        if x0 < 1 < x1:
            x1, y1 = 1, y0 + (y1 - y0) * (1 - x0) / (x1 - x0)
        if x1 <= 1:
            area += (x1 - x0) * (y0 + y1) / 2
    return area + max(0.0, 1 - points[-1][0]) * points[-1][which]


def naive(videos, folds, rng):
    """RBDC and TBDC over folds; None without anything to find."""
    parts = [naive_curve([v for v, f in zip(videos, folds, strict=True) if f == g], rng) for g in sorted(set(folds))]
    n_regions, n_tracks = sum(n for _, n, _ in parts), sum(n for _, _, n in parts)
    if not n_tracks:
        return None, None
    return (
        sum(n * naive_area(points, 1) for points, n, _ in parts) / n_regions,
        sum(n * naive_area(points, 2) for points, _, n in parts) / n_tracks,
    )


def a_video(rng, n_frames=5):
    """Two events and some tubes of integer boxes, with ties among the scores more often than not."""
    low = rng.integers(0, 4, (4, n_frames, 2))
    boxes = np.concatenate([low, low + rng.integers(1, 5, low.shape)], axis=-1).astype(np.float64)
    events = tuple(FrameBoxes(boxes[e], rng.random(n_frames) < 0.6) for e in range(rng.integers(0, 3)))
    tubes = []
    for i in range(rng.integers(1, 4)):
        start = int(rng.integers(0, n_frames))
        tubes.append(Tube(start, boxes[-1 - i, start : rng.integers(start + 1, n_frames + 1)]))
    return tubes, rng.integers(1, 5, len(tubes)) / 4, events, n_frames


def both(videos, folds, counts=None):
    matched = [regions.match(*video) for video in videos]
    counts = np.ones((1, len(videos))) if counts is None else counts
    return regions.rbdc(matched, np.array(folds), counts), regions.tbdc(matched, np.array(folds), counts)


def assert_same(actual, expected):
    if expected is None:
        assert np.isnan(actual)
    else:
        assert abs(actual - expected) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("n_cases", [1, 40])
def test_areas_equal_the_definition_in_ten_thousand_random_cases(n_cases):
    # Forty cases a call, each of them a sample of all videos, for most; and a few one by one.
    rng = np.random.default_rng(n_cases)
    for _ in range(250):
        sizes = rng.integers(1, 4, n_cases)
        cases = [([a_video(rng) for _ in range(size)], rng.integers(0, 2, size).tolist()) for size in sizes]
        counts = np.equal.outer(np.arange(n_cases), np.repeat(np.arange(n_cases), sizes)).astype(float)
        actual = both(
            [item for case in cases for item in case[0]], [item for case in cases for item in case[1]], counts
        )
        for case, *areas in zip(cases, *actual, strict=True):
            for area, expected in zip(areas, naive(*case, rng), strict=True):
                assert_same(area, expected)


def test_samples_equal_the_areas_of_the_videos_drawn():
    rng = np.random.default_rng(6)
    for _ in range(20):
        videos, folds = [a_video(rng) for _ in range(6)], [0, 0, 1, 1, 0, 1]
        counts = metrics.resample_videos(np.arange(6) % 2 == 0, 8, rng)
        actual = both(videos, folds, counts)
        for draw, sample in enumerate(counts.astype(int)):
            drawn = np.repeat(np.arange(6), sample)
            expected = naive([videos[i] for i in drawn], [folds[i] for i in drawn], rng)
            assert_same(actual[0][draw], expected[0])
            assert_same(actual[1][draw], expected[1])


def constant(start, stop, box):
    return Tube(start, np.tile(np.array(box, dtype=np.float32), (stop - start, 1)))


def event(n_frames, start, stop, box):
    present = np.zeros(n_frames, dtype=bool)
    present[start:stop] = True
    return FrameBoxes(np.tile(np.array(box, dtype=np.float64), (n_frames, 1)), present)


EVENT = event(20, 0, 10, (0, 0, 10, 10))


@pytest.mark.parametrize(
    ("tubes", "scores", "expected"),
    [
        ([constant(0, 10, (0, 0, 10, 10))], [0.5], (1, 1)),  # perfect
        ([constant(0, 1, (0, 0, 10, 10))], [0.5], (0.1, 1)),  # one region of ten is enough for the track
        ([constant(0, 10, (90, 90, 99, 99))], [0.5], (0, 0)),
        # A second region on what is found already is neither hit nor false positive.
        ([constant(0, 10, (0, 0, 10, 10))] * 2, [0.9, 0.5], (1, 1)),
        # 10 false positives in 20 frames come first: the curve is 0 up to 1/2.
        ([constant(0, 10, (90, 90, 99, 99)), constant(0, 10, (0, 0, 10, 10))], [0.9, 0.5], (0.5, 0.5)),
        # With equal scores, a line from (0, 0) to (1/2, 1), then flat.
        ([constant(0, 10, (90, 90, 99, 99)), constant(0, 10, (0, 0, 10, 10))], [0.5, 0.5], (0.75, 0.75)),
        # 40 false positives in 20 frames with the same score: the line is cut at 1, where it has come half the way.
        ([constant(0, 20, (90, 90, 99, 99))] * 2 + [constant(0, 10, (0, 0, 10, 10))], [0.5] * 3, (0.25, 0.25)),
        # Nothing is found any more once there is a false positive in every frame.
        ([constant(0, 20, (90, 90, 99, 99)), constant(0, 10, (0, 0, 10, 10))], [0.9, 0.5], (0, 0)),
        ([constant(0, 10, (0, 0, 10, 100))], [0.5], (1, 1)),  # IoU 0.1 is enough
        ([constant(0, 10, (0, 0, 10, 101))], [0.5], (0, 0)),
    ],
)
def test_areas_by_hand(tubes, scores, expected):
    actual = both([(tubes, np.array(scores), (EVENT,), 20)], [0])
    assert (actual[0][0], actual[1][0]) == pytest.approx(expected, abs=1e-12)


def test_frames_of_normal_videos_count_and_so_do_their_false_positives():
    abnormal = ([constant(0, 10, (0, 0, 10, 10))], np.array([0.5]), (EVENT,), 20)
    normal = ([constant(0, 30, (0, 0, 10, 10))], np.array([0.9]), (), 60)
    result = both([abnormal, normal], [0, 0])
    assert result[0][0] == pytest.approx(1 - 30 / 80)


def test_one_region_may_find_two_events():
    events = (EVENT, event(20, 5, 10, (2, 2, 10, 10)))
    result = both([([constant(5, 10, (0, 0, 10, 10))], np.array([0.5]), events, 20)], [0])
    assert (result[0][0], result[1][0]) == pytest.approx((10 / 15, 1))


def test_a_track_needs_its_share_of_regions_rounded_up():
    for n, needed in ((1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (30, 3), (31, 4)):
        scores = np.full(n, -np.inf)
        scores[: needed - 1] = 0.9
        assert regions.track_score(scores) == -np.inf
        scores[needed - 1] = 0.4
        assert regions.track_score(scores) == 0.4


def test_a_video_without_candidates_finds_nothing():
    made = regions.match([], np.zeros(0), (EVENT,), 20)
    assert made.tracks[0].tolist() == [-np.inf] * 10
    assert both([([], np.zeros(0), (EVENT,), 20)], [0])[0][0] == 0
    assert np.isnan(both([([], np.zeros(0), (), 20)], [0])[0][0])
