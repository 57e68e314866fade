"""From a folder to a table by `wsstad init` and `wsstad run`: folders of videos, and published layouts."""

import os
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import yaml

from support import layouts, videos
from workflow.conftest import REPOSITORY
from wsstad.commands import init, lint
from wsstad.planning.layouts import LAYOUTS

pytestmark = pytest.mark.workflow

# What is made cheaper than `init` chose, for the sake of this test's time: the extractor, the rows and their seeds.
CHEAPER = {
    r"extractors: .*": "extractors: [efficientnet_lite0_112]",
    r"methods: .*": "methods: [random, metadata_only, dmrm]",
    r"seeds: .*": "seeds: [0]",
}


def wsstad(folder, *words):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "workflow"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "wsstad", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run(folder):
    """Run what `init` wrote, made cheaper, and return the table."""
    text = (folder / "wsstad.yaml").read_text()
    for pattern, cheaper in CHEAPER.items():
        text = re.sub(pattern, cheaper, text)
    (folder / "wsstad.yaml").write_text(text)
    assert ": 0 errors, " in wsstad(folder, "lint")
    wsstad(folder, "run", "benchmark", "--cores", "2")
    return (folder / "results/tables/benchmark.md").read_text()


@pytest.mark.long
def test_two_folders_of_videos_end_in_a_table_of_vauc(tmp_path):
    for n in range(8):
        kind = ("normal", "abnormal")[n % 2]
        (tmp_path / "footage" / kind).mkdir(parents=True, exist_ok=True)
        videos.write(tmp_path / f"footage/{kind}/cam{n // 2}_{n}.mp4", videos.frames(24, seed=n))
    shown = wsstad(tmp_path, "init", "footage")
    assert "4 from the cameras in the names, such as 'cam0'" in shown
    table = run(tmp_path)
    assert re.search(r"^\| dmrm ", table, re.MULTILINE)
    assert "Test videos that are evaluated: 8/8" in table
    (header,) = re.findall(r"^\| method .*", table, re.MULTILINE)
    assert "VAUC" in header
    assert "MIoU" not in header


@pytest.mark.long
@pytest.mark.whole
def test_the_published_layout_of_ped2_ends_in_a_table_with_boxes(tmp_path):
    for part in ("Train", "Test"):
        for n in range(1, 5):
            clip = tmp_path / f"UCSDped2/{part}/{part}{n:03}"
            clip.parent.mkdir(parents=True, exist_ok=True)
            videos.write_folder(clip, videos.frames(24, seed=10 * n + (part == "Test")), ".tif")
            if part == "Test":
                masks = [np.zeros((48, 64, 3), np.uint8) for _ in range(24)]
                for mask in masks:
                    cv2.rectangle(mask, (20, 10), (40, 30), (255, 255, 255), -1)
                videos.write_folder(clip.with_name(f"{clip.name}_gt"), masks, ".bmp")
    wsstad(tmp_path, "init", "--as", "ucsd_ped2", "UCSDped2")
    table = run(tmp_path)
    assert "Test videos that are evaluated: 8/8; abnormal ones with boxes: 4/4" in table


@pytest.mark.long
@pytest.mark.whole
def test_the_published_layout_of_avenue_ends_in_a_table_with_boxes_from_mat_files(tmp_path):
    masks = tmp_path / "Avenue/ground_truth_demo/testing_label_mask"
    masks.mkdir(parents=True)
    for part in ("training_videos", "testing_videos"):
        folder = tmp_path / "Avenue/Avenue Dataset" / part
        folder.mkdir(parents=True)
        for n in range(1, 5):
            pictures = videos.frames(24, seed=10 * n + (part == "testing_videos"))
            videos.write(folder / f"{n:02}.avi", pictures, kind="avi")
            layouts.write_cells(masks / f"{n}_label.mat", 24, (20, 10, 40, 30), size=(64, 48))
    wsstad(tmp_path, "init", "--as", "avenue", "Avenue")
    table = run(tmp_path)
    assert "Test videos that are evaluated: 8/8; abnormal ones with boxes: 4/4" in table


@pytest.mark.timeout(1800)  # I3D, the features that `init` chose, on a machine that does other things as well
@pytest.mark.long
@pytest.mark.whole
def test_the_fight_set_without_its_tables_ends_in_a_table_and_nothing_else_is_typed(tmp_path, shared):
    source = shared / "data/surv_fight"
    for folder in ("fight", "noFight"):
        (tmp_path / "footage" / folder).mkdir(parents=True)
        for path in sorted((source / folder).glob("*.mp4"))[:3]:
            shutil.copy(path, tmp_path / "footage" / folder)
    wsstad(tmp_path, "init", "footage")
    wsstad(tmp_path, "run")
    table = (tmp_path / "results/tables/benchmark.md").read_text()
    assert re.findall(r"^\| (\w+) ", table, re.MULTILINE) == ["method", "random", "metadata_only", "dmrm", "mgpr"]
    assert "Test videos that are evaluated: 6/6" in table
    assert (tmp_path / "results/report.html").is_file()


def test_every_layout_is_planned_without_a_finding_that_stops_it(tmp_path, monkeypatch, capsys):
    """`init` and `lint` of each; then one plan of all, as Snakemake makes it."""
    together = {"datasets": {}, "benchmarks": []}
    for name in LAYOUTS:
        folder = tmp_path / name
        (folder / "source").mkdir(parents=True)
        layouts.MAKERS[name](folder / "source")
        layouts.fill(folder / "source", (64, 64) if name == "ucfcrime2local" else layouts.SIZE)
        monkeypatch.chdir(folder)
        init.main(["--as", name, "source"])
        lint.main([])  # exits where there is an error
        assert f"{name}: 0 errors, " in capsys.readouterr().out
        content = yaml.safe_load((folder / "wsstad.yaml").read_text())
        (entry,) = content["datasets"].values()
        together["datasets"][name] = {"tables": f"{name}/config/datasets/{name}", "source": f"{name}/{entry['source']}"}
        together["benchmarks"] += content["benchmarks"]
    (tmp_path / "wsstad.yaml").write_text(yaml.safe_dump(together))
    plan = wsstad(tmp_path, "run", "--dry-run")
    for rule in ("decode", "train", "tabulate_dataset"):
        (count,) = set(re.findall(rf"^{rule} +(\d+)$", plan, re.MULTILINE))
        assert int(count) >= len(LAYOUTS)
