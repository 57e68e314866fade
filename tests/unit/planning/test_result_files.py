"""Files of a folder of results: each stage's pattern read backwards, names that narrow, errors of one line."""

import re

import pytest

import wsstad
from wsstad.artefacts import seals, storage
from wsstad.errors import UserError
from wsstad.planning import paths
from wsstad.planning.result_files import ResultFiles
from wsstad.planning.stages import STAGES

WILDCARDS = {
    **{"dataset": "road", "split": "cv2", "extractor": "c3d_seed0", "detector": "motion", "linker": "iou"},
    **{"scale": "cpu", "table": "benchmark", "annotator": "exact", "shard": "000", "method": "mgpr", "seed": "0"},
    "model": "mgpr_0123456789ab",
}


def write(folder, pattern, **wildcards):
    path = folder / pattern.format(**{**WILDCARDS, **wildcards})
    storage.write_text(path, "made up\n")
    return path


@pytest.fixture
def results(tmp_path):
    """A folder with two datasets; the first has tubes by two detectors, in two shards."""
    for dataset in ("road", "rail"):
        write(tmp_path, paths.SHARD_MAP, dataset=dataset)
        write(tmp_path, STAGES["link"].output, dataset=dataset)
    write(tmp_path, STAGES["link"].output, shard="001")
    write(tmp_path, STAGES["link"].output, detector="yolo11n")
    return tmp_path / "results"


@pytest.mark.parametrize("rule", STAGES)
def test_the_output_of_every_stage_is_read_back_with_its_wildcards(rule, tmp_path):
    stage = STAGES[rule]
    path = write(tmp_path, stage.output)
    write(tmp_path, f"{stage.output}.{{shard}}.tmp")
    expected = {name: WILDCARDS[name] for name in stage.fields}
    assert list(paths.existing(tmp_path / "results", stage.output)) == [(path, expected)]


def test_values_of_names_are_those_of_the_files(results):
    files = ResultFiles(results)
    assert files.values("dataset") == ["rail", "road"]
    assert files.values("detector") == ["motion", "yolo11n"]
    assert files.narrowed({"dataset": "rail"}).values("detector") == ["motion"]
    assert files.values("table") == []


def test_names_choose_one_of_several_and_shards_belong_together(results):
    group = ResultFiles(results).narrowed({"dataset": "road", "detector": "motion"}).of("link")
    assert group.names == {"dataset": "road", "detector": "motion", "linker": "iou"}
    assert [path.stem for path in group.paths] == ["000", "001"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({}, "`link` has 3 results; choose one: dataset=rail detector=motion; dataset=road detector=motion; "),
        ({"dataset": "road"}, "`link` has 2 results; choose one: detector=motion; detector=yolo11n"),
        ({"dataset": "street"}, "no dataset 'street'; allowed: rail, road"),
        ({"detector": "yolo"}, "no detector 'yolo'; allowed: motion, yolo11n"),
        ({"detektor": "yolo"}, "'detektor' is no name of results; allowed: dataset, split, "),
    ],
)
def test_what_does_not_say_which_is_one_line(results, names, message):
    with pytest.raises(UserError, match=re.escape(message)) as error:
        ResultFiles(results).narrowed(names).of("link")
    assert "\n" not in str(error.value)


def test_what_was_not_made_is_one_line(results):
    with pytest.raises(UserError, match=r"results: no results of `detect` dataset=road$"):
        ResultFiles(results).narrowed({"dataset": "road"}).of("detect")


@pytest.mark.parametrize(("folder", "message"), [("nowhere", "no such folder"), ("", "not a folder of results: no ")])
def test_a_folder_without_results_is_one_line(tmp_path, folder, message):
    with pytest.raises(UserError, match=message):
        wsstad.open_results(tmp_path / folder)


def test_tables_of_a_dataset_are_those_of_the_run_then_those_beside_then_those_of_the_package(results):
    files = ResultFiles(results)
    assert files.dataset_tables("road") is None
    assert files.dataset_tables("demo").parts[-3:] == ("config", "datasets", "demo")
    storage.write_text(results.parent / "config/datasets/road/videos.tsv", "video\n")
    assert files.dataset_tables("road") == results.parent / "config/datasets/road"
    storage.write_text(results.parent / "mine/videos.tsv", "video\n")
    storage.write_json(results / paths.RUN, {"config": {"datasets": {"road": {"tables": "mine", "source": "films"}}}})
    assert files.configuration() == {}  # it has no seal
    seals.seal(results / paths.RUN)
    assert files.dataset_tables("road") == results.parent / "mine"
    assert files.source("road") == results.parent / "films"
