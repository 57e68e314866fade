"""Captions: text stays inside its line, a time stands under its place, every colour of the legend is there."""

import numpy as np
import pytest

from wsstad.reporting.pictures import captions, drawing


def inked(line, ground):
    """Return the columns in which anything is written."""
    return np.flatnonzero((line != np.array(ground, dtype=np.uint8)).any(axis=(0, 2)))


@pytest.mark.parametrize("name", ["a.mp4", "x" * 300, "Überfall 1.mp4", ""])
def test_a_name_of_any_length_leaves_the_time_alone(name):
    line = captions.header(480, name, "0:01.2 / 0:06.4")
    assert line.shape == (captions.LINE, 480, 3)
    alone = captions.header(480, "", "0:01.2 / 0:06.4")
    start = inked(alone, drawing.BLACK)[0]
    np.testing.assert_array_equal(line[:, start:], alone[:, start:])
    left = inked(line[:, :start], drawing.BLACK)
    assert (left.max() < start - 2) if name else not len(left)


def test_a_long_name_keeps_its_end():
    assert captions._cut("x" * 300 + "_7.mp4", 100).endswith("_7.mp4")
    assert captions._cut("short.mp4", 100) == "short.mp4"


@pytest.mark.parametrize("seconds", [0.5, 6.4, 7384.0])
def test_the_axis_goes_from_the_beginning_to_the_end(seconds):
    line = captions.axis(480, seconds)
    ticks = np.flatnonzero((line[0] == captions.DARK).all(axis=1))
    assert (ticks[0], ticks[-1]) == (0, 479)
    assert np.ptp(np.diff(ticks)) <= 1, "evenly"
    assert 2 <= len(ticks) <= captions.MOST_TICKS


@pytest.mark.parametrize("width", [160, 480, 1920])
def test_a_legend_takes_the_lines_that_it_needs(width):
    entries = [("predicted tube, now", drawing.PREDICTION), ("truth", drawing.TRUTH), ("members", drawing.MEMBER)]
    made = captions.legend(width, entries)
    assert made.shape[1] == width
    assert len(made) % captions.LINE == 0
    for _, colour in entries:
        assert (made == np.array(colour)).all(axis=2).any()
    if width == 160:
        assert len(made) > captions.LINE


def test_a_strip_of_scores_is_not_changed_by_its_scale():
    strip = np.full((48, 100, 3), 255, dtype=np.uint8)
    marked = captions.scale_of(strip, (4, 41))
    assert (strip == 255).all()
    assert inked(marked, (255, 255, 255)).max() < 10
