import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from support.scoring import constant_tube, prediction, write_run, write_tables
from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Row, artefact_path, write_manifest
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.evaluation import metrics
from wsstad.evaluation.evaluate import describe_features
from wsstad.stages import evaluate
from wsstad.structures.alarms import Curve
from wsstad.structures.tubes import VideoTubes

LABELS = {"a": "abnormal", "b": "abnormal", "c": "abnormal", "m": "normal", "n": "normal", "o": "normal"}
TESTS = {"a": 0, "b": 1, "c": 1, "m": 0, "n": 1, "o": 1}
HEADER = "video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\n"
BOXES = "a 0 10 10 10 30 30 hold\na 0 19 10 10 30 30 none\nb 0 0 0 0 50 80 hold\nb 0 39 0 0 50 80 none\n"
WHOLE = constant_tube(0, 40, (0, 0, 100, 80))
RIGHT = constant_tube(10, 20, (10, 10, 30, 30))


@pytest.fixture
def folder(tmp_path):
    write_tables(tmp_path / "tables", LABELS, TESTS)
    (tmp_path / "boxes.tsv").write_text(HEADER + BOXES.replace(" ", "\t"))
    (tmp_path / "net.yaml").write_text("type: c3d\nseed: 0\n")
    write_manifest(tmp_path / "tubes.tsv", [], [])  # the predictions hold the boxes of all their candidates
    return tmp_path


def folds(scores, *, without=()):
    """Predictions of all test videos with two candidates each, by fold; `scores` are those of the second."""
    result = {0: [], 1: []}
    for video, fold in TESTS.items():
        if video not in without:
            result[fold].append(prediction(video, [WHOLE, RIGHT], [0.3, scores[video]]))
    return result


def run(folder, path, *flags):
    """Evaluate a table with one method and return its result."""
    output = folder / "out" / "metrics.json"
    names = [part for name in evaluate.NAMES for part in (f"--{name}", {"split": "cv"}.get(name, f"the_{name}"))]
    inputs = [
        "--annotations",
        str(folder / "boxes.tsv"),
        "--predictions",
        str(path),
        "--tubes",
        str(folder / "tubes.tsv"),
    ]
    where = ["--tables", str(folder / "tables"), "--extractor", str(folder / "net.yaml"), "--output", str(output)]
    settings = {"--gamma": ["union"], "--thresholds": ["0.1", "0.2", "0.3", "0.5"]}
    settings |= {"--bootstrap": ["200"], "--alarms-per-hour": ["1.0"]}
    given = [word for flag, values in settings.items() for word in (flag, *values)]
    evaluate.main([*where, *names, *inputs, *given, *flags])
    (result,) = json.loads(output.read_text())["results"]
    return result


FIRST = {"a": 0.9, "b": 0.1, "c": 0.5, "m": 0.6, "n": 0.2, "o": 0.4}
SECOND = {"a": 0.1, "b": 0.9, "c": 0.5, "m": 0.6, "n": 0.2, "o": 0.4}


def test_top1_over_two_seeds(folder):
    for seed, scores in enumerate((FIRST, SECOND)):
        path = write_run(folder, folds(scores), seed=seed)
    result = run(folder, path)
    # IoU x share of the frames: the whole frame on a, whose box lasts 10 of 40 frames, and the other tube on b.
    whole_on_a, right_on_b = 10 / 40 * 400 / 8000, 10 / 40 * 400 / 4000
    rows = {row["video"]: row for row in result["videos"]}
    assert rows["a"]["s_loc_of_runs"] == pytest.approx([1, whole_on_a], abs=1e-6)
    assert rows["b"]["s_loc_of_runs"] == pytest.approx([0.5, right_on_b], abs=1e-6)
    assert rows["a"]["spans_of_runs"] == [[10, 20], [0, 40]]
    assert "s_loc" not in rows["c"]
    assert result["metrics"]["MIoU"]["mean"] == pytest.approx((1 + whole_on_a + 0.5 + right_on_b) / 4, abs=1e-6)
    assert result["metrics"]["IoU@0.3"]["k"] == [2, 0]
    assert result["metrics"]["IoU@0.5"]["k"] == [1, 0]
    # Fold 0: a against m. Fold 1: b (at first with the 0.3 of the whole frame, as n has) and c, against n and o.
    first = np.mean([1, 0.5, 0, 1, 1])
    second = np.mean([0, 1, 1, 1, 1])
    assert result["metrics"]["VAUC"]["mean"] == pytest.approx(np.mean([first, second]), abs=1e-6)
    assert result["seeds"] == ["0", "1"]
    assert result["names"]["extractor"] == "net"
    assert result["features"] == "c3d, not trained: random weights of seed 0"
    assert result["title"] == "Made up"


