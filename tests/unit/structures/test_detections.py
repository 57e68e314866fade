"""Detections: one canonical order and precision."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsstad.structures.detections import Detections, canonical, to_arrays

SIZE = (320, 240)
coordinate = st.floats(-50, 400, width=32) | st.just(float("nan"))


@given(st.integers(0, 6).flatmap(lambda n: st.tuples(
    arrays(np.float32, (n, 4), elements=coordinate),
    arrays(np.float32, n, elements=st.floats(0, 1, width=32)),
    arrays(np.int16, n, elements=st.integers(0, 3)),
    st.permutations(range(n)),
)))  # fmt: skip
def test_canonical_is_inside_the_frame_and_independent_of_order(drawn):
    boxes, scores, labels, order = drawn
    detections = canonical(boxes, scores, labels, size=SIZE)
    again = canonical(boxes[order], scores[order], labels[order], size=SIZE)
    for one, other in zip(vars(detections).values(), vars(again).values(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (detections.boxes >= 0).all()
    assert (detections.boxes[:, [0, 2]] <= 320).all()
    assert (detections.boxes[:, [1, 3]] <= 240).all()
    assert (detections.boxes[:, 2:] - detections.boxes[:, :2] >= 1).all()
    np.testing.assert_array_equal(detections.boxes * 16, np.round(detections.boxes * 16))
    np.testing.assert_array_equal(detections.scores * 4096, np.round(detections.scores * 4096))
    keys = [(-s, *b) for s, b in zip(detections.scores.tolist(), detections.boxes.tolist(), strict=True)]
    assert keys == sorted(keys)


def test_canonical_is_a_fixed_point():
    once = canonical(np.array([[1.03, 2, 30, 40], [5, 5, 9, 9]]), np.array([0.3, 0.7]), np.array([0, 1]), size=SIZE)
    twice = canonical(once.boxes, once.scores, once.labels, size=SIZE)
    np.testing.assert_array_equal(once.boxes, twice.boxes)
    np.testing.assert_array_equal(once.scores, twice.scores)


def test_to_arrays_says_which_frame_each_box_is_of():
    one = canonical(np.array([[0, 0, 9, 9], [1, 1, 8, 8]]), np.array([0.5, 0.6]), np.array([0, 1]), size=SIZE)
    none = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int16))
    columns = to_arrays([none, one, none, one], width=320, height=240)
    assert columns["size"].tolist() == [4, 320, 240]
    assert columns["frame"].tolist() == [1, 1, 3, 3]
    assert columns["label"].tolist() == [1, 0, 1, 0]
    assert to_arrays([none], width=1, height=1)["boxes"].shape == (0, 4)
