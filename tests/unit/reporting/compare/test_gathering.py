"""What is gathered of two folders of made-up results, what of them cannot be compared and why; and the page of it."""

import re
import shutil
from dataclasses import replace

import pytest

from support import pages
from wsstad.artefacts import seals, storage
from wsstad.errors import UserError
from wsstad.evaluation import results as results_file
from wsstad.planning import sides
from wsstad.planning.stages import STAGES
from wsstad.reporting.compare import gathering
from wsstad.reporting.page import compared

BLOCK = "made_up/runs/one/c3d_seed0/motion/iou/cpu"
METRICS = f"{BLOCK}/benchmark/metrics/boxes.json"
BOX = {"event": "0", "frame": "3", "x1": "1", "y1": "1", "x2": "9", "y2": "9", "fill": "none"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return write_pair(tmp_path_factory.mktemp("made"))


def write_pair(folder):
    """Write two folders of the same made-up results, with annotations; the second has its own numbers of mgpr."""
    (folder / "a").mkdir()
    pages.write(folder / "a", videos=8, kind=pages.HOSTILE)
    results = folder / "a/results"
    storage.write_text(results / "made_up/shards.tsv", "video\tshard\n")
    boxes = [{"video": f"v{i:03d}", **BOX} for i in (2, 4)]
    storage.write_table(results / "made_up/annotations/boxes.tsv", boxes, list(boxes[0]))
    shutil.copytree(folder / "a", folder / "b")
    change(folder / "b/results", raised)
    return folder


@pytest.fixture
def folders(made, tmp_path, monkeypatch):
    """A copy of both."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(made, tmp_path, dirs_exist_ok=True)


def raised(row):
    """Return the result of a video with another S_loc, where it has one."""
    return replace(row, s_loc_of_runs=(0.9, 0.9), s_loc=0.9) if row.s_loc else row


def change(results, of_video, method="mgpr"):
    """Change what was measured of a method in each video."""
    block = results_file.read(results / METRICS)
    moved = [
        replace(result, videos=tuple(map(of_video, result.videos))) if result.method == method else result
        for result in block.results
    ]
    results_file.write(results / METRICS, replace(block, results=tuple(moved)))


def gather(folders, **options):
    given = (sides.read(str(folders / name / "results"), folders / "results") for name in ("a", "b"))
    _, first, second = sides.pair(*given, {})
    return gathering.gather(first, second, **options)


def test_metrics_videos_costs_and_limits_are_gathered(folders):
    comparison = gather(folders)
    assert comparison.method == "mgpr"
    assert [stage.rule for stage in comparison.stages] == ["train", "predict", "evaluate"]
    assert comparison.diverged is None, "the made-up metrics are the same; only single videos are not"
    assert {(row.family, row.method) for row in comparison.changes} == {
        ("methods", "mgpr"),
        ("upper bounds", "upper_bound"),
    }
    boxed = [video for video in comparison.videos if video.s_loc]
    assert len(boxed) == 4
    assert all(video.s_loc[1] == 0.9 for video in boxed)
    assert [name for name, *_ in comparison.costs()] == ["decode", "train"]
    assert all(a == b for _, a, b in comparison.costs())
    lacking = [line for line in comparison.limits if "not compared, since" in line]
    assert {line.split(":")[0] for line in lacking} == {"decode", "detect", "link", "extract_image", "extract_region"}


def test_another_method_is_shown_or_refused(folders):
    assert gather(folders, method="whole_frame").method == "whole_frame"
    with pytest.raises(
        UserError, match="--method stil: not in both results; allowed: random, whole_frame, upper_bound"
    ):
        gather(folders, method="stil")


def test_s_loc_is_not_compared_against_other_annotations(folders):
    path = folders / "b/results/made_up/annotations/boxes.tsv"
    boxes = [{"video": "v002", **BOX}, {"video": "v004", **BOX, "x2": "20"}]
    storage.write_table(path, boxes, list(boxes[0]))
    comparison = gather(folders)
    assert "S_loc: not compared for 1 videos whose annotations differ: v004" in comparison.limits
    assert {video.video for video in comparison.videos if video.s_loc} == {"v000", "v002", "v006"}
    path.unlink()
    assert any("those of one side are gone" in line for line in gather(folders).limits)


def test_s_loc_over_other_frames_is_not_compared_at_all(folders):
    block = results_file.read(folders / "b/results" / METRICS)
    moved = tuple(replace(row, settings=replace(row.settings, gamma="union")) for row in block.results)
    results_file.write(folders / "b/results" / METRICS, replace(block, results=moved))
    comparison = gather(folders)
    assert "S_loc: not compared, since the frames that count (gamma) differ: detected, union" in comparison.limits
    assert {row.metric for row in comparison.changes} == {"VAUC"}


def test_tests_and_methods_of_one_side_are_named(folders):
    change(folders / "b/results", lambda row: replace(row, video="new") if row.video == "v003" else row)
    block = results_file.read(folders / "b/results" / METRICS)
    rest = tuple(row for row in block.results if row.method != "dmrm")
    results_file.write(folders / "b/results" / METRICS, replace(block, results=rest, comparisons=(), family=None))
    limits = gather(folders).limits
    a, b = (str(folders / name / "results") for name in ("a", "b"))
    assert f"methods: only {a} has dmrm" in limits
    assert f"mgpr: 1 tests have a score in {a} alone: v003 (fold 0)" in limits
    assert f"mgpr: 1 tests have a score in {b} alone: new (fold 0)" in limits


def test_without_metrics_of_both_only_stages_are_compared(folders):
    for name in ("a", "b"):
        path = folders / name / STAGES["link"].output.format(**pages.WILDCARDS, shard="000")
        storage.write_text(path, "video\tstatus\tcode\treason\tkey\tdigest\n")
    (folders / "b/results" / METRICS).unlink()
    comparison = gather(folders)
    assert comparison.changes == ()
    assert comparison.videos == ()
    assert "metrics: not compared, since both sides have to be evaluated" in comparison.limits


def test_settings_are_compared_as_far_as_both_sides_know_them(folders):
    comparison = gather(folders)
    assert comparison.settings[0] == comparison.settings[1]
    assert comparison.settings[0]["detector"] == {"name": "motion"}
    write_run(folders / "a", {"evaluate": {"gamma": "union"}})
    assert "evaluate" not in gather(folders).settings[0]
    write_run(folders / "b", {"evaluate": {"gamma": "gt_only"}})
    assert [settings["evaluate"]["gamma"] for settings in gather(folders).settings] == ["union", "gt_only"]


def write_run(folder, config):
    storage.write_json(folder / "results/.run.json", {"config": config, "targets": []})
    seals.seal(folder / "results/.run.json")


def test_the_page_holds_both_sides_and_needs_nothing_else(folders):
    comparison = gather(folders)
    text = compared.page(comparison, ["detector.threshold: 25 -> 12"], pixels=True)
    assert "detector.threshold: 25 → 12" in text
    assert not re.search(r"""(src|href)=["']?(https?:|//)""", text)
    assert pages.HOSTILE not in text
    assert text.count("data:video/mp4") == 8, "four videos moved, and both sides show each"
    assert len(text.encode()) < 25_000_000
    plain = compared.page(comparison, [], pixels=False)
    assert "data:video/mp4" not in plain
    assert "without pictures of the footage" in plain
    for line in comparison.limits:
        assert line.split(":")[0] in text


def test_a_side_without_an_illustration_is_named(folders):
    alike = compared.page(gather(folders, method="dmrm"), [], pixels=True)
    assert "every video has the same" in alike
    change(folders / "b/results", raised, method="dmrm")
    text = compared.page(gather(folders, method="dmrm"), [], pixels=True)
    assert "data:video/mp4" not in text
    assert text.count("no report of this side shows dmrm in this video") == 2 * 4, "either side, in four videos"


def test_a_single_seed_a_side_is_listed_as_a_limit(folders):
    note = "seeds: one a side, so what training by another seed would move is part of every difference"
    assert note not in gather(folders).limits
    for path in folders.rglob("metrics/boxes.json"):
        block = results_file.read(path)
        results_file.write(
            path, replace(block, results=tuple(replace(row, seeds=row.seeds[:1]) for row in block.results))
        )
    assert note in gather(folders).limits