def test_vauc_inside_groups_is_measured_where_the_table_says_where_videos_are_from(folder):
    path = write_run(folder, folds(SECOND))
    assert "VAUC_in_group" not in run(folder, path)["metrics"]
    table = folder / "tables" / "videos.tsv"
    groups = {"a": "x", "m": "x", "b": "y", "n": "z", "c": "z", "o": "z"}
    lines = table.read_text().splitlines()
    named = [f"{line}\t{groups[line.split()[0]]}" for line in lines[1:]]
    table.write_text("\n".join([f"{lines[0]}\tgroup", *named]) + "\n")
    result = run(folder, path)["metrics"]["VAUC_in_group"]
    assert (result["mean"], result["n"]) == (0.5, 2)  # a is below m in x, c above n and o in z, b alone in y


def test_without_any_boxes_there_is_vauc_alone(folder):
    (folder / "boxes.tsv").write_text(HEADER)
    result = run(folder, write_run(folder, folds(FIRST)))
    assert list(result["metrics"]) == ["VAUC"]
    assert result["counts"]["abnormal"]["localised"] == 0
    assert result["unboxed"] == ["a", "b", "c"]


def test_a_quarantined_test_video_is_not_evaluated_and_is_counted(folder):
    bad = {1: {"b": "V105 damaged: 2 errors"}}
    path = write_run(folder / "0", folds(FIRST, without=["b"]), quarantined=bad)
    actual = run(folder, path)
    assert actual["counts"] == {
        "videos": {"evaluated": 5, "expected": 6},
        "abnormal": {"evaluated": 2, "expected": 3, "localised": 2},
    }
    assert actual["missing"] == [{"fold": 1, "video": "b", "reason": "V105 damaged: 2 errors"}]
    # No prediction is S_loc 0: setting a video aside cannot raise MIoU. It has no score, so VAUC is over the others.
    assert (actual["metrics"]["MIoU"]["mean"], actual["metrics"]["MIoU"]["n"]) == (0.5, 2)
    assert (actual["metrics"]["IoU@0.5"]["k"], actual["metrics"]["IoU@0.5"]["n"]) == ([1], 2)
    assert {fold: card["MIoU"] for fold, card in actual["folds"].items()} == {
        "0": {"mean": 1, "std": None, "n": 1},
        "1": {"mean": 0, "std": None, "n": 1},
    }
    assert "b" not in {row["video"] for row in actual["videos"]}
    assert actual["metrics"]["VAUC"]["pairs"] == 3


def test_an_abnormal_video_without_boxes_counts_for_vauc_alone(folder):
    actual = run(folder, write_run(folder, folds(FIRST)))
    assert actual["unboxed"] == ["c"]
    assert actual["counts"]["abnormal"] == {"evaluated": 3, "expected": 3, "localised": 2}
    assert actual["metrics"]["VAUC"]["pairs"] == 5
    assert actual["metrics"]["MIoU"]["n"] == 2


def test_oracle_and_random_rows(folder):
    best = run(folder, write_run(folder / "0", folds(FIRST), selection="oracle"))
    assert best["metrics"]["VAUC"]["mean"] == 1
    assert best["metrics"]["MIoU"]["mean"] == pytest.approx((1 + 0.5) / 2)
    chance = run(folder, write_run(folder / "1", folds(FIRST), selection="random"))
    s_loc = np.array([[10 / 40 * 400 / 8000, 1], [0.5, 10 / 40 * 400 / 4000]])  # of both candidates, on a and on b
    assert chance["metrics"]["MIoU"]["mean"] == pytest.approx(s_loc.mean(), abs=1e-6)
    assert chance["metrics"]["IoU@0.3"]["mean"] == pytest.approx((s_loc > 0.3).mean())
    assert chance["metrics"]["VAUC"]["mean"] == 0.5
    assert not any("interval" in entry for entry in chance["metrics"].values())
    assert "spans_of_runs" not in chance["videos"][0]


@pytest.mark.parametrize("gamma", metrics.GAMMAS)
def test_gamma_is_a_flag_and_is_recorded(folder, gamma):
    path = write_run(folder / "0", folds(SECOND))
    result = run(folder, path, "--gamma", gamma)
    assert result["settings"]["gamma"] == gamma
    row = next(row for row in result["videos"] if row["video"] == "a")
    assert row["s_loc"] == pytest.approx({"gt_only": 400 / 8000}.get(gamma, 10 / 40 * 400 / 8000))


