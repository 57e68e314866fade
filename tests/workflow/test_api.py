"""The Python API on the results of a real run: what it returns is what the files say, read without it."""

import csv
import json
import re
import shutil

import h5py
import numpy as np
import pytest

import wsstad
from support.documentation import SPAN, fences
from wsstad.errors import UserError
from wsstad.locations import SHARE
from wsstad.reporting.results_folder import Results
from wsstad.structures.boxes import enclose

pytestmark = pytest.mark.workflow

RUNS = "small/runs/cv2/narrow/motion/iou/full"


@pytest.fixture
def results(finished):
    return wsstad.open_results(finished.folder / "results")


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def stored(results, stage, video):
    """Return the arrays of the artefact of a video that the manifests of a stage name."""
    (row,) = [
        row
        for path in results.folder.glob(f"small/{stage}/manifests/*.tsv")
        for row in rows(path)
        if row["video"] == video
    ]
    with h5py.File(results.folder / "small" / stage / f"{video}.{row['key']:.12}.h5") as file:
        return {name: dataset[()] for name, dataset in file.items()}


def test_the_example_of_the_page_runs(finished, monkeypatch):
    monkeypatch.chdir(finished.folder)
    (source,) = fences((SHARE / "docs/python.md").read_text(), "python")
    names = {}
    exec(compile(source, "docs/python.md", "exec"), names)  # noqa: S102 - a page of ours
    assert names["method"] == "mgpr_tiny"
    assert names["prediction"].frame_scores.shape == (64,)


def test_every_method_is_on_the_page():
    public = {name for name in vars(Results) if not name.startswith("_")}
    on_page = {
        name for span in SPAN.findall((SHARE / "docs/python.md").read_text()) for name in re.findall(r"\w+", span)
    }
    assert public <= on_page


def test_names_are_those_of_the_run(results):
    assert results.datasets == ["small"]
    assert results.tables == ["benchmark"]
    (block,) = results.blocks
    assert block.folder() == RUNS


def test_videos_are_those_of_the_tables_and_of_decode(results, finished):
    videos = results.videos()
    listed = rows(finished.folder / "tables/videos.tsv")
    assert videos.index.tolist() == sorted(row["video"] for row in listed)
    for row in listed:
        assert videos.loc[row["video"], ["label", "class", "path"]].tolist() == [
            row["label"],
            row["class"],
            row["path"],
        ]
    assert videos["frames"].tolist() == [64] * 12
    assert set(videos["status"]) == {"ok"}


def test_arrays_of_a_video_are_those_of_its_artefacts(results):
    detections, boxes = results.detections("v003"), stored(results, "detections/motion", "v003")
    np.testing.assert_array_equal(detections[["x1", "y1", "x2", "y2"]], boxes["boxes"])
    np.testing.assert_array_equal(detections["frame"], boxes["frame"])
    assert set(detections["class"]) == {"moving"}
    tubes, arrays = results.tubes("v003").tubes, stored(results, "tubes/motion/iou", "v003")
    np.testing.assert_array_equal(np.concatenate([tube.boxes for tube in tubes]), arrays["boxes"])
    image = stored(results, "features/narrow/image", "v003")["features"]
    np.testing.assert_array_equal(results.image_features("v003"), image)
    of_tubes, region = results.tube_features("v003"), stored(results, "features/narrow/region/motion/iou", "v003")
    assert len(of_tubes) == len(tubes) > 1
    np.testing.assert_array_equal(np.concatenate(of_tubes), region["features"])
    assert [len(clips_of_tube) for clips_of_tube in of_tubes] == np.bincount(region["tube"]).tolist()
    assert results.seconds("v003").shape == (64,)
    (frame,) = results.frames("v003").read(5, 6)
    assert frame.shape == (120, 160, 3)


def test_every_video_has_features_of_each_of_its_tubes(results):
    for video in results.videos().index:
        assert [len(features_of_tube) > 0 for features_of_tube in results.tube_features(video)] == [True] * len(
            results.tubes(video).tubes
        )


