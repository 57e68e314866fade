import numpy as np
import pytest

from support.scoring import constant_tube, prediction
from wsstad.errors import UserError
from wsstad.evaluation import groundtruth, metrics, selections
from wsstad.evaluation.annotations.table import BoxRow

SIZE = {"n_frames": 40, "width": 100, "height": 80}
ROWS = [
    BoxRow("a", "0", 10, (10, 10, 30, 30), "linear"),
    BoxRow("a", "0", 19, (10, 10, 30, 30), "none"),
    BoxRow("a", "1", 30, (50, 10, 70, 30), "hold"),
    BoxRow("a", "1", 34, (50, 10, 70, 30), "none"),
]
TRUTHS = {"a": groundtruth.from_rows(ROWS, **SIZE)}
TUBES = [
    constant_tube(0, 40, (0, 0, 100, 80)),
    constant_tube(10, 20, (10, 10, 30, 30)),
    constant_tube(30, 40, (50, 10, 70, 30)),
]
LABELS = {"a": "abnormal", "n": "normal", "u": "abnormal"}


def made():
    return {
        (0, "a"): prediction("a", TUBES, [0.2, 0.3, 0.9]),
        (0, "n"): prediction("n", TUBES[:2], [0.4, 0.1]),
        (0, "u"): prediction("u", TUBES[:1], [0.7]),
    }


def test_measures_of_a_candidate():
    result = selections.measure(made()[0, "a"], 1, TRUTHS["a"], "union")
    # 10 of the 15 annotated frames, with perfect boxes; 2 of 4 key-frames; the first event alone is met in full.
    assert result == pytest.approx([10 / 15, 10 / 15, 0.5, 1.0, 10 / 15])
    result = selections.measure(made()[0, "a"], 2, TRUTHS["a"], "union")
    assert result == pytest.approx([5 / 20, 5 / 20, 0.5, 0.5, 5 / 20])


def test_top1_takes_the_highest_score_and_measures_abnormal_videos_alone():
    run = selections.top1(made(), TRUTHS, "union")
    assert {test: (choice.score, choice.span) for test, choice in run.items()} == {
        (0, "a"): (pytest.approx(0.9), (30, 40)),
        (0, "n"): (pytest.approx(0.4), (0, 40)),
        (0, "u"): (pytest.approx(0.7), (0, 40)),
    }
    assert run[0, "a"].measures[0] == pytest.approx(5 / 20)
    assert run[0, "n"].measures is None
    assert run[0, "u"].measures is None


def test_oracle_takes_the_best_candidate_and_knows_the_labels():
    run = selections.oracle(made(), TRUTHS, LABELS, "union")
    assert run[0, "a"].span == (10, 20)
    everything = np.array([selections.measure(made()[0, "a"], i, TRUTHS["a"], "union") for i in range(3)])
    assert run[0, "a"].measures[0] == everything[:, 0].max()
    assert run[0, "a"].measures[4] == everything[1, 4]
    assert [run[0, video].score for video in "anu"] == [1, 0, 1]


def test_oracle_frames_takes_the_best_box_of_each_annotated_frame():
    tubes = [
        constant_tube(0, 40, (0, 0, 100, 80)),
        constant_tube(12, 17, (10, 10, 30, 30)),
        constant_tube(14, 32, (50, 10, 70, 30)),
    ]
    detected = np.arange(40) % 2 == 0
    made_up = {(0, "a"): prediction("a", tubes, [0.2, 0.3, 0.9], detected=detected)}
    whole = 400 / 8000
    # Frames 10 to 19 and 30 to 34 are annotated; 5 of those are met by the second tube, 2 of these by the third.
    for gamma, ious in (
        ("union", [1] * 7 + [whole] * 8),
        ("gt_only", [1] * 7 + [whole] * 8),
        ("detected", [1, 1, 1, whole, whole, 1, whole, whole]),  # 12, 14, 16; 10, 18; 30; 32, 34
    ):
        result = selections.oracle_frames(made_up, TRUTHS, LABELS, gamma)[0, "a"]
        assert (result.score, result.span) == (1, (10, 35))
        assert result.measures[:2] == pytest.approx([np.mean(ious), 1])
    volume = 400 * 15 / (400 * 15 + 8 * 7600)
    assert result.measures[4] == pytest.approx(volume)
    # Of one event alone its own best boxes are the bound: the second, whose frames 30 and 31 the third tube meets.
    alone = selections.oracle_frames(made_up, TRUTHS, LABELS, "union")[0, "a"].measures[3]
    assert alone == pytest.approx(max((5 + 5 * whole) / 10, (2 + 3 * whole) / 5))


def test_the_bound_of_one_event_is_that_of_the_candidate_that_meets_it_best():
    # The second tube has the larger S_loc of all, the third meets the second event in full.
    tubes = [constant_tube(10, 20, (10, 10, 30, 26)), constant_tube(30, 35, (50, 10, 70, 30))]
    predictions = {(0, "a"): prediction("a", tubes, [0.5, 0.5])}
    result = selections.oracle(predictions, TRUTHS, LABELS, "union")[0, "a"]
    assert result.span == (10, 20)
    assert result.measures == pytest.approx([10 / 15 * 0.8, 10 / 15, 0.4, 1.0, result.measures[4]])


def test_oracle_frames_is_at_least_as_good_as_the_best_candidate_where_all_frames_are_annotated():
    rng = np.random.default_rng(0)
    box = rng.uniform(0, 40, (40, 2))
    truths = {"a": groundtruth.from_rows([BoxRow("a", "0", f, (*b, *(b + 20))) for f, b in enumerate(box)], **SIZE)}
    for _ in range(20):
        spans = [sorted(rng.choice(41, 2, replace=False).tolist()) for _ in range(4)]
        corners = [rng.uniform(0, 40, 2) for _ in spans]
        tubes = [constant_tube(a, b, (*c, *(c + 25))) for (a, b), c in zip(spans, corners, strict=True)]
        predictions = {(0, "a"): prediction("a", tubes, np.full(4, 0.5), detected=rng.random(40) < 0.5)}
        for gamma in metrics.GAMMAS:
            best = selections.oracle(predictions, truths, LABELS, gamma)[0, "a"].measures[0]
            assert selections.oracle_frames(predictions, truths, LABELS, gamma)[0, "a"].measures[0] >= best - 1e-12


def test_oracle_frames_without_a_box_where_it_counts_scores_nothing():
    predictions = {(0, "a"): prediction("a", [constant_tube(20, 30, (0, 0, 100, 80))], [0.5])} | {
        test: predicted for test, predicted in made().items() if test[1] != "a"
    }
    run = selections.oracle_frames(predictions, TRUTHS, LABELS, "union")
    assert run[0, "a"].measures.tolist() == [0, 0, 0, 0, 0]
    assert {video: (run[0, video].score, run[0, video].measures) for video in "nu"} == {"n": (0, None), "u": (1, None)}


def test_a_candidate_without_boxes_is_named():
    predicted = prediction("a", TUBES, [0.2, 0.3, 0.9])
    del predicted.candidates[2]
    with pytest.raises(UserError, match="a: the predictions hold no boxes of candidate 2"):
        selections.top1({(0, "a"): predicted}, TRUTHS, "union")


def test_detected_frames_are_those_of_the_prediction():
    predicted = prediction("a", TUBES, [0.1, 0.2, 0.3], detected=np.arange(40) < 25)
    assert selections.measure(predicted, 1, TRUTHS["a"], "detected")[0] == 1
    assert selections.measure(predicted, 1, TRUTHS["a"], "union")[0] == pytest.approx(10 / 15)
