"""A run is kept, the detector changes in place, the two are compared: on the terminal, on a page, and after `gc`."""

import os
import re
import subprocess
import sys

import pytest

import wsstad
from workflow.conftest import rows

pytestmark = pytest.mark.workflow

BLOCK = "small/runs/cv2/narrow/motion/iou/full/benchmark"


def compare(copy, *words, code=0):
    command = [sys.executable, "-m", "wsstad", "compare", *words]
    env = {**os.environ, "PYTHONPATH": str(copy.repository / "workflow")}
    done = subprocess.run(command, cwd=copy.folder, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_change_in_place_is_compared_with_the_run_that_was_kept(copy):
    said = copy.verb("run", "--name", "before", "--cores", "2")
    kept = copy.folder / "results/kept/before"
    first = wsstad.open_results(copy.folder / "results")
    tubes = {video: first.tubes(video) for video in first.videos().index}
    numbers = (kept / BLOCK / "metrics/exact.json").read_bytes()
    same = compare(copy, "before", "results")
    assert "first difference: none, the two are the same" in same
    assert said == ""

    copy.change("detectors", "motion", max_detections=1, threshold=45, min_area=200)
    copy.run()
    told = compare(copy, "before", "results")
    assert "changed: detector.threshold: 20 -> 45" in told
    assert "first difference: detect, " in told
    before, now = (
        sum(
            int(its["boxes"]) for path in (folder / "small/detections/motion/manifests").iterdir() for its in rows(path)
        )
        for folder in (kept, copy.folder / "results")
    )
    assert f"{before} -> {now} boxes; " in told
    assert re.search(r"^decode +the same 12 videos$", told, re.MULTILINE)
    for result in wsstad.open_results(kept).metrics().results:
        if result.method == "mgpr_tiny":
            assert re.search(rf"^mgpr_tiny +{100 * result.metrics['VAUC'].mean:.1f} -> ", told, re.MULTILINE)
    page = (copy.folder / "results/compare/before-to-results.html").read_text()
    assert page.count("data:video/mp4") == 2 * page.count('<article class="card video pair"')
    assert "data:video/mp4" in page
    compare(copy, "before", "results", "--no-pixels", "--output", "plain.html")
    assert "data:video" not in (copy.folder / "plain.html").read_text()

    copy.verb("gc", "--delete")
    assert compare(copy, "before", "results") == told
    then = wsstad.open_results(kept)
    assert (kept / BLOCK / "metrics/exact.json").read_bytes() == numbers
    assert all(len(then.tubes(video).tubes) == len(its.tubes) for video, its in tubes.items())
    assert then.card("mgpr_tiny").detector.parameters["threshold"] == 20
    assert then.prediction("v003", "mgpr_tiny").n_frames == 64
    assert "kept by name: results/kept/before" in copy.verb("gc")


def test_what_cannot_be_meant_is_one_line(copy):
    assert "wsstad: 'nonesuch' is no folder of results" in compare(copy, "nonesuch", "results", code=2)
    assert "--method nonesuch: not in both" in compare(copy, "results", "results", "--method", "nonesuch", code=2)
    assert "--only: 'table2' is not NAME=VALUE" in compare(copy, "results", "results", "--only", "table2", code=2)
    copy.verb("run", "--name", "before", "--cores", "2")
    fail = subprocess.run(
        [sys.executable, "-m", "wsstad", "run", "--config", "config.yaml", "--name", "before"],
        cwd=copy.folder,
        env={**os.environ, "PYTHONPATH": str(copy.repository / "workflow")},
        capture_output=True,
        text=True,
    )
    assert fail.returncode == 2
    assert "--name: results/kept/before is there already" in fail.stderr
