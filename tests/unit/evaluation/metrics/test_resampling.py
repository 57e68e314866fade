"""Shares and means with their uncertainty, against their definitions."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.evaluation.metrics import resampling


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_bounds_of_a_share_are_the_shares_that_the_score_test_just_does_not_refuse(case):
    k, n = case
    low, high = resampling.wilson(k, n)
    for bound in (low, high):
        error = statistics.NormalDist().inv_cdf(0.975) ** 2 * bound * (1 - bound) / n
        assert (k / n - bound) ** 2 == pytest.approx(error, abs=1e-12)
    assert 0 <= low < high <= 1
    assert low - 1e-12 <= k / n <= high + 1e-12


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=9))
def test_mean_and_deviation_over_runs(values):
    mean, deviation = resampling.mean_and_std(values)
    assert (mean, deviation) == pytest.approx((statistics.mean(values), statistics.stdev(values)))


def test_one_run_has_no_deviation():
    assert resampling.mean_and_std([0.25]) == (0.25, None)
