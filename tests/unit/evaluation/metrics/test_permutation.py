"""Permutation: against scipy's, and where it is drawn."""

import numpy as np
import pytest
from scipy import stats

from wsstad.evaluation.metrics import permutation


def test_exact_permutation_equals_scipy_and_random_flips_come_close():
    rng = np.random.default_rng(1)
    for n in (3, 8, 12):
        first, second = rng.exponential(size=(2, n))
        oracle = stats.permutation_test(
            (first, second), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf
        )
        flips = permutation.draw_flips(n, rng)
        assert flips.exact
        result = permutation.permutation_p((first - second) / n, flips)
        assert result == pytest.approx(oracle.pvalue, abs=1e-12)
        random = permutation.Flips(1 - 2 * rng.integers(0, 2, (permutation.FLIPS, n), dtype=np.int8), exact=False)
        assert permutation.permutation_p((first - second) / n, random) == pytest.approx(result, abs=0.015)


def test_random_flips_are_drawn_for_many_videos_and_never_give_zero():
    flips = permutation.draw_flips(40, np.random.default_rng(0))
    assert (flips.signs.shape, flips.exact) == ((20_000, 40), False)
    assert permutation.permutation_p(np.full(40, 0.1), flips) == 1 / 20_001
    assert permutation.permutation_p(np.zeros(40), flips) == 1


def test_sums_in_another_order_are_ties():
    flips = permutation.draw_flips(3, np.random.default_rng(0))
    assert permutation.permutation_p(np.array([0.1, 0.2, -0.3]), flips) == 1
    assert permutation.permutation_p(np.array([0.3, 0.3, 0.1]), flips) == 2 / 8


@pytest.mark.parametrize("n", [1, 5, 14, 15])
def test_no_p_value_is_below_the_least(n):
    flips = permutation.draw_flips(n, np.random.default_rng(0))
    assert permutation.permutation_p(np.ones(n), flips) >= permutation.least_p(n)
    exact = permutation.permutation_p(2.0 ** np.arange(n), flips) if n < 15 else 1 / 20_001
    assert exact == permutation.least_p(n)
