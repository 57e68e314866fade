"""The sides of a comparison: how they are named, which results belong together, what is refused."""

import re
from pathlib import Path

import pytest

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.planning import paths, sides
from wsstad.planning.stages import STAGES

CHAIN = {"dataset": "road", "split": "cv2", "extractor": "c3d", "detector": "motion", "linker": "iou", "scale": "cpu"}
CHAIN |= {"table": "benchmark", "annotator": "exact", "shard": "000"}


def write(folder, *rules, **names):
    """Write made-up outputs of rules of a chain, and the shard map."""
    names = {**CHAIN, **names}
    for pattern in (paths.SHARD_MAP, *(STAGES[rule].output for rule in rules)):
        storage.write_text(folder / pattern.removeprefix("results/").format(**names), "made up\n")


RULES = ("decode", "detect", "link", "extract_region", "predict", "evaluate")


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Results of two detectors; an earlier run of one of them is kept."""
    monkeypatch.chdir(tmp_path)
    results = Path("results")
    write(results, *RULES)
    write(results, *RULES, detector="yolo")
    write(results, *RULES, table="table2")
    write(results / "kept/before", *RULES)
    return results


def paired(results, first, second, **only):
    rule, a, b = sides.pair(sides.read(first, results), sides.read(second, results), only)
    return rule, a, b


def test_two_variants_inside_one_folder(results):
    for words in (("motion", "yolo"), ("detector=motion", "detector=yolo"), ("results:detector=motion", "yolo")):
        rule, a, b = paired(results, *words)
        assert (rule, a.names["detector"], b.names["detector"]) == ("evaluate", "motion", "yolo")
        assert a.names["table"] == b.names["table"] == "benchmark"
        assert a.groups("detect")[0].paths == [Path("results/road/detections/motion/manifests/000.tsv")]
        assert b.groups("decode")[0].paths == [Path("results/road/frames/manifests/000.tsv")]


def test_a_kept_run_and_what_is_there_now(results):
    _, a, b = paired(results, "before", "results")
    assert (a.files.folder, b.files.folder) == (Path("results/kept/before"), Path("results"))
    assert a.names == b.names == {name: CHAIN[name] for name in CHAIN if name != "shard"}
    _, a, b = paired(results, "before", "detector=yolo")
    assert (a.names["detector"], b.names["detector"]) == ("motion", "yolo")


def test_another_folder_of_results_or_the_one_above_it(results, tmp_path):
    write(tmp_path / "other/results", *RULES, detector="yolo", dataset="rail")
    for where in ("other", "other/results"):
        _, a, b = paired(results, "before", where)
        assert (a.names["dataset"], b.names["dataset"], b.names["detector"]) == ("road", "rail", "yolo")
        assert b.files.folder == Path("other/results")


def test_names_in_common_belong_together_and_only_chooses(results):
    write(results, *RULES, extractor="i3d")
    write(results, *RULES, extractor="i3d", detector="yolo")
    with pytest.raises(
        UserError, match=r"^motion and yolo: 2 pairs of results; choose one with --only: extractor=c3d; e"
    ):
        paired(results, "motion", "yolo")
    _, a, b = paired(results, "motion", "yolo", extractor="i3d")
    assert a.names["extractor"] == b.names["extractor"] == "i3d"
    _, a, _ = paired(results, "motion", "yolo", extractor="c3d", table="benchmark")
    assert a.names["extractor"] == "c3d"


def test_where_one_side_was_not_evaluated_the_comparison_ends_earlier(results):
    write(results, "decode", "detect", "link", detector="foreign")
    rule, a, b = paired(results, "motion", "foreign")
    assert rule == "link"
    assert (a.names["detector"], b.names["detector"]) == ("motion", "foreign")
    write(results / "kept/frames-only", "decode")
    with pytest.raises(UserError, match="no stage has results of both"):
        paired(results, "before", "frames-only")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "nonesuch",
            "'nonesuch' is no folder of results, no run that was kept and no variant; runs that were kept in ",
        ),
        (
            "nonesuch",
            "results/kept: before; splits: cv2; extractors: c3d; detectors: both, motion, yolo; linkers: both, iou",
        ),
        ("nonesuch:detector=yolo", "'nonesuch' is no folder of results"),
        ("detector=nonesuch", "results: no detector 'nonesuch'; allowed: both, motion, yolo"),
        ("kind=yolo", "'kind=yolo' is not NAME=VALUE; allowed names: dataset, split"),
        ("results:detector=yolo,linker", "'linker' is not NAME=VALUE"),
        ("both", "'both': say which is meant: detector=both, linker=both"),
    ],
)
def test_what_is_not_there_is_one_line(results, word, message):
    write(results, "link", detector="both", linker="both")
    with pytest.raises(UserError, match=re.escape(message)) as error:
        sides.read(word, results)
    assert "\n" not in str(error.value)


def test_chains_without_a_name_in_common_are_not_paired(tmp_path):
    for folder, detectors in (("a", ("motion", "yolo")), ("b", ("other", "more"))):
        for detector in detectors:
            write(tmp_path / folder, *RULES, detector=detector)
    with pytest.raises(UserError, match="no names in common; say what differs"):
        paired(tmp_path, str(tmp_path / "a"), str(tmp_path / "b"))
