"""A run is kept, the detector changes in place, the two are compared: on the terminal, on a page, and after `gc`."""

import re
import shutil
import subprocess

import pytest

import wsstad
from workflow.conftest import rows

pytestmark = pytest.mark.workflow

BLOCK = "small/runs/cv2/narrow/motion/iou/full/benchmark"


def git(folder, *words):
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True)


def repository(folder):
    """Put the configuration under Git, without what runs write."""
    if not shutil.which("git"):
        pytest.skip("git is not here")
    git(folder, "init", "--quiet")
    (folder / ".gitignore").write_text("results/\n.snakemake/\nsource/\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")


@pytest.mark.long
@pytest.mark.whole
def test_a_change_in_place_is_compared_with_the_run_that_was_kept(copy):
    repository(copy.folder)
    assert copy.verb("run", "--name", "before", "--cores", "2") == ""
    kept = copy.folder / "results/kept/before"
    first = wsstad.open_results(copy.folder / "results")
    tubes = {video: first.tubes(video) for video in first.videos().index}
    numbers = (kept / BLOCK / "metrics/exact.json").read_bytes()
    assert "first difference: none, the two are the same" in copy.typed("compare", "before", "results")

    copy.change("detectors", "motion", max_detections=1, threshold=45, min_area=200)
    copy.run()
    output = copy.typed("compare", "before", "results")
    assert "changed: detector.threshold: 20 -> 45" in output
    assert "first difference: detect, " in output
    before, now = (
        sum(
            int(row["boxes"]) for path in (folder / "small/detections/motion/manifests").iterdir() for row in rows(path)
        )
        for folder in (kept, copy.folder / "results")
    )
    assert f"{before} -> {now} boxes; " in output
    assert re.search(r"^decode +the same 12 videos$", output, re.MULTILINE)
    for result in wsstad.open_results(kept).metrics().results:
        if result.method == "mgpr_tiny":
            assert re.search(rf"^mgpr_tiny +{100 * result.metrics['VAUC'].mean:.1f} -> ", output, re.MULTILINE)
    page = (copy.folder / "results/compare/before-to-results.html").read_text()
    assert page.count("data:video/mp4") == 2 * page.count('<article class="card video pair"')
    assert "data:video/mp4" in page
    git(copy.folder, "commit", "--quiet", "--all", "--message", "fewer detections")
    commits = copy.typed("compare", "HEAD~1", "HEAD", "--config", "config.yaml", "--no-pixels")
    assert re.match(r"A  HEAD~1 \([0-9a-f]{7}\): small .*\nB  HEAD \([0-9a-f]{7}\): small ", commits)
    assert commits.splitlines()[2:-1] == output.splitlines()[2:-1], (
        "the same results, found by what they were made with"
    )
    copy.typed("compare", "before", "results", "--no-pixels", "--output", "plain.html")
    assert "data:video" not in (copy.folder / "plain.html").read_text()

    copy.verb("gc", "--delete")
    assert copy.typed("compare", "before", "results") == output
    then = wsstad.open_results(kept)
    assert (kept / BLOCK / "metrics/exact.json").read_bytes() == numbers
    assert all(len(then.tubes(video).tubes) == len(earlier.tubes) for video, earlier in tubes.items())
    assert then.card("mgpr_tiny").detector.parameters["threshold"] == 20
    assert then.prediction("v003", "mgpr_tiny").n_frames == 64
    assert "kept by name: results/kept/before" in copy.verb("gc")


def test_what_cannot_be_meant_is_one_line(copy):
    assert "wsstad: 'nonesuch' is no folder of results" in copy.refused("compare", "nonesuch", "results")
    assert "--method nonesuch: not in both" in copy.refused("compare", "results", "results", "--method", "nonesuch")
    assert "--only: 'table2' is not NAME=VALUE" in copy.refused("compare", "results", "results", "--only", "table2")
    copy.verb("run", "--name", "before", "--cores", "2")
    again = copy.refused("run", "--config", "config.yaml", "--name", "before")
    assert "--name: results/kept/before is there already" in again
