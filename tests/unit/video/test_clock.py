"""The clock: seconds since the first frame, rising, from whatever a stream gives."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.video import clock

MS, TS = Fraction(1, 1000), Fraction(1, 90_000)


def read(ticks, tick=TS, fps=25, **more):
    return clock.read(ticks, tick, fps=Fraction(fps), **more)


@given(
    st.integers(0, 2**33), st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(1, 5)]), st.integers(1, 99)
)
def test_a_constant_rate_rounded_to_ticks_is_that_rate_from_any_start(start, fps, n):
    ticks = [round((start / 90_000 + number / fps) * 1000) for number in range(n)]
    clock = read(ticks, MS, fps)
    np.testing.assert_array_equal(clock.edges, np.arange(n + 1) * fps.denominator / fps.numerator)
    assert clock.start == pytest.approx(start / 90_000, abs=1e-3)


@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=60), st.integers(0, 10**9))
def test_irregular_times_are_kept_from_the_first_frame_on(moves, start):
    ticks = np.cumsum([start, *moves])
    clock = read(ticks.tolist(), last=9000)
    if np.ptp(moves) > 4:
        np.testing.assert_allclose(clock.edges, [*((ticks - start) / 90_000), (ticks[-1] - start + 9000) / 90_000])
    assert (clock.start, clock.joins) == (start / 90_000, 0)


def test_times_in_the_order_of_decoding_are_put_in_their_places():
    """XviD with B-frames in AVI: 0.12 0.16 0.24 0.20."""
    clock = read([3, 4, 6, 5, 7, 9, 8, 10], Fraction(1, 25))
    np.testing.assert_array_equal(clock.edges, np.arange(9) / 25)
    dropped = read([0, 1, 3, 2, 6, 5, 7], Fraction(1, 25))
    np.testing.assert_allclose(dropped.edges, np.array([0, 1, 2, 3, 5, 6, 7, 8]) / 25)


@pytest.mark.parametrize("first", [50, 9])
def test_two_recordings_one_after_the_other_are_one_time(first):
    ticks = [133_200 + 3600 * number for number in [*range(first), *range(50)]]
    clock = read(ticks)
    np.testing.assert_allclose(clock.edges, np.arange(first + 51) / 25)
    assert clock.joins == 1


def test_a_leap_forward_is_another_clock_only_where_the_stream_shows_seams():
    ticks = [3600 * number for number in range(50)]
    ticks += [8_100_000_000 + tick for tick in ticks]
    assert read(ticks, is_joined=True).edges[-1] == pytest.approx(4)
    assert read(ticks).edges[-1] == pytest.approx(90_002)
    slow = [90_000 * 20 * number for number in range(9)]
    assert read(slow, fps=Fraction(1, 20), is_joined=True).edges[-1] == 180, "a frame every 20 s is no leap"


def test_unknown_times_are_counted_from_those_that_are_known():
    np.testing.assert_array_equal(read([None] * 4, fps=50).edges, np.arange(5) / 50)
    np.testing.assert_allclose(read([None, 1.0, 2.0, None, 9.0], Fraction(1), fps=1).edges, [0, 1, 2, 3, 9, 15])
    assert read([]).edges.tolist() == [0]


def test_frames_of_the_same_time_share_the_span_to_the_next():
    np.testing.assert_allclose(read([0, 0, 2, 3, 3], Fraction(1), fps=1).edges, [0, 1, 2, 3, 3.5, 4])
    np.testing.assert_allclose(read([5, 5, 5], Fraction(1), fps=1).edges, [0, 1 / 3, 2 / 3, 1])
