"""Significance: against explicit swaps and scipy; and what share of its verdicts is wrong, by simulation."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsstad.evaluation import metrics, scorecard
from wsstad.evaluation.cases import Cases
from wsstad.evaluation.metrics import Resampling, significance
from wsstad.evaluation.metrics.significance import Difference, Row
from wsstad.evaluation.selections import MEASURES, Choice

ABNORMAL = np.arange(24) < 12
FOLDS = np.arange(24) % 2


@pytest.mark.parametrize("n_runs", [(1, 1), (3, 3), (3, 2), (1, 4)])
def test_terms_of_vauc_equal_swapping_the_ranks_of_the_two_methods(n_runs):
    rng = np.random.default_rng(sum(n_runs))
    abnormal, folds = np.array([True, False, False, True, False, True]), np.array([0, 0, 0, 1, 1, 1])
    first, second = (rng.integers(0, 4, (r, 6)) / 4 for r in n_runs)
    terms = significance.vauc_terms(first, second, abnormal, folds)
    # Every run of the one with every run of the other, where their numbers differ; else run k with run k.
    same = n_runs[0] == n_runs[1]
    runs = [(x, y) for i, x in enumerate(first) for j, y in enumerate(second) if i == j or not same]
    ranked = [[naive_ranks(scores, folds) for scores in pair] for pair in runs]
    for signs in itertools.product([1, -1], repeat=6):
        swapped = np.array(signs) < 0
        differences = [
            naive_vauc(np.where(swapped, b, a), abnormal, folds) - naive_vauc(np.where(swapped, a, b), abnormal, folds)
            for a, b in ranked
        ]
        assert terms @ np.array(signs) == pytest.approx(np.mean(differences), abs=1e-12)


def naive_ranks(scores, folds):
    """The number of videos of the fold that score less, and half of the equal ones."""
    pairs = list(zip(scores.tolist(), folds.tolist(), strict=True))
    return np.array([sum((z < s) + 0.5 * (z == s) for z, g in pairs if g == f) for s, f in pairs])


def naive_vauc(scores, abnormal, folds):
    listed = list(zip(scores.tolist(), abnormal.tolist(), folds.tolist(), strict=True))
    won = [(s > z) + 0.5 * (s == z) for s, a, f in listed for z, b, g in listed if a and not b and f == g]
    return sum(won) / len(won)


def test_the_scale_of_a_methods_scores_does_not_matter():
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 3, 24))
    terms = significance.vauc_terms(first, second, ABNORMAL, FOLDS)
    stretched = first**3 / 7 + 10 * FOLDS
    assert significance.vauc_terms(stretched, second, ABNORMAL, FOLDS) == pytest.approx(terms, abs=1e-12)


def rejected(p_values, level):
    """Which hypotheses Holm's method rejects, step by step."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    result = set()
    for step, i in enumerate(order):
        if p_values[i] * (len(p_values) - step) > level:
            break
        result.add(i)
    return result


@given(st.lists(st.sampled_from([0.001, 0.004, 0.01, 0.02, 0.03, 0.5, 1.0]), max_size=6))
def test_corrected_p_values_are_the_levels_at_which_holm_rejects(p_values):
    corrected = significance.holm(p_values)
    for level in (0.004, 0.012, 0.05, 0.1):
        assert {i for i, p in enumerate(corrected) if p <= level} == rejected(p_values, level)


def test_a_verdict_needs_both_answers():
    def made(p, low):
        return Difference("MIoU", 12, 0.1, (low, 0.3), 0.5, p)

    verdicts = significance.decide([made(0.001, 0.01), made(0.001, -0.01), made(0.06, 0.01), made(0.02, 0.01)])
    assert [verdict.corrected for verdict in verdicts] == pytest.approx([0.004, 0.004, 0.06, 0.04])
    assert [verdict.significant for verdict in verdicts] == [True, False, False, True]


