"""The report is part of a run, is made again when what it shows has changed, and goes into that of Snakemake itself."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow


def page(copy) -> str:
    return (copy.folder / "results/report.html").read_text()


def test_a_run_ends_with_the_report(finished):
    text = page(finished)
    assert text.count("<article") == 12
    assert text.count("<video") == 12
    (line,) = re.findall(r'<p class="made .*?</p>', text)
    assert "wsstad run --config config.yaml" in line
    for name in ("mgpr_tiny", "collision", "c3d, not trained: random weights of seed 0"):
        assert name in text


def test_another_method_is_shown_without_any_other_stage(copy):
    copy.configure(report={"method": "random"})
    assert copy.redo("report") == {"illustrate": [12], "report": 1}
    copy.configure()
    before = page(copy)
    assert copy.redo("report") == {"illustrate": [0], "report": 1}, "what was drawn once stays"
    assert page(copy) != before


def test_no_picture_is_made_of_footage_that_may_not_be_seen(copy):
    copy.configure(report={"pixels": False})
    assert copy.redo("report") == {"illustrate": [12], "report": 1}
    assert "data:image/webp" not in page(copy)
    assert "data:video" not in page(copy)


@pytest.mark.long
def test_other_predictions_are_shown(copy):
    copy.change("methods", "mgpr_tiny", learning_rate=0.001)
    done = copy.redo("report")
    assert done == {"train": [4], "predict": [4], "evaluate": 1, "illustrate": [12], "report": 1}


def test_a_method_that_is_not_in_the_table_stops_the_run(copy):
    copy.configure(report={"method": "dmrm"})
    output = copy.fail()
    assert (
        "wsstad: config.yaml: report.method: 'dmrm' is not in table 'benchmark'; allowed: random, whole_frame" in output
    )


def test_it_goes_into_the_report_of_snakemake(copy):
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(copy.repository / "workflow/Snakefile")]
    command += ["--workflow-profile", str(copy.repository / "workflow/profiles/default"), "--configfile", "config.yaml"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [*command, "--cores", "1", "--report", "report.zip"],
        cwd=copy.folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(copy.folder / "report.zip") as archive:
        inside = [name for name in archive.namelist() if name.endswith("report.html")]
        assert any(archive.read(name).decode() == page(copy) for name in inside)