def test_the_same_predictions_give_the_same_bytes(folder):
    path = write_run(folder / "0", folds(FIRST), selection="random")
    run(folder, path)
    first = (folder / "out" / "metrics.json").read_bytes()
    run(folder, path)
    assert (folder / "out" / "metrics.json").read_bytes() == first


@pytest.mark.parametrize("left", ["abnormal", "normal"])
def test_a_test_set_of_one_class_is_refused(folder, left):
    gone = [video for video, label in LABELS.items() if label != left]
    bad = {fold: {v: "V105 damaged" for v in gone if TESTS[v] == fold} for fold in (0, 1)}
    path = write_run(folder / "0", folds(FIRST, without=gone), quarantined=bad)
    with pytest.raises(UserError, match=f"{left} test videos alone can be evaluated; VAUC needs both classes"):
        run(folder, path)


def test_folds_of_one_class_each_are_refused_too(folder):
    gone = ["m", "b", "c"]  # fold 0 keeps an abnormal video, fold 1 normal ones
    bad = {fold: {v: "V105 damaged" for v in gone if TESTS[v] == fold} for fold in (0, 1)}
    path = write_run(folder / "0", folds(FIRST, without=gone), quarantined=bad)
    with pytest.raises(UserError, match="no fold has both normal and abnormal test videos"):
        run(folder, path)


def test_boxes_after_the_end_are_logged(folder, caplog):
    with open(folder / "boxes.tsv", "a") as file:
        file.write("c 0 38 1 2 30 40 linear\nc 0 45 1 2 30 40 none\n".replace(" ", "\t"))
    run(folder, write_run(folder, folds(FIRST)))
    assert "1 boxes of c come after its last frame" in caplog.text


@pytest.mark.parametrize(
    ("extractor", "words"),
    [
        ({"type": "c3d", "seed": 3}, "c3d, not trained: random weights of seed 3"),
        ({"type": "c3d", "seed": None, "weights": "x/c3d.pickle"}, "c3d, weights of c3d.pickle"),
        ({"type": "efficientnet"}, "efficientnet, the weights of its package"),
        ({"type": "i3d", "motion": True}, "i3d, the weights of its package"),
        ({"type": "i3d", "motion": False}, "i3d of one frame, repeated, the weights of its package"),
        ({"type": "patches"}, "patches, pixels without a network"),
    ],
)
def test_features_are_described_by_where_their_weights_come_from(extractor, words):
    assert describe_features(extractor) == words


def test_every_method_of_a_table_has_a_result(folder):
    write_run(folder, folds(FIRST), method="zeta")
    path = write_run(folder, folds(SECOND), method="alpha")
    with pytest.raises(ValueError, match="too many values"):
        run(folder, path)
    results = json.loads((folder / "out" / "metrics.json").read_text())["results"]
    assert [result["names"]["method"] for result in results] == ["zeta", "alpha"]  # in the order of the table
    assert results[0]["metrics"]["MIoU"] != results[1]["metrics"]["MIoU"]


def test_a_table_compares_its_reference_with_its_rivals_and_nothing_else(folder):
    write_run(folder, folds(FIRST), method="mgpr")
    write_run(folder, folds(SECOND), method="dmrm")
    write_run(folder, folds(SECOND), method="asa")
    write_run(folder, folds(SECOND), method="whole_frame")
    path = write_run(folder, folds(FIRST), method="upper_bound", selection="oracle")
    with pytest.raises(ValueError, match="too many values"):
        run(folder, path, "--compare", "mgpr", "asa", "dmrm")
    content = json.loads((folder / "out" / "metrics.json").read_text())
    assert content["family"] == {"reference": "mgpr", "rivals": ["asa", "dmrm"]}
    rows = content["comparisons"]
    assert [(row["first"], row["second"]) for row in rows] == [("mgpr", "asa"), ("mgpr", "dmrm")] * 6
    metrics_of_rows = ["VAUC", "MIoU", "IoU@0.1", "IoU@0.2", "IoU@0.3", "IoU@0.5"]
    assert [row["metric"] for row in rows] == [name for name in metrics_of_rows for _ in range(2)]
    vauc, miou = rows[1], rows[3]
    assert vauc["value"] == pytest.approx(np.mean([1, 0.5, 0, 1, 1]) - np.mean([0, 1, 1, 1, 1]), abs=1e-6)
    assert miou["value"] == pytest.approx((1 + 0.5) / 2 - (10 / 40 * 400 / 8000 + 10 / 40 * 400 / 4000) / 2, abs=1e-6)
    assert vauc["corrected"] == min(1, 2 * vauc["p_permutation"])
    # Six videos, two of them with boxes, can prove nothing.
    assert {row["better"] for row in rows} == {""}
    assert {row["n"] for row in rows} == {6, 2}
    assert not any("smallest" in row for row in rows)


