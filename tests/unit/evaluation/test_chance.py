"""Chance: against every choice that there is, and for scores against many that are drawn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.scoring import constant_tube, prediction
from wsstad.errors import UserError
from wsstad.evaluation import chance, groundtruth, metrics, selections
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.evaluation.cases import Cases
from wsstad.evaluation.selections import MEASURES, METRIC_OF

TESTS = [(0, "a"), (0, "b"), (0, "m"), (0, "n"), (0, "o"), (1, "c"), (1, "p")]
ABNORMAL = {test: test[1] in "abc" for test in TESTS}
BOXED = ((0, "a"), (0, "b"), (1, "c"))
CASES = Cases(ABNORMAL, BOXED)


def tables(*sizes, seed=0):
    rng = np.random.default_rng(seed)
    return {test: rng.random((n, len(MEASURES))).round(2) for test, n in zip(BOXED, sizes, strict=True)}


def every_choice(of_tests, boxed):
    """The measures (choices, videos, measures) of every way to choose a candidate of each video."""
    return np.array([list(rows) for rows in itertools.product(*(of_tests[test] for test in boxed))])


@given(st.lists(st.integers(1, 5), min_size=3, max_size=3), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_mean_and_deviation_are_those_over_every_choice(sizes, seed):
    of_tests = tables(*sizes, seed=seed)
    card = chance.build(of_tests, CASES, thresholds=[0.2, 0.5])
    choices = every_choice(of_tests, BOXED)
    values = {name: choices[..., i] for i, name in enumerate(METRIC_OF.values())}
    values |= {f"IoU@{eps}": choices[..., 0] > eps for eps in (0.2, 0.5)}
    assert card.keys() == {"VAUC", *values}
    for name, value in values.items():
        runs = value.mean(axis=1)
        assert (card[name].mean, card[name].std) == pytest.approx((runs.mean(), runs.std()), abs=1e-6)
        assert (card[name].n, card[name].interval, card[name].wilson, card[name].k) == (3, None, None, ())


def test_vauc_scatters_as_scores_at_random_do():
    entry = chance.build(tables(1, 1, 1), CASES, thresholds=[])["VAUC"]
    assert (entry.mean, entry.pairs) == (0.5, 2 * 3 + 1)
    rng, folds = np.random.default_rng(0), np.array([fold for fold, _ in TESTS])
    drawn = [metrics.vauc(rng.random(len(TESTS)), CASES.flags(TESTS), folds) for _ in range(20_000)]
    assert np.mean(drawn) == pytest.approx(entry.mean, abs=0.005)
    assert np.std(drawn) == pytest.approx(entry.std, abs=0.005)


def test_folds_and_classes_are_of_their_own_videos():
    of_tests = tables(2, 3, 4)
    folds = chance.by_fold(of_tests, CASES)
    assert {name: (card["VAUC"].pairs, card["MIoU"].n) for name, card in folds.items()} == {"0": (6, 2), "1": (1, 1)}
    runs = every_choice(of_tests, BOXED[:2])[..., 0].mean(axis=1)
    assert (folds["0"]["MIoU"].mean, folds["0"]["MIoU"].std) == pytest.approx((runs.mean(), runs.std()), abs=1e-6)
    classes = {test: {"a": "fall", "b": "fire", "c": "fall"}.get(test[1], "normal") for test in TESTS}
    cards = chance.by_class(of_tests, CASES, classes=classes, thresholds=[0.3])
    runs = every_choice(of_tests, [BOXED[0], BOXED[2]])[..., 0].mean(axis=1)
    assert (cards["fall"]["MIoU"].mean, cards["fall"]["VAUC"].n) == (pytest.approx(runs.mean(), abs=1e-6), 2)
    assert (cards["fire"]["VAUC"].pairs, cards["fire"]["IoU@0.3"].n) == (3, 1)


def test_candidates_of_a_video_are_all_measured():
    size = {"n_frames": 40, "width": 100, "height": 80}
    truths = {"a": groundtruth.from_rows([BoxRow("a", "0", f, (10, 10, 30, 30)) for f in range(10, 20)], **size)}
    tubes = [constant_tube(0, 40, (0, 0, 100, 80)), constant_tube(10, 20, (10, 10, 30, 30))]
    predictions = {(0, "a"): prediction("a", tubes, [0.2, 0.3]), (0, "m"): prediction("m", tubes, [0.2, 0.3])}
    result = chance.measure(predictions, truths, "union")
    assert list(result) == [(0, "a")]
    each = [selections.measure(predictions[0, "a"], i, truths["a"], "union") for i in range(2)]
    assert np.array_equal(result[0, "a"], each)
    rows = chance.video_rows(result, Cases({test: test[1] == "a" for test in predictions}, ((0, "a"),)), LABELS)
    assert [(row.video, row.score, row.s_loc_of_runs) for row in rows] == [("a", 0.5, ()), ("m", 0.5, ())]
    assert rows[0].s_loc == pytest.approx(np.mean(each, axis=0)[0], abs=1e-6)
    assert rows[1].s_loc is None


LABELS = {"a": "abnormal", "m": "normal"}


def test_folds_of_one_kind_each_have_no_vauc():
    abnormal = {(0, "a"): True, (1, "m"): False}
    with pytest.raises(UserError, match="no fold has both"):
        chance.build({}, Cases(abnormal, ()), thresholds=[])