def test_predictions_are_those_of_the_fold_and_seed(results):
    runs = results.runs()
    assert set(runs["method"]) == {"random", "whole_frame", "upper_bound", "mgpr_tiny"}
    row = runs[(runs["method"] == "mgpr_tiny") & (runs["seed"] == 1) & (runs["fold"] == 0)].iloc[0]
    by_video = results.predictions("mgpr_tiny", seed=1, fold=0)
    assert len(by_video) == row["videos"] == 6
    tests = {row["video"] for row in rows(results.folder.parent / "tables/splits/cv2.tsv") if row["part"] == "test"}
    both = {**by_video, **results.predictions("mgpr_tiny", seed=1, fold=1)}
    assert set(both) == tests
    for video, prediction in both.items():
        np.testing.assert_array_equal(results.prediction(video, "mgpr_tiny", seed=1).scores, prediction.scores)
        tube = results.tubes(video).tubes[prediction.spans[prediction.top1, 0]]
        chosen = prediction.candidates[prediction.top1]
        np.testing.assert_array_equal(enclose(chosen.boxes), enclose(tube.cut(chosen.start, chosen.stop).boxes))
        assert prediction.frame_scores.shape == (64,)


def test_models_have_paths_cards_and_histories(results):
    models = results.models()
    assert len(models) == 4
    assert models["training_videos"].tolist() == [6] * 4
    card = results.card("mgpr_tiny", seed=1, fold=1)
    assert (card.method, card.seed, card.fold, card.detector.name) == ("mgpr_tiny", 1, 1, "motion")
    assert card.digest in {row["digest"] for row in rows(results.folder / RUNS / "benchmark/models.tsv")}
    history = results.history("mgpr_tiny", seed=1, fold=1)
    assert history["iteration"].tolist() == list(range(1, len(history) + 1))
    assert history["held_out_vauc"].between(0, 1).any()


def test_numbers_of_records_and_tables_are_the_same(results):
    measured, table = results.metrics(), results.table()
    with open(results.folder / RUNS / "benchmark/metrics/exact.json") as file:
        assert [entry["names"]["method"] for entry in json.load(file)["results"]] == [
            result.method for result in measured.results
        ]
    assert len(table) == len(rows(results.folder / "tables/benchmark.tsv"))
    for result in measured.results:
        shown = table[(table["method"] == result.method) & (table["part"] == "") & (table["metric"] == "MIoU")]
        assert shown["percent"].tolist() == [pytest.approx(100 * result.metrics["MIoU"].mean, abs=0.005)]
    assert results.only(dataset="small").table().equals(table)
    assert len(results.comparisons()) == len(measured.comparisons)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda results: results.tubes("v900"), "small: no video 'v900'; allowed: v000, v001, "),
        (lambda results: results.prediction("v900", "mgpr_tiny"), "small: no video 'v900'"),
        (lambda results: results.predictions("mgpr"), "no method 'mgpr'; allowed: random, whole_frame, "),
        (lambda results: results.predictions("mgpr_tiny", seed=7), "no seed 7; allowed: 0, 1"),
        (lambda results: results.predictions("mgpr_tiny", fold=2), "no fold 2; allowed: 0, 1"),
        (lambda results: results.card("random"), "no method 'random'; allowed: mgpr_tiny"),
        (lambda results: results.only(table="table2").metrics(), "no table 'table2'; allowed: benchmark"),
    ],
)
def test_what_is_not_there_is_one_line(results, ask, message):
    with pytest.raises(UserError, match=re.escape(message)) as error:
        ask(results)
    assert "\n" not in str(error.value)


def test_quarantine_and_damage_are_one_line(copy):
    results = wsstad.open_results(copy.folder / "results")
    for path in results.folder.glob("small/tubes/motion/iou/manifests/*.tsv"):
        text = path.read_text().splitlines()
        text = [
            line.replace("\tok\t\t\t", "\tquarantined\tV105\t3 errors\t") if "v002" in line else line for line in text
        ]
        path.write_text("\n".join(text) + "\n")
    with pytest.raises(UserError, match=r"small: 'v002' is quarantined: V105 3 errors$"):
        results.tubes("v002")
    (detections,) = results.folder.glob("small/detections/motion/v003.*.h5")
    shutil.copy(next(results.folder.glob("small/detections/motion/v004.*.h5")), detections)
    with pytest.raises(UserError, match=r"v003\.\w+\.h5: does not match its manifest"):
        results.detections("v003")