def test_without_a_family_nothing_is_compared(folder):
    run(folder, write_run(folder, folds(FIRST)), "--compare")
    content = json.loads((folder / "out" / "metrics.json").read_text())
    assert content["comparisons"] == []
    assert "family" not in content


def test_a_family_of_an_unknown_method_is_refused(folder):
    write_run(folder, folds(FIRST), selection="random", method="random")
    path = write_run(folder, folds(FIRST), method="mgpr")
    for rival in ("dmrm", "random"):
        with pytest.raises(UserError, match=f"predictions.tsv: '{rival}' cannot be compared; allowed: mgpr"):
            run(folder, path, "--compare", "mgpr", rival)


def test_a_rival_on_other_videos_is_not_compared_and_stays_in_the_family(folder, caplog):
    bad = {1: {"c": "V105 damaged"}}
    write_run(folder, folds(FIRST, without=["c"]), quarantined=bad, method="asa")
    write_run(folder, folds(FIRST), method="mgpr")
    path = write_run(folder, folds(SECOND), method="dmrm")
    with pytest.raises(ValueError, match="too many values"):
        run(folder, path, "--compare", "mgpr", "asa", "dmrm")
    rows = json.loads((folder / "out" / "metrics.json").read_text())["comparisons"]
    assert {row["second"] for row in rows} == {"dmrm"}
    assert rows[0]["corrected"] == min(1, 2 * rows[0]["p_permutation"])
    assert "asa is not compared: its test videos differ" in caplog.text


def test_branches_are_rows_as_if_each_had_predicted_alone(folder):
    def branched(first, second, *, keep_all):
        """Predictions whose branches have these scores of both candidates, in turn, and whose scores are the mean."""
        result = {0: [], 1: []}
        for video, fold in TESTS.items():
            parts = np.array([[0.3, first[video]], [0.2, second[video]]], dtype=np.float32).T
            predicted = prediction(video, [WHOLE, RIGHT], parts.mean(axis=1))
            kept = predicted.candidates if keep_all else {predicted.top1: predicted.candidates[predicted.top1]}
            result[fold].append(replace(predicted, branch_scores=parts, candidates=kept))
        return result

    tubes = []
    for video in TESTS:
        made = VideoTubes(40, 100, 80, np.ones(40, dtype=bool), [WHOLE, RIGHT])
        key = f"{video:0>64}"
        path = artefact_path(folder / "made", video, key)
        tubes.append(
            Row(video, key, storage.write_artefact(path, Artefact(made.to_arrays(), {}), kind="tubes", key=key))
        )
    manifest = folder / "made/manifests/000.tsv"
    write_manifest(manifest, tubes, [])
    curve = Curve(np.array([0.35, 0.45, 0.5]), np.array([2, 1, 0]), 0.2)
    path = write_run(
        folder / "joint", branched(FIRST, SECOND, keep_all=False), branches=["tube", "temporal"], curve=curve
    )
    with pytest.raises(ValueError, match="too many values"):
        run(folder, path, "--branches", "mgpr", "--tubes", str(manifest))
    whole, tube, temporal = json.loads((folder / "out/metrics.json").read_text())["results"]
    assert [result["names"]["method"] for result in (whole, tube, temporal)] == ["mgpr", "mgpr:tube", "mgpr:temporal"]
    assert ("branch_of" in whole, tube["branch_of"], temporal["branch_of"]) == (False, "mgpr", "mgpr")
    assert "alarms" in whole
    assert "alarms" not in tube
    for actual, first, scores in ((tube, 0.3, FIRST), (temporal, 0.2, SECOND)):
        alone = {0: [], 1: []}
        for video, fold in TESTS.items():
            alone[fold].append(prediction(video, [WHOLE, RIGHT], [first, scores[video]]))
        expected = run(folder, write_run(folder / actual["names"]["method"], alone))
        for name in ("metrics", "videos", "folds", "counts"):
            assert actual[name] == expected[name]


