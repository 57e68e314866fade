import numpy as np
import pytest

from wsstad import metrics, scorecard
from wsstad.selections import MEASURES, Choice

LABELS = {f"a{i}": "abnormal" for i in range(4)} | {f"n{i}": "normal" for i in range(3)}
TESTS = [(i % 2, video) for i, video in enumerate(LABELS)]
ABNORMAL = {test: LABELS[test[1]] == "abnormal" for test in TESTS}
BOXED = [test for test in TESTS if ABNORMAL[test]][:3]
OPTIONS = {"thresholds": [0.1, 0.3], "draws": 500, "seed": 0}


def runs(n=2):
    rng = np.random.default_rng(5)
    return [
        {t: Choice(rng.random(), (0, 5), rng.random(len(MEASURES)) if t in BOXED else None) for t in TESTS}
        for _ in range(n)
    ]


def test_every_metric_is_the_mean_over_runs_of_its_value_in_a_run():
    made = runs(3)
    card = scorecard.build(made, abnormal=ABNORMAL, boxed=BOXED, **OPTIONS)
    assert list(card) == ["VAUC", "MIoU", "IoU@0.1", "IoU@0.3", "temporal", "keyframe_IoU", "best_event_MIoU"]
    s_loc = [[run[test].measures[0] for test in sorted(BOXED)] for run in made]
    assert card["MIoU"]["mean"] == pytest.approx(np.mean(s_loc), abs=1e-6)
    assert card["MIoU"]["std"] == pytest.approx(np.std(np.mean(s_loc, axis=1), ddof=1), abs=1e-6)
    hits = [sum(value > 0.3 for value in row) for row in s_loc]
    assert card["IoU@0.3"]["k"] == hits
    assert card["IoU@0.3"]["n"] == 3
    assert card["IoU@0.3"]["mean"] == pytest.approx(np.mean(hits) / 3, abs=1e-6)
    assert card["IoU@0.3"]["wilson"] == pytest.approx(metrics.wilson(np.mean(hits), 3), abs=1e-6)
    vaucs = []
    for run in made:
        pairs = [
            (run[a].score > run[n].score) for a in TESTS for n in TESTS if ABNORMAL[a] > ABNORMAL[n] and a[0] == n[0]
        ]
        vaucs.append(np.mean(pairs))
        assert card["VAUC"]["pairs"] == len(pairs)
    assert card["VAUC"]["mean"] == pytest.approx(np.mean(vaucs), abs=1e-6)


def test_intervals_hold_the_mean_and_one_run_has_no_deviation():
    card = scorecard.build(runs(1), abnormal=ABNORMAL, boxed=BOXED, **OPTIONS)
    for entry in card.values():
        assert entry["std"] is None
        assert entry["interval"][0] <= entry["mean"] <= entry["interval"][1]


def test_runs_are_averaged_before_the_bootstrap():
    made = runs(2)
    twice = scorecard.build(made + made, abnormal=ABNORMAL, boxed=BOXED, **OPTIONS)
    once = scorecard.build(made, abnormal=ABNORMAL, boxed=BOXED, **OPTIONS)
    assert {name: entry["interval"] for name, entry in twice.items()} == {
        name: entry["interval"] for name, entry in once.items()
    }


def test_without_boxes_there_is_vauc_alone():
    assert list(scorecard.build(runs(), abnormal=ABNORMAL, boxed=[], **OPTIONS)) == ["VAUC"]


def test_rows_of_videos():
    made = runs(2)
    rows = scorecard.video_rows(made, labels=LABELS, boxed=BOXED, each_run=True)
    assert [(row["fold"], row["video"]) for row in rows] == sorted(TESTS)
    row = next(row for row in rows if row["video"] == "a1")
    assert row["s_loc_of_runs"] == [round(float(run[1, "a1"].measures[0]), 6) for run in made]
    assert row["score"] == pytest.approx(np.mean([run[1, "a1"].score for run in made]), abs=1e-6)
    assert row["spans_of_runs"] == [[0, 5], [0, 5]]
    assert "s_loc" not in next(row for row in rows if row["video"] == "n0")
    assert "spans_of_runs" not in scorecard.video_rows(made, labels=LABELS, boxed=BOXED, each_run=False)[0]
