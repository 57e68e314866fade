"""From a folder to a table by `wsstad init` and `wsstad run`: two folders of videos, and a published layout."""

import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from support import videos
from workflow.conftest import REPOSITORY

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
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500)
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
