import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.linking import detection_rows, make_arrays, naive_iou
from wsstad.perception.linkers.candidates import Candidates
from wsstad.perception.linkers.doubles import owners, take, without_doubles


def candidates(rows):
    return Candidates.from_arrays(make_arrays(rows))


@settings(deadline=None)
@given(detection_rows(max_boxes=7), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
def test_owners_are_those_of_suppression_one_by_one(rows, double_iou):
    detections = candidates(rows)
    expected = []
    for i, (frame, place) in enumerate(zip(detections.frame, detections.boxes.tolist(), strict=True)):
        kept = [j for j in range(i) if expected[j] == j and detections.frame[j] == frame]
        over = [j for j in kept if naive_iou(detections.boxes[j].tolist(), place) > double_iou]
        expected.append(over[0] if over else i)
    assert owners(detections, double_iou).tolist() == expected


@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_is_what_torchvision_keeps(seed):
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision").ops
    random = np.random.default_rng(seed)
    low, size = random.integers(0, 500, (80, 2)) / 16, random.integers(200, 400, (80, 2)) / 16
    scores = random.permutation(80) / 128 + 0.125
    rows = [(0, tuple(place), score, 0) for place, score in zip(np.hstack([low, low + size]), scores, strict=True)]
    detections = Candidates.from_arrays(make_arrays(rows, width=64, height=64))
    kept = ops.nms(torch.tensor(detections.boxes), torch.tensor(detections.score), 0.5).tolist()
    assert np.array_equal(without_doubles(detections, 0.5).boxes, detections.boxes[sorted(kept)])
    assert 20 < len(kept) < 75


def test_classes_do_not_matter_and_the_better_box_stays():
    rows = [(0, (0, 0, 8, 8), 0.5, 0), (0, (0, 0, 8, 7), 0.9, 1), (1, (0, 0, 8, 8), 0.5, 0)]
    left = without_doubles(candidates(rows), 0.5)
    assert list(zip(left.frame.tolist(), left.score.tolist(), left.label.tolist(), strict=True)) == [
        (0, pytest.approx(0.9), 1),
        (1, 0.5, 0),
    ]


def test_one_keeps_all():
    rows = [(0, (0, 0, 8, 8), 0.5, 0)] * 3
    assert len(without_doubles(candidates(rows), 1)) == 3
    assert len(without_doubles(candidates(rows), 0.99)) == 1


def test_taking_keeps_what_belongs_together():
    detections = candidates([(0, (0, 0, 8, 8), 0.5, 0), (1, (1, 1, 9, 9), 0.75, 2), (2, (0, 0, 4, 4), 0.25, 1)])
    some = take(detections, np.array([1, 2]))
    assert (some.frame.tolist(), some.label.tolist(), some.score.tolist()) == ([1, 2], [2, 1], [0.75, 0.25])
    assert (some.boxes[0].tolist(), some.n_frames, some.width) == ([1, 1, 9, 9], 3, 10)
