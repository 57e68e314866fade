"""Tubes and their columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.structures import tubes
from wsstad.structures.tubes import Tube, VideoTubes


def a_tube(start=3, length=20, kind="unary", members=()):
    rng = np.random.default_rng(start)
    corner = np.round(rng.uniform(0, 100, (length, 2)) * 16) / 16
    box = np.concatenate([corner, corner + 20], axis=1).astype(np.float32)
    return Tube(start, box, kind, 0.5, rng.random(length) > 0.3, members)


def test_columns_round_trip():
    kept = [a_tube(0), a_tube(5, 33), a_tube(5, 16, "multivariate", (0, 1))]
    before = VideoTubes(40, 320, 240, np.arange(40) % 3 == 0, kept)
    after = VideoTubes.from_arrays(before.to_arrays())
    assert (after.n_frames, after.width, after.height) == (40, 320, 240)
    assert np.array_equal(after.detected, before.detected)
    for a, b in zip(after.tubes, kept, strict=True):
        assert (a.start, a.stop, a.kind, a.score, a.members) == (b.start, b.stop, b.kind, b.score, b.members)
        assert np.array_equal(a.boxes, b.boxes)
        assert np.array_equal(a.observed, b.observed)


def test_columns_of_no_tube_round_trip():
    assert VideoTubes.from_arrays(VideoTubes(9, 8, 8, np.zeros(9, bool), []).to_arrays()).tubes == []


def test_cut_keeps_the_boxes_of_its_frames():
    whole = a_tube(3, 20)
    part = whole.cut(10, 15)
    assert (part.start, part.stop) == (10, 15)
    assert np.array_equal(part.boxes, whole.boxes[7:12])
    with pytest.raises(ValueError, match="not inside"):
        whole.cut(2, 5)


@given(st.integers(0, 50), st.integers(1, 300), st.integers(1, 40), st.integers(1, 20))
def test_divide_covers_every_frame_once_in_even_parts(start, length, parts, min_frames):
    spans = tubes.divide(start, start + length, parts, min_frames)
    assert [f for a, b in spans for f in range(a, b)] == list(range(start, start + length))
    lengths = [b - a for a, b in spans]
    assert len(spans) <= parts
    assert max(lengths) - min(lengths) <= 1
    assert min(lengths) >= min(min_frames, length)


@pytest.mark.parametrize(
    ("start", "shape", "kind"),
    [(0, (3, 4), "crowd"), (-1, (3, 4), "unary"), (0, (0, 4), "unary"), (0, (3, 5), "unary")],
)
def test_a_tube_refuses_nonsense(start, shape, kind):
    with pytest.raises(ValueError, match="tube"):
        Tube(start, np.zeros(shape, np.float32), kind)


def test_a_tube_of_which_nothing_is_said_was_observed_in_every_frame():
    tube = Tube(2, np.zeros((3, 4), np.float32))
    assert tube.observed.dtype == bool
    assert tube.observed.tolist() == [True] * 3


def test_a_part_keeps_all_that_is_known_of_the_whole():
    whole = a_tube(3, 20, "multivariate", (4, 7))
    part = whole.cut(10, 15)
    assert (part.kind, part.score, part.members) == ("multivariate", 0.5, (4, 7))
    assert np.array_equal(part.observed, whole.observed[7:12])


def test_the_whole_frame_is_a_box_in_every_frame():
    tube = tubes.whole_frame(5, 8, 320, 240)
    assert (tube.start, tube.stop, tube.kind) == (5, 8, "frame")
    assert tube.boxes.dtype == np.float32
    assert tube.boxes.tolist() == [[0, 0, 320, 240]] * 3


@pytest.mark.parametrize("kept", [[], [a_tube(0)]])
def test_columns_have_types_of_their_own_however_many_tubes_there_are(kept):
    columns = VideoTubes(40, 320, 240, np.zeros(40), kept).to_arrays()
    types = {"size": "i8", "detected": "?", "start": "i4", "length": "i4", "kind": "u1", "score": "f4", "observed": "?"}
    assert {name: columns[name].dtype for name in types} == {name: np.dtype(kind) for name, kind in types.items()}
    assert columns["boxes"].dtype == np.float32
