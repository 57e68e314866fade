"""The score of a video over time as points of a line."""

import numpy as np
import pytest

from support import pages
from wsstad.reporting.page import timelines


def a_timeline(label="abnormal", **options):
    return timelines.make(pages.illustrated("v", label, "fall", np.random.default_rng(0)), **options)


def test_lines_and_spans_lie_where_they_are_in_time():
    timeline = a_timeline()
    assert list(timeline.lines) == ["score", "tube branch", "temporal branch"]
    (truth,) = timeline.truth
    assert (truth.x, truth.width) == pytest.approx((1000 * 20 / 96, 1000 * 50 / 96))
    assert timeline.seconds == pytest.approx(9.6)
    assert "annotated from 2.0 s to 7.0 s" in timeline.words


def test_a_normal_video_has_no_truth():
    timeline = a_timeline("normal")
    assert timeline.truth == []
    assert "annotated" not in timeline.words


def test_the_parts_of_a_tube_that_are_looked_at_are_told_apart_by_their_time():
    timeline = a_timeline()
    assert len(timeline.attended) == 6
    assert [span.weight for span in timeline.attended[:2]] == pytest.approx([1, 10 / 16], abs=1e-3)
    assert timeline.attended[0].label == "27 % to tube 0 (unary) from 1.6 s to 2.8 s"
    assert timeline.attention.startswith("17 % to itself; most to: 27 % to tube 0 (unary) from 1.6 s to 2.8 s; 17 %")


def test_uniform_attention_is_called_so_and_has_no_order():
    timeline = a_timeline("normal")
    assert timeline.attended == []
    assert timeline.is_uniform
    assert timeline.attention == "The attention of the top-1 tube is uniform: about 17 % to each of 6 sub-tubes."
    assert not a_timeline().is_uniform


@pytest.mark.parametrize(("largest", "uniform"), [(1.018, True), (1.2, True), (1.3, False)])
def test_attention_is_uniform_where_no_sub_tube_has_a_quarter_more_than_its_share(largest, uniform):
    illustration = pages.illustrated("v", "normal", "fall", np.random.default_rng(0))
    weights = np.full(6, 1 / 6)
    weights[0] *= largest
    illustration.arrays["attention"] = weights
    assert timelines.make(illustration).is_uniform == uniform


def test_an_alarm_is_a_score_above_the_threshold():
    highest = float(pages.illustrated("v", "normal", "normal", np.random.default_rng(0)).arrays["timeline"][0].max())
    assert not a_timeline(threshold=highest).alarms
    above = a_timeline(threshold=highest - 1e-6)
    assert above.alarms
    assert above.threshold_at == pytest.approx(100 * (1 - highest), abs=1e-3)
    assert f"The alarm threshold is {highest:.2f}." in above.words
    assert not a_timeline().alarms


def test_only_corners_are_drawn():
    points = timelines.points(np.array([0.5, 0.5, 0.5, 1.0]), np.arange(5.0))
    assert points == "0,50 750,50 750,0 1000,0"
