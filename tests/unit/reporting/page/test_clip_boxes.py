"""Boxes over a clip: where the tube is at even times while both are there."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.reporting.page import clip_boxes
from wsstad.structures.tubes import Tube

SIZE = (200, 100)


def tube(start, length):
    """Return a tube that moves by a pixel a frame."""
    shifts = np.arange(length, dtype=np.float32)[:, None]
    return Tube(start, np.array([[10, 20, 40, 60]], dtype=np.float32) + shifts)


def naive(moving, edges, clip):
    """Return the boxes frame by frame, as the module's docstring says it."""
    first, last = max(edges[moving.start], clip[0]), min(edges[moving.stop], clip[1])
    if first >= last:
        return []
    count = math.ceil(clip_boxes.A_SECOND * (last - first)) + 1
    rows = []
    for k in range(count):
        time = first + k * (last - first) / (count - 1)
        shown = [f for f in range(moving.start, moving.stop) if edges[f] <= time + 1e-9]
        x1, y1, x2, y2 = moving.boxes[(shown or [moving.start])[-1] - moving.start].tolist()
        rows.append([min(1.0, x1 / 200), min(1.0, y1 / 100), min(1.0, x2 / 200), min(1.0, y2 / 100)])
    return rows


@given(st.integers(0, 40), st.integers(2, 60), st.integers(0, 90), st.integers(1, 60))
def test_they_are_where_the_tube_is_then(start, length, clip_start, clip_length):
    edges, moving = np.arange(101) / 8, tube(start, length)
    clip = edges[[clip_start, min(clip_start + clip_length, 100)]]
    made = clip_boxes.during(moving, edges, clip, SIZE)
    expected = np.array(naive(moving, edges, clip)).reshape(-1, 4)
    if len(expected) and (expected == expected[0]).all():
        expected = expected[:1]
    assert made.shape == expected.shape
    # A time that falls upon a frame's edge may round to the frame before it, a pixel away.
    assert made == pytest.approx(expected, abs=1 / 100 + 1e-6)


def test_there_is_one_of_what_stands_still_and_none_of_what_is_not_there():
    edges = np.arange(101) / 10
    still = Tube(16, np.repeat(np.array([[20, 20, 80, 90]], dtype=np.float32), 48, axis=0))
    assert clip_boxes.during(still, edges, np.array([0.0, 4.0]), SIZE).tolist() == [pytest.approx([0.1, 0.2, 0.4, 0.9])]
    assert clip_boxes.during(still, edges, np.array([7.0, 9.0]), SIZE).shape == (0, 4)


def test_a_box_that_leaves_the_frame_ends_at_its_border():
    outside = Tube(0, np.array([[-5, 50, 210, 120]], dtype=np.float32))
    assert clip_boxes.during(outside, np.array([0.0, 1.0]), np.array([0.0, 1.0]), SIZE).tolist() == [[0, 0.5, 1, 1]]
