import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from wsstad.evaluation import metrics, scorecard
from wsstad.evaluation.cases import Cases
from wsstad.evaluation.metrics import Resampling, regions
from wsstad.evaluation.metrics.regions import Matches
from wsstad.evaluation.selections import MEASURES, Choice

LABELS = {f"a{i}": "abnormal" for i in range(4)} | {f"n{i}": "normal" for i in range(3)}
TESTS = [(i % 2, video) for i, video in enumerate(LABELS)]
ABNORMAL = {test: LABELS[test[1]] == "abnormal" for test in TESTS}
BOXED = tuple(test for test in TESTS if ABNORMAL[test])[:3]
CASES = Cases(ABNORMAL, BOXED)
OPTIONS = {"thresholds": [0.1, 0.3], "resampling": Resampling(500, 0)}


def runs(n=2):
    rng = np.random.default_rng(5)
    return [
        {t: Choice(rng.random(), (0, 5), rng.random(len(MEASURES)) if t in BOXED else None) for t in TESTS}
        for _ in range(n)
    ]


def test_every_metric_is_the_mean_over_runs_of_its_value_in_a_run():
    made = runs(3)
    card = scorecard.build(made, CASES, **OPTIONS)
    assert list(card) == [
        "VAUC",
        "MIoU",
        "IoU@0.1",
        "IoU@0.3",
        "temporal",
        "keyframe_IoU",
        "best_event_MIoU",
        "tube_IoU",
    ]
    s_loc = [[run[test].measures[0] for test in sorted(BOXED)] for run in made]
    assert card["MIoU"].mean == pytest.approx(np.mean(s_loc), abs=1e-6)
    assert card["MIoU"].std == pytest.approx(np.std(np.mean(s_loc, axis=1), ddof=1), abs=1e-6)
    hits = [sum(value > 0.3 for value in row) for row in s_loc]
    assert card["IoU@0.3"].k == tuple(hits)
    assert card["IoU@0.3"].n == 3
    assert card["IoU@0.3"].mean == pytest.approx(np.mean(hits) / 3, abs=1e-6)
    assert card["IoU@0.3"].wilson == pytest.approx(metrics.wilson(np.mean(hits), 3), abs=1e-6)
    vaucs = []
    for run in made:
        pairs = [
            (run[a].score > run[n].score) for a in TESTS for n in TESTS if ABNORMAL[a] > ABNORMAL[n] and a[0] == n[0]
        ]
        vaucs.append(np.mean(pairs))
        assert card["VAUC"].pairs == len(pairs)
    assert card["VAUC"].mean == pytest.approx(np.mean(vaucs), abs=1e-6)


def apart(tests):
    """Count pairs of an abnormal and a normal video of one fold that share no video: take them out one by one."""
    left, count = list(tests), 0
    while pair := next(((a, n) for a in left for n in left if ABNORMAL[a] and not ABNORMAL[n] and a[0] == n[0]), None):
        left = [test for test in left if test not in pair]
        count += 1
    return count


@pytest.mark.parametrize(("abnormal", "normal", "right"), [(0.9, 0.1, 1), (0.1, 0.9, 0)])
def test_a_vauc_at_the_edge_has_wilson_s_interval_over_pairs_that_share_no_video(abnormal, normal, right):
    made = [{t: Choice(abnormal if ABNORMAL[t] else normal, (0, 5), None) for t in TESTS} for _ in range(2)]
    entry = scorecard.build(made, Cases(ABNORMAL, ()), **OPTIONS)["VAUC"]
    pairs = apart(TESTS)
    assert pairs == 3
    assert (entry.mean, entry.interval) == (right, (right, right))
    assert entry.bounds == pytest.approx(metrics.wilson(right * pairs, pairs), abs=1e-6)
    assert entry.bounds[0] < entry.bounds[1]
    assert scorecard.build(runs(), CASES, **OPTIONS)["VAUC"].wilson is None, "elsewhere resampling moves it"