def test_a_method_without_branches_is_named(folder):
    path = write_run(folder, folds(FIRST), method="dmrm")
    with pytest.raises(UserError, match=r"dmrm: its branches cannot be rows: it has fewer than two"):
        run(folder, path, "--branches", "dmrm")


def test_false_alarms_are_counted_at_the_threshold_that_the_model_keeps(folder):
    # 0.2 h of held-out normal video; one alarm an hour allows none in it, five an hour one.
    curve = Curve(np.array([0.35, 0.45, 0.5]), np.array([2, 1, 0]), 0.2)
    path = write_run(folder, folds(FIRST), curve=curve)
    strict = run(folder, path)["alarms"]
    assert strict["allowed_per_hour"] == 1
    # Above 0.5 are the second candidates of a (0.9, in its event) and of m (0.6), 10 of 40 frames at 10 a second.
    (seed,) = strict["seeds"]
    assert (seed["alarms"], seed["detected"], seed["events"]) == (1, 1, 2)
    assert seed["hours"] == pytest.approx(3 * 4 / 3600, abs=1e-6)
    assert seed["share"] == pytest.approx(10 / 120, abs=1e-6)
    assert "allow no alarm" in seed["notes"][0]
    assert seed["thresholds"] == {"0": 0.5, "1": 0.5}
    (loose,) = run(folder, path, "--alarms-per-hour", "10")["alarms"]["seeds"]
    assert loose["thresholds"] == {"0": 0.35, "1": 0.35}
    assert (loose["alarms"], loose["detected"]) == (2, 1)  # above 0.35 is o (0.4) as well, and no event more
    assert "alarms" not in run(folder, write_run(folder / "no_curve", folds(FIRST)))


def test_frames_and_regions_look_at_all_candidates(folder):
    card = run(folder, write_run(folder, folds(FIRST)))["metrics"]
    frames = np.arange(40)
    event = {"a": (frames >= 10) & (frames < 20), "b": frames >= 0}
    scores = {v: np.where((frames >= 10) & (frames < 20), np.maximum(FIRST[v], 0.3), 0.3) for v in TESTS}
    areas, pairs = [], []
    for videos in (["a", "m"], ["b", "n", "o"]):  # the folds, without c, whose frames nobody knows
        truth = np.concatenate([event.get(video, frames < 0) for video in videos])
        areas.append(roc_auc_score(truth, np.concatenate([scores[video] for video in videos])))
        pairs.append(truth.sum() * (~truth).sum())
    assert card["frame_AUC"]["mean"] == pytest.approx(np.average(areas, weights=pairs), abs=1e-6)
    assert {"frame_AUC", "frame_AP", "RBDC", "TBDC", "tube_IoU"} <= card.keys()
    assert card["frame_AUC"]["n"] == 5 * 40  # c has no boxes and says nothing about its frames


def test_candidates_come_from_the_tubes_where_predictions_hold_the_best_alone(folder):
    path = write_run(folder, folds(FIRST))
    whole = run(folder, path)["metrics"]
    of_folds = folds(FIRST)
    rows = []
    for predicted in [*of_folds[0], *of_folds[1]]:
        tubes = VideoTubes(predicted.n_frames, predicted.width, predicted.height, predicted.detected, [WHOLE, RIGHT])
        key = f"{predicted.video:0>64}"
        artefact = artefact_path(folder / "made", predicted.video, key)
        digest = storage.write_artefact(artefact, Artefact(tubes.to_arrays(), {}), kind="tubes", key=key)
        rows.append(Row(predicted.video, key, digest))
        for i in set(predicted.candidates) - {predicted.top1}:
            del predicted.candidates[i]
    write_manifest(folder / "made" / "manifests" / "000.tsv", rows, [])
    best = write_run(folder / "best", of_folds)
    again = run(folder, best, "--tubes", str(folder / "made" / "manifests" / "000.tsv"))["metrics"]
    assert again == whole


def test_folds_and_classes_are_broken_down(folder):
    result = run(folder, write_run(folder, folds(FIRST)))
    assert result["folds"]["0"]["VAUC"]["mean"] == 1
    assert result["folds"]["1"]["VAUC"]["mean"] == pytest.approx(np.mean([0.5, 0, 1, 1]))
    assert [card["MIoU"]["n"] for card in result["folds"].values()] == [1, 1]
    assert "classes" not in result  # all abnormal videos are of one class