def rows(rng, *, runs=1, lift=0.0):
    """Two methods on the same videos, skewed; the first one is better by `lift`.

    A video is as hard for the one as for the other: what is left is noise, log-normal in S_loc, exponential in scores.
    """
    ease = rng.exponential(1, 24)
    made = []
    for more in (lift, 0.0):
        scores = 0.7 * ABNORMAL * ease + more * ABNORMAL + rng.exponential(1, (runs, 24))
        s_loc = 0.12 * ease[:12] * rng.lognormal(0, 1, (runs, 12)) + 0.2 * more
        made.append(Row(scores, np.clip(s_loc, 0, 1)))
    return made


def draw_shared(resamples=400):
    return significance.draw_shared(ABNORMAL, FOLDS, n_boxed=12, resampling=Resampling(resamples, 0))


def test_differences_are_those_of_the_metrics_over_all_runs():
    first, second = rows(np.random.default_rng(3), runs=3, lift=0.5)
    second = Row(second.scores[:2], second.s_loc[:2])
    differences = {
        difference.metric: difference for difference in significance.compare(first, second, draw_shared(), [0.1, 0.3])
    }
    assert list(differences) == ["VAUC", "MIoU", "IoU@0.1", "IoU@0.3"]
    vaucs = [np.mean([metrics.vauc(run, ABNORMAL, FOLDS) for run in row.scores]) for row in (first, second)]
    assert differences["VAUC"].value == pytest.approx(vaucs[0] - vaucs[1], abs=1e-12)
    assert differences["MIoU"].value == pytest.approx(first.s_loc.mean() - second.s_loc.mean(), abs=1e-12)
    assert differences["IoU@0.3"].value == pytest.approx(
        (first.s_loc > 0.3).mean() - (second.s_loc > 0.3).mean(), abs=1e-12
    )
    assert (differences["VAUC"].n, differences["MIoU"].n) == (24, 12)
    for difference in differences.values():
        assert difference.interval[0] <= difference.value <= difference.interval[1]
    mirrored = {
        difference.metric: difference for difference in significance.compare(second, first, draw_shared(), [0.1, 0.3])
    }
    for name, difference in differences.items():
        assert mirrored[name].value == pytest.approx(-difference.value, abs=1e-12)
        assert mirrored[name].p_permutation == difference.p_permutation
        assert mirrored[name].interval == pytest.approx([-bound for bound in difference.interval[::-1]], abs=1e-12)


def test_a_row_does_not_differ_from_itself():
    first, _ = rows(np.random.default_rng(4), runs=2)
    for verdict in significance.decide(significance.compare(first, first, draw_shared(), [0.1])):
        assert (verdict.value, verdict.interval, verdict.p_permutation, verdict.significant) == (0, (0, 0), 1, False)
        assert verdict.p_bootstrap == 1


def test_without_boxes_vauc_alone_is_compared():
    made = [Row(row.scores, np.zeros((1, 0))) for row in rows(np.random.default_rng(4))]
    shared = significance.draw_shared(ABNORMAL, FOLDS, n_boxed=0, resampling=Resampling(50, 0))
    assert [difference.metric for difference in significance.compare(*made, shared, [0.1])] == ["VAUC"]


