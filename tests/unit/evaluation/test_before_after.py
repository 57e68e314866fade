"""Before and after: differences and tests are those of a table's comparisons; videos are counted pair by pair."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from support import results
from wsstad.evaluation import before_after, metrics
from wsstad.evaluation.metrics import Resampling, significance
from wsstad.evaluation.metrics.significance import Row
from wsstad.evaluation.results import EvaluatedAbnormal, Missing, VideoResult

TESTS = [(i % 2, f"v{i:02d}", "abnormal" if i < 10 else "normal") for i in range(18)]
BOXED = 8  # the last two abnormal ones have no boxes
ABNORMAL = np.array([label == "abnormal" for *_, label in TESTS])
FOLDS = np.array([fold for fold, *_ in TESTS])


def made(name, row, *, without=(), missing=(), localised=BOXED, tests=TESTS, **more):
    """A result with the scores (r, 18) and S_loc (r, 8) of a row; tests `without` a row may be said to be missing."""
    rows = []
    for i, (fold, video, label) in enumerate(tests):
        boxed = {"s_loc": float(row.s_loc[:, i].mean()), "s_loc_of_runs": tuple(row.s_loc[:, i])} if i < BOXED else {}
        scores = tuple(row.scores[:, i].tolist())
        rows.append(
            VideoResult(fold=fold, video=video, label=label, score=np.mean(scores), scores_of_runs=scores, **boxed)
        )
    rows = [row for row in rows if row.video not in (*without, *missing)]
    gone = tuple(Missing(fold=fold, video=video, reason="V106 short") for fold, video, _ in tests if video in missing)
    made = results.result(name, videos=tuple(rows), missing=gone, thresholds=(0.2, 0.5), **more)
    return replace(
        made, counts=replace(made.counts, abnormal=EvaluatedAbnormal(evaluated=10, expected=11, localised=localised))
    )


def rows(*runs, seed=0):
    rng = np.random.default_rng(seed)
    return [Row(rng.random((r, 18)) + ABNORMAL / (k + 2), rng.random((r, BOXED))) for k, r in enumerate(runs)]


def compared(first, second, names=("mgpr",), **more):
    return before_after.compare(results.block(first), results.block(second), trained=names, **more)


@pytest.mark.parametrize("runs", [(1, 1), (3, 3), (3, 2)])
def test_the_tests_are_those_of_a_table_with_the_second_less_the_first(runs):
    before, after = rows(*runs)
    changes = {change.metric: change for change in compared([made("mgpr", before)], [made("mgpr", after)])}
    order = sorted(range(18), key=lambda i: TESTS[i])
    boxed = [i for i in order if i < BOXED]
    pair = [Row(row.scores[:, order], row.s_loc[:, boxed]) for row in (after, before)]
    shared = significance.draw_shared(ABNORMAL[order], FOLDS[order], n_boxed=BOXED, resampling=Resampling(10, 0))
    for expected in significance.compare(*pair, shared, [0.2, 0.5]):
        assert changes[expected.metric].verdict == significance.decide([expected])[0]
    assert list(changes) == ["VAUC", "MIoU", "IoU@0.2", "IoU@0.5"]
    for side, row in (("first", before), ("second", after)):
        vauc = np.mean([metrics.vauc(run, ABNORMAL, FOLDS) for run in row.scores])
        assert getattr(changes["VAUC"], side) == pytest.approx(vauc)
        assert getattr(changes["MIoU"], side) == pytest.approx(row.s_loc.mean())
        assert getattr(changes["IoU@0.5"], side) == pytest.approx((row.s_loc > 0.5).mean())
    for change in changes.values():
        assert change.verdict.value == pytest.approx(change.second - change.first)


def naive_permutation(differences):
    """Return the p-value of the mean difference over all swaps of before and after in any of the videos."""
    seen = abs(sum(differences))
    swaps = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return sum(value >= seen - 1e-12 for value in swaps) / len(swaps)


def test_a_p_value_counts_all_swaps_and_is_corrected_for_the_methods_of_the_family():
    (a, b), (c, d) = rows(2, 2), rows(2, 2, seed=1)
    changes = compared([made("mgpr", a), made("stil", c)], [made("mgpr", b), made("stil", d)], ("mgpr", "stil"))
    miou = {change.method: change for change in changes if change.metric == "MIoU"}
    p = {name: naive_permutation((y.s_loc - x.s_loc).mean(axis=0)) for name, x, y in (("mgpr", a, b), ("stil", c, d))}
    assert {name: change.verdict.p_permutation for name, change in miou.items()} == pytest.approx(p)
    low, high = sorted(p, key=p.get)
    assert miou[low].verdict.corrected == pytest.approx(min(1, 2 * p[low]))
    assert miou[high].verdict.corrected == pytest.approx(min(1, max(2 * p[low], p[high])))


def test_better_is_who_the_tests_say():
    before, after = (
        Row(np.tile(ABNORMAL, (1, 1)) * 0.5, np.full((1, BOXED), 0.1)),
        Row(np.zeros((1, 18)), np.full((1, BOXED), 0.6)),
    )
    better = {change.metric: change.better for change in compared([made("mgpr", before)], [made("mgpr", after)])}
    assert better == {"VAUC": "first", "MIoU": "second", "IoU@0.2": "second", "IoU@0.5": "second"}
    assert {change.better for change in compared([made("mgpr", before)], [made("mgpr", before)])} == {""}


def test_upper_bounds_are_a_family_of_their_own_without_vauc():
    before, after = rows(1, 1)
    oracle = {"selection": "oracle"}
    first = [made("mgpr", before), made("upper_bound", before, **oracle), made("random", before, selection="random")]
    second = [made("mgpr", after), made("upper_bound", after, **oracle), made("random", after, selection="random")]
    changes = compared(first, second)
    assert {(change.family, change.method) for change in changes} == {
        ("methods", "mgpr"),
        ("upper bounds", "upper_bound"),
    }
    bound = [change for change in changes if change.family == "upper bounds"]
    assert [change.metric for change in bound] == ["MIoU", "IoU@0.2", "IoU@0.5"]
    assert all(change.verdict.corrected == change.verdict.p_permutation for change in bound)


def test_a_video_that_one_side_set_aside_counts_as_0_there_and_is_not_ranked():
    before, after = rows(2, 2)
    sides = made("mgpr", before), made("mgpr", after, missing=["v00", "v01"])
    paired = before_after.pair(*sides)
    assert len(paired.tests) == 16
    assert paired.boxed == tuple(sorted((fold, video) for fold, video, _ in TESTS[:BOXED]))
    miou = next(change for change in compared([sides[0]], [sides[1]]) if change.metric == "MIoU")
    lost = after.s_loc.copy()
    lost[:, :2] = 0
    assert (miou.first, miou.second) == pytest.approx((before.s_loc.mean(), lost.mean()))
    changes = {change.video: change for change in before_after.videos(paired)}
    assert changes["v00"].s_loc == (pytest.approx(before.s_loc[:, 0].mean()), 0)
    assert np.isnan(changes["v00"].score[1])
    assert changes["v00"].ranked is None


def test_videos_with_boxes_that_both_set_aside_are_differences_of_0():
    before, after = rows(1, 1)
    sides = [made("mgpr", row, localised=BOXED + 2) for row in (before, after)]
    assert before_after.pair(*sides).lost == 2
    miou = next(change for change in compared([sides[0]], [sides[1]]) if change.metric == "MIoU")
    assert (miou.verdict.n, miou.first) == (BOXED + 2, pytest.approx(before.s_loc.sum() / (BOXED + 2)))


def test_only_tests_that_both_have_are_paired():
    before, after = rows(1, 1)
    paired = before_after.pair(made("mgpr", before, without=["v00", "v10"]), made("mgpr", after))
    assert len(paired.tests) == 16
    assert len(paired.boxed) == BOXED - 1
    relabelled = [(fold, video, "normal" if video == "v09" else label) for fold, video, label in TESTS]
    assert len(before_after.pair(made("mgpr", before), made("mgpr", after, tests=relabelled)).tests) == 17
    moved = [(1 - fold, video, label) for fold, video, label in TESTS]
    assert before_after.pair(made("mgpr", before), made("mgpr", after, tests=moved)).tests == ()


def test_s_loc_is_not_compared_against_other_boxes():
    before, after = rows(1, 1)
    sides = made("mgpr", before), made("mgpr", after)
    assert len(before_after.pair(*sides, unlike=["v03"]).boxed) == BOXED - 1
    assert [change.metric for change in compared([sides[0]], [sides[1]], boxes=False)] == ["VAUC"]
    assert all(change.s_loc is None for change in before_after.videos(before_after.pair(*sides, boxes=False)))


def test_without_a_pair_to_rank_s_loc_is_compared_all_the_same():
    before, after = rows(2, 2)
    normal = [video for _, video, label in TESTS if label == "normal"]
    sides = [made("mgpr", row, without=normal) for row in (before, after)]
    changes = compared([sides[0]], [sides[1]])
    assert [change.metric for change in changes] == ["MIoU", "IoU@0.2", "IoU@0.5"]
    assert changes[0].verdict.p_permutation == pytest.approx(
        naive_permutation((after.s_loc - before.s_loc).mean(axis=0))
    )
    assert {change.ranked for change in before_after.videos(before_after.pair(*sides))} == {None}
    nothing = [made("mgpr", row, without=[video for _, video, _ in TESTS]) for row in (before, after)]
    assert before_after.videos(before_after.pair(*nothing)) == []
    assert compared(nothing[:1], nothing[1:]) == []


def test_a_video_s_share_of_pairs_is_counted_pair_by_pair_and_adds_up_to_vauc():
    before, after = rows(3, 2)
    before.scores[0, 3] = before.scores[0, 11]
    paired = before_after.pair(made("mgpr", before), made("mgpr", after))
    changes = before_after.videos(paired)
    for side, row in ((0, before), (1, after)):
        for change in changes:
            i = next(k for k, test in enumerate(TESTS) if test[:2] == (change.fold, change.video))
            shares = []
            for run in row.scores:
                others = [run[k] for k in range(18) if FOLDS[k] == FOLDS[i] and ABNORMAL[k] != ABNORMAL[i]]
                wins = [(run[i] > other) if ABNORMAL[i] else (run[i] < other) for other in others]
                shares.append(
                    np.mean(
                        [
                            1.0 if win else 0.5 if run[i] == other else 0.0
                            for win, other in zip(wins, others, strict=True)
                        ]
                    )
                )
            assert change.ranked[side] == pytest.approx(np.mean(shares))
        abnormal = [change for change in changes if change.label == "abnormal"]
        weights = [np.count_nonzero((change.fold == FOLDS) & ~ABNORMAL) for change in abnormal]
        shares = [change.ranked[side] for change in abnormal]
        vauc = np.mean([metrics.vauc(run, ABNORMAL, FOLDS) for run in row.scores])
        assert np.average(shares, weights=weights) == pytest.approx(vauc)


def test_those_that_moved_most_come_first():
    before, after = rows(1, 1)
    changes = before_after.videos(before_after.pair(made("mgpr", before), made("mgpr", after)))
    assert len(changes) == 18
    moves = [abs(change.moved) for change in changes]
    assert moves == sorted(moves, reverse=True)
    by_video = {change.video: change for change in changes}
    assert by_video["v03"].moved == pytest.approx(float(after.s_loc[0, 3] - before.s_loc[0, 3]))
    assert by_video["v12"].moved == pytest.approx(by_video["v12"].ranked[1] - by_video["v12"].ranked[0])
