"""Power: against published numbers of videos, DeLong's formula in loops, and simulations of the tests themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from wsstad.evaluation.metrics import Resampling, pair_matrix, power, resample, resampled_vauc, significance
from wsstad.evaluation.metrics.power import Noise
from wsstad.evaluation.metrics.significance import Row


@pytest.mark.parametrize(("effect", "videos"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_numbers_of_pairs_are_those_of_cohens_effects(effect, videos):
    # Small, medium and large, two-sided 0.05, power 0.8: as G*Power has them (Faul et al., 2007).
    assert power.videos_needed(effect, Noise((1.0,), (12,))) == videos


def test_for_many_videos_the_normal_approximation_holds():
    for n, family in ((866, 1), (1973, 36)):
        normal = stats.norm.isf(0.025 / family) + stats.norm.isf(0.2)
        result = power.smallest_effect(Noise((23.1**2,), (n,)), family=family)
        assert result == pytest.approx(normal * 23.1 / np.sqrt(n), rel=0.005)
    # Of a dozen it is too bold: 18.7 points where the t distribution has 20.5.
    assert power.smallest_effect(Noise((23.1**2,), (12,))) == pytest.approx(20.53, abs=0.01)


def naive_delong(first, second, abnormal):
    """The variance of the difference of two correlated areas, each sum spelled out."""
    high, low = np.flatnonzero(abnormal), np.flatnonzero(~abnormal)

    def psi(scores, a, n):
        return 1.0 if scores[a] > scores[n] else 0.5 if scores[a] == scores[n] else 0.0

    v10 = [[sum(psi(s, a, n) for n in low) / len(low) for a in high] for s in (first, second)]
    v01 = [[sum(psi(s, a, n) for a in high) / len(high) for n in low] for s in (first, second)]
    s10, s01 = np.cov(v10), np.cov(v01)
    contrast = np.array([1, -1])
    return [float(contrast @ s @ contrast) for s in (s10, s01)]


@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_in_one_fold_the_noise_of_vauc_is_that_of_delong(a, n, seed):
    rng = np.random.default_rng(seed)
    abnormal = rng.permutation(np.arange(a + n) < a)
    first, second = rng.integers(0, 5, (2, 1, a + n)) / 4
    right, same = pair_matrix(first, abnormal, np.zeros(a + n))
    other, _ = pair_matrix(second, abnormal, np.zeros(a + n))
    noise = power.area_noise(right - other, same)
    assert noise.sizes == (a, n)
    assert noise.variances == pytest.approx(naive_delong(first[0], second[0], abnormal), abs=1e-12)


def test_in_several_folds_the_error_of_vauc_is_that_of_the_bootstrap():
    rng = np.random.default_rng(0)
    for sizes in ((160, 160), (240, 80)):
        folds = np.concatenate([np.repeat(np.arange(4), n // 4) for n in sizes])
        abnormal = np.arange(sum(sizes)) < sizes[0]
        scores = rng.normal(size=(2, 3, sum(sizes))) + abnormal * np.array([1.5, 0.8])[:, None, None]
        (right, same), (other, _) = (pair_matrix(scores_of_method, abnormal, folds) for scores_of_method in scores)
        samples = resampled_vauc(right - other, same, *(resample(n, 4000, rng) for n in sizes))
        assert power.area_noise(right - other, same).error() == pytest.approx(np.std(samples), rel=0.05)


def test_the_noise_of_a_mean_is_that_of_the_t_test():
    differences = np.random.default_rng(0).normal(0.1, 0.3, 15)
    noise = power.paired_noise(differences)
    oracle = stats.ttest_1samp(differences, 0)
    assert differences.mean() / noise.error() == pytest.approx(oracle.statistic)
    assert noise.freedom() == pytest.approx(oracle.df)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "family"), [(12, 1), (12, 5), (40, 1)])
def test_the_permutation_test_finds_the_smallest_difference_four_times_in_five(n, family):
    rng, sd, times = np.random.default_rng(n), 0.23, 1000
    effect = power.smallest_effect(Noise((sd**2,), (n,)), family=family)
    flips = significance.draw_flips(n, rng)
    differences = rng.normal(effect, sd, (times, n))
    detected = [significance.permutation_p(row / n, flips) < power.LEVEL / family for row in differences]
    assert np.mean(detected) == pytest.approx(power.POWER, abs=0.04)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "shifts"), [(15, [1.75, 0.5]), (50, [1.3, 0.7])])
def test_the_permutation_test_of_vauc_has_about_the_power_that_a_pilot_promises(n, shifts):
    """Two methods that agree on how hard a video is; the area of each is Phi(shift / sqrt(2)) in truth."""
    rng, shifts = np.random.default_rng(n), np.array(shifts)

    def draw(size):
        abnormal = np.arange(2 * size) < size
        shared, own = rng.normal(size=2 * size), rng.normal(size=(2, 2 * size))
        return abnormal, np.sqrt(0.4) * shared + np.sqrt(0.6) * own + abnormal * shifts[:, None]

    abnormal, scores = draw(1500)  # the pilot is so large that its noise is the truth
    (right, same), (other, _) = (
        pair_matrix(scores_of_method[None], abnormal, np.zeros(3000)) for scores_of_method in scores
    )
    effect = float(np.diff(stats.norm.cdf(shifts[::-1] / np.sqrt(2)))[0])
    promised = power.power_of(effect, power.area_noise(right - other, same), share=n / 1500)
    shared = significance.draw_shared(np.arange(2 * n) < n, np.zeros(2 * n), n_boxed=0, resampling=Resampling(200, 0))
    detected = []
    for _ in range(300):
        rows = [Row(scores[None], np.zeros((1, 0))) for scores in draw(n)[1]]
        detected.append(significance.compare(*rows, shared, [])[0].p_permutation < power.LEVEL)
    assert 0.6 < promised < 0.8
    assert np.mean(detected) == pytest.approx(promised, abs=0.1)


NOISE = st.builds(
    lambda variances, sizes: Noise(tuple(variances), tuple(sizes)),
    st.lists(st.floats(0.01, 10), min_size=2, max_size=2),
    st.lists(st.integers(8, 60), min_size=2, max_size=2),
)


@given(NOISE, st.sampled_from([1, 2, 5, 10]))
@settings(max_examples=40, deadline=None)
def test_more_videos_show_less_and_more_comparisons_need_more(noise, family):
    smallest = power.smallest_effect(noise, family=family)
    assert smallest > power.smallest_effect(noise, share=2, family=family)
    assert smallest < power.smallest_effect(noise, family=family + 1)
    assert power.power_of(smallest, noise, level=power.LEVEL / family) == pytest.approx(power.POWER)
    twice = Noise(tuple(4 * v for v in noise.variances), noise.sizes)
    assert power.smallest_effect(twice, family=family) == pytest.approx(2 * smallest)


@given(NOISE, st.floats(0.05, 2), st.sampled_from([1, 5]))
@settings(max_examples=30, deadline=None)
def test_the_videos_needed_are_the_first_that_show_the_effect(noise, effect, family):
    n = power.videos_needed(effect, noise, family=family)
    shown = [power.smallest_effect(noise, share=k / noise.sizes[0], family=family) for k in (n, n - 1)]
    assert shown[0] <= effect
    assert shown[1] is None or shown[1] > effect
    assert power.videos_needed(-effect, noise, family=family) == n


def test_what_cannot_be_said_is_not_said():
    same = power.paired_noise(np.zeros(12))
    assert power.smallest_effect(same) is None  # rows that agree in every video
    assert power.videos_needed(0.1, same) is None
    assert power.paired_noise(np.zeros(1)) is None
    assert power.area_noise(np.zeros((1, 5)), np.ones((1, 5), dtype=bool)) is None
    # Five videos have no p-value below 2 / 2^5; eight have none below 0.05 / 7.
    assert power.smallest_effect(Noise((1.0,), (5,))) is None
    assert power.smallest_effect(Noise((1.0,), (6,))) is not None
    assert power.smallest_effect(Noise((1.0,), (8,)), family=7) is None
    assert power.videos_needed(1e-6, Noise((1.0,), (12,))) is None


@pytest.mark.parametrize("sizes", [(5, 12), (30, 4)])
def test_degrees_of_freedom_are_those_of_welch(sizes):
    rng = np.random.default_rng(3)
    first, second = rng.normal(0, 1, sizes[0]), rng.normal(0, 3, sizes[1])
    noise = power.Noise((first.var(ddof=1), second.var(ddof=1)), sizes)
    assert noise.freedom() == pytest.approx(stats.ttest_ind(first, second, equal_var=False).df)


def test_the_true_error_lies_on_both_sides_of_the_pilot_s():
    noise = power.Noise((1.0, 4.0), (12, 9))
    low, high = noise.error_bounds()
    freedom = noise.freedom()
    expected = np.sqrt(freedom / stats.chi2.ppf([0.975, 0.025], freedom))
    assert (low, high) == pytest.approx(tuple(expected))
    assert low < 1 < high
