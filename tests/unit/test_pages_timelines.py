"""The score of a video over time as points of a line."""

import numpy as np
import pytest

import pages
from wsstad.pages import timelines


def a_timeline(label="abnormal"):
    return timelines.make(pages.illustration("v", label, "fall", np.random.default_rng(0)))


def test_lines_and_spans_lie_where_they_are_in_time():
    its = a_timeline()
    assert list(its.lines) == ["score", "tube branch", "temporal branch"]
    (truth,) = its.truth
    assert (truth.x, truth.width) == pytest.approx((1000 * 20 / 96, 1000 * 50 / 96))
    assert its.seconds == pytest.approx(9.6)
    assert len(its.attended) == 6
    assert all(span.weight == pytest.approx(1) for span in its.attended)
    assert "annotated from 2.0 s to 7.0 s" in its.words


def test_a_normal_video_has_no_truth():
    its = a_timeline("normal")
    assert its.truth == []
    assert "annotated" not in its.words


def test_only_corners_are_drawn():
    points = timelines._points(np.array([0.5, 0.5, 0.5, 1.0]))
    assert points == "0,50 750,50 750,0 1000,0"