def test_inside_groups_only_videos_of_one_group_and_one_fold_are_compared():
    made, groups = runs(3), {video: "east" if int(video[1]) < 2 else "west" for video in LABELS}
    cells = {(test[0], groups[test[1]]) for test in TESTS}
    values = []
    for run in made:
        areas = []
        for cell in cells:
            own = [test for test in TESTS if (test[0], groups[test[1]]) == cell]
            pairs = [run[a].score > run[n].score for a in own for n in own if ABNORMAL[a] and not ABNORMAL[n]]
            areas += [np.mean(pairs)] if pairs else []
        values.append(np.mean(areas))
    entry = scorecard.in_groups(made, CASES, groups=groups, resampling=Resampling(500, 0))["VAUC_in_group"]
    assert entry.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert entry.std == pytest.approx(np.std(values, ddof=1), abs=1e-6)
    assert entry.n == len(areas) < len(cells)
    assert entry.interval[0] <= entry.mean <= entry.interval[1]


def test_groups_of_one_label_each_have_no_vauc():
    groups = {video: video[0] for video in LABELS}
    assert scorecard.in_groups(runs(2), CASES, groups=groups, resampling=Resampling(50, 0)) == {}


@given(st.data())
def test_vauc_inside_groups_is_that_of_scikit_learn(data):
    n = data.draw(st.integers(2, 30))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    scores, abnormal, groups = rng.integers(0, 4, (2, n)).astype(float), rng.random(n) < 0.5, rng.integers(0, 4, n)
    expected = [
        [roc_auc_score(abnormal[groups == g], row[groups == g]) for g in range(4) if len({*abnormal[groups == g]}) == 2]
        for row in scores
    ]
    np.testing.assert_allclose(metrics.vauc_inside(scores, abnormal, groups), expected, atol=1e-12)


def test_intervals_hold_the_mean_and_one_run_has_no_deviation():
    card = scorecard.build(runs(1), CASES, **OPTIONS)
    for entry in card.values():
        assert entry.std is None
        assert entry.interval[0] <= entry.mean <= entry.interval[1]


def test_runs_are_averaged_before_the_bootstrap():
    made = runs(2)
    twice = scorecard.build(made + made, CASES, **OPTIONS)
    once = scorecard.build(made, CASES, **OPTIONS)
    assert {name: entry.interval for name, entry in twice.items()} == {
        name: entry.interval for name, entry in once.items()
    }


def test_without_boxes_there_is_vauc_alone():
    assert list(scorecard.build(runs(), Cases(ABNORMAL, ()), **OPTIONS)) == ["VAUC"]


def test_a_class_is_measured_by_its_own_abnormal_videos_against_all_normal_ones():
    made = runs(2)
    classes = {test: {"a0": "fall", "a1": "fight", "a2": "fall", "a3": "fire"}.get(test[1], "normal") for test in TESTS}
    cards = scorecard.by_class(made, CASES, classes=classes, **OPTIONS)
    assert list(cards) == ["fall", "fight", "fire"]
    for name, card in cards.items():
        own = [test for test in TESTS if classes[test] == name]
        pairs = [
            run[a].score > run[n].score for run in made for a in own for n in TESTS if not ABNORMAL[n] and a[0] == n[0]
        ]
        assert card["VAUC"].mean == pytest.approx(np.mean(pairs), abs=1e-6)
        assert card["VAUC"].n == len(own)
        boxed = [test for test in own if test in BOXED]
        if boxed:
            s_loc = np.array([[run[test].measures[0] for test in boxed] for run in made])
            assert card["MIoU"].mean == pytest.approx(s_loc.mean(), abs=1e-6)
            assert (card["MIoU"].n, card["IoU@0.3"].n) == (len(boxed), len(boxed))
            assert card["IoU@0.3"].k == tuple((s_loc > 0.3).sum(axis=1).tolist())
        else:
            assert list(card) == ["VAUC"]
    assert list(cards["fire"]) == ["VAUC"]


def test_a_class_without_normal_videos_in_its_fold_has_no_vauc():
    made = [{test: Choice(0.5, (0, 1), np.zeros(len(MEASURES))) for test in [(0, "a"), (1, "b"), (1, "n")]}]
    abnormal = {(0, "a"): True, (1, "b"): True, (1, "n"): False}
    classes = {(0, "a"): "fall", (1, "b"): "fire", (1, "n"): "normal"}
    cards = scorecard.by_class(made, Cases(abnormal, ((0, "a"),)), classes=classes, **OPTIONS)
    assert "VAUC" not in cards["fall"]
    assert cards["fall"]["MIoU"].n == 1
    assert list(cards["fire"]) == ["VAUC"]


