"""Boxes: against plain loops, and torchvision as published oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsstad.structures import boxes

coordinates = st.floats(-50, 400, allow_nan=False, width=32)
some_boxes = hnp.arrays(np.float32, st.tuples(st.integers(1, 6), st.just(4)), elements=coordinates)


def naive_iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    overlap = width * height if width > 0 and height > 0 else 0.0
    areas = [(x[2] - x[0]) * (x[3] - x[1]) if x[2] > x[0] and x[3] > x[1] else 0.0 for x in (a, b)]
    union = sum(areas) - overlap
    return overlap / union if union > 0 else 0.0


@given(some_boxes, some_boxes)
def test_iou_equals_a_plain_loop(first, second):
    expected = [[naive_iou(a, b) for b in second.astype(float)] for a in first.astype(float)]
    np.testing.assert_allclose(boxes.iou(first, second), expected, rtol=1e-9, atol=1e-12)


@given(some_boxes)
def test_paired_iou_is_the_diagonal_of_iou(first):
    second = first[::-1]
    np.testing.assert_allclose(boxes.paired_iou(first, second), np.diag(boxes.iou(first, second)), atol=1e-12)


def test_iou_equals_torchvision():
    torch = pytest.importorskip("torch")
    from torchvision.ops import box_iou

    corners = np.random.default_rng(0).uniform(0, 100, (40, 2, 2))
    many = np.concatenate([corners.min(axis=1), corners.max(axis=1) + 1], axis=1)
    expected = box_iou(torch.tensor(many), torch.tensor(many)).numpy()
    np.testing.assert_allclose(boxes.iou(many, many), expected, atol=1e-12)


@given(some_boxes)
def test_quantise_moves_a_coordinate_by_half_a_grid_step_at_most_and_only_once(some):
    once = boxes.quantise(some)
    assert np.abs(once - some).max() <= 0.5 / boxes.GRID + 1e-4
    assert np.array_equal(boxes.quantise(once), once)


@given(some_boxes)
def test_enclose_holds_every_box(some):
    x1, y1, x2, y2 = boxes.enclose(some)
    assert (some[:, 0] >= x1).all()
    assert (some[:, 1] >= y1).all()
    assert (some[:, 2] <= x2).all()
    assert (some[:, 3] <= y2).all()


def test_clip_keeps_boxes_inside_the_frame():
    clipped = boxes.clip(np.array([[-5, -5, 500, 30]], dtype=np.float32), 320, 240)
    assert clipped.tolist() == [[0, 0, 320, 30]]


def test_an_inverted_box_has_no_area_whichever_side_is():
    assert boxes.area(np.array([[5.0, 0, 2, 4], [0, 5, 4, 2], [5, 5, 2, 2]])).tolist() == [0, 0, 0]


def test_boxes_smaller_than_a_pixel_overlap_too():
    first, second = np.array([[0, 0, 0.5, 0.5]], np.float32), np.array([[0, 0, 0.5, 0.25]], np.float32)
    assert boxes.iou(first, second).tolist() == [[0.5]]
    assert boxes.paired_iou(first, second).tolist() == [0.5]


def test_boxes_without_an_area_overlap_nothing():
    none = np.zeros((2, 4))
    assert boxes.iou(none, none).tolist() == [[0, 0], [0, 0]]
    assert boxes.paired_iou(none, none).tolist() == [0, 0]
