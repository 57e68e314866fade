"""Times of frames: knots give the times back, however irregular, and few of them do where the rate is constant."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.structures import times


@given(st.lists(st.sampled_from([0.001, 0.033, 0.034, 0.04, 1.0, 60.0]), min_size=1, max_size=200))
def test_knots_give_the_times_back(lasts):
    edges = np.concatenate([[0], np.cumsum(lasts)])
    np.testing.assert_allclose(times.from_knots(times.to_knots(edges)), edges, atol=2e-6)


def test_a_constant_rate_has_two_knots_and_a_change_of_rate_three():
    assert len(times.to_knots(times.regular(100_000, Fraction(30000, 1001)))) == 2
    burst = np.concatenate([np.arange(50) / 25, 2 + np.arange(61)])
    assert times.to_knots(burst).tolist() == [[0, 0], [50, 2], [110, 62]]


def test_a_slow_drift_is_kept_whole():
    edges = np.cumsum(np.concatenate([[0], 0.04 + 5e-8 * np.arange(5000)]))
    np.testing.assert_allclose(times.from_knots(times.to_knots(edges)), edges, atol=2e-6)


def test_several_videos_are_told_apart():
    videos = [times.regular(3, 10), np.array([0, 1.0, 5.0]), times.regular(1, 2)]
    for one, other in zip(times.from_arrays(times.to_arrays(videos)), videos, strict=True):
        np.testing.assert_allclose(one, other)
    assert times.from_arrays(times.to_arrays([])) == []


@pytest.mark.parametrize(
    "fps", [Fraction(25), Fraction(30000, 1001), Fraction(1, 5), Fraction(1, 600), Fraction(15, 2)]
)
def test_the_rate_of_a_constant_rate_is_exact(fps):
    assert times.mean_rate(times.regular(40, fps)) == fps
    assert times.true_rate(times.regular(40, fps), fps) == fps


def test_the_true_rate_is_frames_over_seconds_where_the_nominal_one_lies():
    assert times.true_rate(np.array([0, 1.0, 2.0, 3.0, 4.0]), Fraction(25)) == 1