def painted(rng):
    return {test: rng.random(20 + 3 * i) for i, test in enumerate(TESTS)}


def test_frames_of_all_runs():
    rng = np.random.default_rng(2)
    made = [painted(rng) for _ in range(3)]
    truths = {
        test: (rng.random(len(frames)) < 0.3) & ABNORMAL[test] for test, frames in made[0].items() if test[1] != "a3"
    }
    card = scorecard.frames(made, truths, abnormal=ABNORMAL, resampling=Resampling(200, 0))
    assert list(card) == ["frame_AUC", "frame_AUC_abn", "frame_AP"]
    for name, kept in (("frame_AUC", list(truths)), ("frame_AUC_abn", [test for test in truths if ABNORMAL[test]])):
        values = []
        for run in made:
            pairs = [
                np.greater.outer(run[a][truths[a]], run[b][~truths[b]]).ravel()
                for a in kept
                for b in kept
                if a[0] == b[0]
            ]
            values.append(np.concatenate(pairs).mean())
        assert card[name].mean == pytest.approx(np.mean(values), abs=1e-6)
        assert card[name].std == pytest.approx(np.std(values, ddof=1), abs=1e-6)
    for entry in card.values():
        assert entry.interval[0] < entry.mean < entry.interval[1]
        assert (entry.n, entry.abnormal) == (sum(map(len, truths.values())), sum(map(sum, truths.values())))


def test_frames_without_two_kinds_have_no_entry():
    made = [painted(np.random.default_rng(2))]
    truths = {test: np.full(len(frames), ABNORMAL[test]) for test, frames in made[0].items()}
    assert list(scorecard.frames(made, truths, abnormal=ABNORMAL, resampling=Resampling(50, 0))) == [
        "frame_AUC",
        "frame_AP",
    ]
    truths = {test: truth for test, truth in truths.items() if not ABNORMAL[test]}
    assert scorecard.frames(made, truths, abnormal=ABNORMAL, resampling=Resampling(50, 0)) == {}


def test_regions_of_all_runs():
    rng = np.random.default_rng(3)
    made = [
        {
            test: Matches((rng.random(8), rng.random(20)) if ABNORMAL[test] else (), rng.random(5), np.arange(5), 20)
            for test in TESTS
        }
        for _ in range(2)
    ]
    card = scorecard.regions(made, abnormal=ABNORMAL, resampling=Resampling(200, 0))
    folds, ones = np.array([fold for fold, _ in sorted(TESTS)]), np.ones((1, len(TESTS)))
    for name, function, n in (("RBDC", regions.rbdc, 4 * 28), ("TBDC", regions.tbdc, 8)):
        values = [function([run[test] for test in sorted(TESTS)], folds, ones)[0] for run in made]
        assert card[name].mean == pytest.approx(np.mean(values), abs=1e-6)
        assert card[name].std == pytest.approx(np.std(values, ddof=1), abs=1e-6)
        assert card[name].interval[0] < card[name].mean < card[name].interval[1]
        assert card[name].n == n
    nothing = [{test: regions for test, regions in made[0].items() if not ABNORMAL[test]}]
    assert scorecard.regions(nothing, abnormal=ABNORMAL, resampling=Resampling(50, 0)) == {}


def test_rows_of_videos():
    made = runs(2)
    rows = scorecard.video_rows(made, CASES, LABELS)
    assert [(row.fold, row.video) for row in rows] == sorted(TESTS)
    row = next(row for row in rows if row.video == "a1")
    assert row.s_loc_of_runs == tuple(round(float(run[1, "a1"].measures[0]), 6) for run in made)
    assert row.score == pytest.approx(np.mean([run[1, "a1"].score for run in made]), abs=1e-6)
    assert row.spans_of_runs == ((0, 5), (0, 5))
    assert next(row for row in rows if row.video == "n0").s_loc is None