def test_all_rows_share_the_resamples_of_the_scorecard():
    row, _ = rows(np.random.default_rng(5), runs=2)
    tests = [(fold, f"v{i:02d}") for i, fold in enumerate(FOLDS.tolist())]
    tests = sorted(tests)
    abnormal, folds = np.arange(24) % 12 < 6, np.array([fold for fold, _ in tests])
    boxed = [test for test, is_abnormal in zip(tests, abnormal, strict=True) if is_abnormal]
    made = []
    for scores, s_loc in zip(row.scores, row.s_loc, strict=True):
        measures = dict(zip(boxed, s_loc, strict=True))
        made.append(
            {
                test: Choice(score, (0, 1), np.full(len(MEASURES), measures[test]) if test in measures else None)
                for test, score in zip(tests, scores.tolist(), strict=True)
            }
        )
    resampling = Resampling(300, seed=7)
    cases = Cases(dict(zip(tests, abnormal.tolist(), strict=True)), tuple(boxed))
    card = scorecard.build(made, cases, thresholds=[0.1], resampling=resampling)
    shared = significance.draw_shared(abnormal, folds, n_boxed=12, resampling=resampling)
    nothing = Row(np.zeros((1, 24)), np.zeros((1, 12)))
    differences = {difference.metric: difference for difference in significance.compare(row, nothing, shared, [0.1])}
    for metric in ("MIoU", "IoU@0.1"):
        assert differences[metric].interval == pytest.approx(card[metric].interval, abs=1e-6)
    # A row without any order has VAUC 1/2 in every sample.
    assert [bound + 0.5 for bound in differences["VAUC"].interval] == pytest.approx(card["VAUC"].interval, abs=1e-6)


def wins(times, *, seed, **options):
    """The share of `times` made-up comparisons, each a family by itself, in which each metric is called different."""
    rng, shared = np.random.default_rng(seed), draw_shared()
    verdicts, intervals = {}, {}
    for _ in range(times):
        for difference in significance.compare(*rows(rng, **options), shared, [0.1]):
            verdicts.setdefault(difference.metric, []).append(significance.decide([difference])[0].significant)
            intervals.setdefault(difference.metric, []).append(
                not difference.interval[0] <= 0 <= difference.interval[1]
            )
    return [{metric: np.mean(flags) for metric, flags in counted.items()} for counted in (verdicts, intervals)]


@pytest.mark.slow
def test_without_a_difference_at_most_one_in_twenty_comparisons_wins():
    times = 600
    verdicts, intervals = wins(times, seed=1)
    slack = 3 * np.sqrt(0.05 * 0.95 / times)
    assert verdicts.keys() == {"VAUC", "MIoU", "IoU@0.1"}
    assert all(share <= 0.05 + slack for share in verdicts.values()), verdicts
    # The interval alone would not do: with twelve skewed videos it calls twice as many different.
    assert intervals["MIoU"] > 0.05 + slack


@pytest.mark.slow
def test_a_real_difference_is_found():
    # Stated power, with three runs of each method: VAUC 0.93 against 0.69 is found in four of five comparisons, MIoU
    # 0.46 against 0.17 in nearly all.
    options = {"runs": 3, "lift": 1.5}
    rng = np.random.default_rng(9)
    many = [rows(rng, **options) for _ in range(200)]
    s_loc = [np.mean([pair[k].s_loc for pair in many]) for k in (0, 1)]
    vaucs = [np.mean([naive_vauc(pair[k].scores[0], ABNORMAL, FOLDS) for pair in many]) for k in (0, 1)]
    assert [*vaucs, *s_loc] == pytest.approx([0.93, 0.69, 0.46, 0.17], abs=0.02)
    verdicts, _ = wins(200, seed=2, **options)
    assert verdicts["VAUC"] >= 0.75, verdicts
    assert min(verdicts["MIoU"], verdicts["IoU@0.1"]) >= 0.95, verdicts


def test_the_observed_difference_counts_on_both_sides_of_a_bootstrap():
    samples = np.array([-1.0, *[2.0] * 98, np.nan])  # 99 of them, one on the rarer side
    assert significance.bootstrap_p(samples) == pytest.approx(2 * (1 + 1) / (99 + 1))
    assert significance.bootstrap_p(np.zeros(9)) == 1


def test_a_verdict_is_corrected_for_the_whole_family_that_was_declared():
    alone = Difference("MIoU", 12, 0.2, (0.1, 0.3), 0.5, 0.03)
    assert [verdict.corrected for verdict in significance.decide([alone])] == pytest.approx([0.03])
    assert [verdict.corrected for verdict in significance.decide([alone], size=4)] == pytest.approx([0.12])
