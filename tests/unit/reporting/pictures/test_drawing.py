"""Drawing: the right colour at the right pixel, and nothing given is changed."""

import numpy as np
import pytest

from wsstad.reporting.pictures import drawing
from wsstad.reporting.pictures.drawing import Mark, Timeline


def grey(height=120, width=160):
    return np.full((height, width, 3), 90, dtype=np.uint8)


def test_a_box_lies_on_the_first_and_last_pixels_inside_it():
    frame = grey()
    drawn = drawing.draw(frame, [Mark(np.array([10.0, 20.0, 50.0, 60.0]), drawing.TRUTH)])
    red = (drawn == drawing.TRUTH).all(axis=2)
    rows, columns = np.nonzero(red)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (10, 20, 49, 59)
    assert red[20, 10:50].all()
    assert red[20:60, 49].all()
    assert not red[21:59, 11:49].any()
    assert (frame == 90).all(), "the frame that was given is as it was"


def test_later_marks_lie_above_earlier_ones():
    box = np.array([10, 20, 50, 60])
    drawn = drawing.draw(grey(), [Mark(box, drawing.TRUTH), Mark(box, drawing.PREDICTION)])
    assert tuple(drawn[20, 30]) == drawing.PREDICTION


@pytest.mark.parametrize(
    "box",
    [
        (-20, -10, 30, 40),  # out to the left and above
        (100, 90, 400, 300),  # out to the right and below
        (5, 5, 5, 5),  # empty
        (0, 0, 160, 120),  # the whole frame
        (0.4, 0.4, 0.6, 0.6),  # less than a pixel
    ],
)
@pytest.mark.parametrize("label", ["", "0.87", "a label that is much wider than the whole frame of 160 pixels", "é"])
def test_any_box_and_label_can_be_drawn(box, label):
    drawn = drawing.draw(grey(), [Mark(np.array(box), drawing.MEMBER, label)])
    assert drawn.shape == (120, 160, 3)
    assert (drawn != 90).any()


def test_lines_grow_with_the_frame_and_small_frames_are_enlarged():
    box = np.array([100, 100, 900, 900])
    large = drawing.draw(grey(1000, 1000), [Mark(box, drawing.TRUTH)])
    assert (large[:, 500] == drawing.TRUTH).all(axis=1).sum() >= 2 * 5
    small = drawing.draw(grey(), [Mark(np.array([10, 20, 50, 60]), drawing.TRUTH)], zoom=3)
    assert small.shape == (360, 480, 3)
    assert tuple(small[60, 90]) == drawing.TRUTH


def test_a_timeline_shows_score_truth_prediction_threshold_and_cursor():
    scores = np.zeros(100)
    scores[50:] = 1.0
    line = Timeline(scores, 201, edges=np.arange(101.0), truth=[(20, 40)], predicted=[(60, 80)], threshold=0.5)
    strip = line.plain()
    assert strip.shape == (line.height, 201, 3)
    assert tuple(strip[2, 60]) == drawing.PALE
    assert tuple(strip[2, 39]) == tuple(strip[2, 81]) == drawing.WHITE
    assert tuple(strip[-1, 140]) == drawing.PREDICTION
    assert tuple(strip[-1, 90]) == drawing.WHITE
    assert strip[:, 150].sum(axis=1).argmin() < strip[:, 30].sum(axis=1).argmin(), "higher scores are higher up"
    middle = line._row(0.5)
    assert tuple(strip[middle, 10]) == drawing.GREY
    cursor = line.at(50)
    assert tuple(cursor[1, 101]) == drawing.PREDICTION
    assert np.array_equal(line.plain(), strip), "a cursor leaves no trace"


@pytest.mark.parametrize("n_frames", [1, 3, 5000])
def test_a_timeline_of_any_length_has_a_cursor_inside_it(n_frames):
    line = Timeline(np.full(n_frames, 0.3), 160, edges=np.arange(n_frames + 1.0), truth=[(0, n_frames)])
    for frame in (0, n_frames - 1):
        assert ((line.at(frame) == drawing.PREDICTION).all(axis=2)).any()


def test_parts_are_stacked():
    assert drawing.stack(grey(), grey(48)).shape == (168, 160, 3)
