"""Agreement of two results: each number has a second implementation that goes pair by pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.evaluation import agreement
from wsstad.evaluation.agreement import Agreement
from wsstad.structures.boxes import iou
from wsstad.structures.tubes import Tube, VideoTubes


def random_boxes(rng, n, frames):
    corner = rng.integers(0, 30, (n, 2))
    return np.sort(rng.integers(0, frames, n)), np.concatenate([corner, corner + rng.integers(4, 20, (n, 2))], axis=1)


def greedy(values, least):
    """Return the pairs that are matched of a matrix, one after the other."""
    pairs = sorted(((-v, i, j) for (i, j), v in np.ndenumerate(values) if v >= least))
    matched, used = [], (set(), set())
    for v, i, j in pairs:
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            matched.append(-v)
    return matched


@given(seed=st.integers(0, 10_000), n=st.integers(0, 25), m=st.integers(0, 25))
def test_boxes_are_matched_as_one_after_the_other(seed, n, m):
    rng = np.random.default_rng(seed)
    (f1, b1), (f2, b2) = random_boxes(rng, n, 4), random_boxes(rng, m, 4)
    actual = agreement.of_boxes((f1, f2), (b1, b2), 0.3)
    naive = [v for frame in range(4) for v in greedy(iou(b1[f1 == frame], b2[f2 == frame]), 0.3)]
    assert (actual.first, actual.second, actual.matched) == (n, m, len(naive))
    assert actual.likeness == pytest.approx(sum(naive))
    other = agreement.of_boxes((f2, f1), (b2, b1), 0.3)
    assert (other.first, other.second) == (m, n)


def test_pairs_that_do_not_fit_at_once_are_looked_at_frame_by_frame(monkeypatch):
    rng = np.random.default_rng(0)
    (f1, b1), (f2, b2) = random_boxes(rng, 60, 9), random_boxes(rng, 50, 9)
    whole = agreement.of_boxes((f1, f2), (b1, b2), 0.1)
    monkeypatch.setattr(agreement, "MOST_PAIRS", 7)
    parts = agreement.of_boxes((f1, f2), (b1, b2), 0.1)
    assert (parts.matched, parts.likeness) == (whole.matched, pytest.approx(whole.likeness))
    assert whole.matched > 5


def video(rng, n):
    tubes = []
    for _ in range(n):
        length = int(rng.integers(1, 12))
        corner = rng.integers(0, 20, (1, 2)) + rng.integers(0, 3, (length, 2))
        boxes = np.concatenate([corner, corner + rng.integers(6, 14, (1, 2))], axis=1)
        tubes.append(Tube(int(rng.integers(0, 6)), boxes.astype(np.float32)))
    return VideoTubes(20, 60, 60, np.ones(20, dtype=bool), tubes)


def volume_iou(a, b):
    """Return the IoU of two tubes by counting pixels."""
    both = either = 0
    for frame in range(20):
        grids = []
        for tube in (a, b):
            grid = np.zeros((60, 60), dtype=bool)
            if tube.start <= frame < tube.stop:
                x1, y1, x2, y2 = tube.boxes[frame - tube.start].astype(int)
                grid[y1:y2, x1:x2] = True
            grids.append(grid)
        both += np.count_nonzero(grids[0] & grids[1])
        either += np.count_nonzero(grids[0] | grids[1])
    return both / either


@pytest.mark.parametrize("seed", range(6))
def test_tubes_are_matched_by_the_pixels_that_they_share(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    first, second = video(rng, 7), video(rng, 6)
    second.tubes.extend(first.tubes[:3])
    values = np.array([[volume_iou(a, b) for b in second.tubes] for a in first.tubes])
    naive = greedy(values, 0.4)
    for most in (agreement.MOST_PAIRS, 5):
        monkeypatch.setattr(agreement, "MOST_PAIRS", most)
        actual = agreement.of_tubes(first, second, 0.4)
        assert (actual.first, actual.second, actual.matched) == (7, 9, len(naive))
        assert actual.likeness == pytest.approx(sum(naive))
    assert len(naive) >= 3


def test_a_video_without_tubes_agrees_in_nothing():
    rng = np.random.default_rng(0)
    assert agreement.of_tubes(video(rng, 0), video(rng, 2)) == Agreement(0, 2)
    assert agreement.of_tubes(video(rng, 2), video(rng, 0)) == Agreement(2, 0)
    assert Agreement(0, 2).mean is None


def test_the_same_agree_wholly():
    rng = np.random.default_rng(3)
    frames, boxes = random_boxes(rng, 30, 12)
    frames, boxes = np.unique(frames, return_index=True)[0], boxes[np.unique(frames, return_index=True)[1]]
    same = agreement.of_boxes((frames, frames), (boxes, boxes))
    assert (same.matched, same.mean) == (len(frames), 1.0)
    features = rng.random((5, 8)).astype(np.float16)
    assert agreement.of_features(features, features) == Agreement(5, 5, 5, 0.0)


def test_features_differ_by_their_distance_over_their_length():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(4, 3)).astype(np.float16), rng.normal(size=(4, 3)).astype(np.float16)
    naive = 0.0
    for x, y in zip(a.astype(float), b.astype(float), strict=True):
        distance = sum((p - q) ** 2 for p, q in zip(x, y, strict=True)) ** 0.5
        naive += distance / ((sum(p * p for p in x) ** 0.5 + sum(q * q for q in y) ** 0.5) / 2)
    assert agreement.of_features(a, b).likeness == pytest.approx(naive)
    zeros = np.zeros((2, 3))
    assert agreement.of_features(zeros, zeros).mean == 0


def test_agreements_add_up():
    total = sum([Agreement(2, 3, 1, 0.5), Agreement(4, 1, 1, 0.75)], Agreement())
    assert (total.first, total.second, total.matched, total.mean) == (6, 4, 2, 0.625)
