"""Every command on the pages, typed: as it stands, on the small dataset in the place of the reader's, or as a plan.

The tutorial's have a test of their own. A new command on a page fails here until somebody says how to run it.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support import documentation
from workflow.conftest import CONFIG, REPOSITORY

pytestmark = pytest.mark.workflow

MODEL = "results/small/runs/cv2/narrow/motion/iou/full/models/mgpr_tiny/0/fold0.*.safetensors"
PLAN = "RUN='workflow/run --dry-run'"
# Make shows the tables at the end, which a plan does not make: of its commands only the run is typed, as a plan.
PED2 = "DATA=$SHARED/data/ucsd_ped2 WEIGHTS=$SHARED/weights | grep ^workflow/run | sed 's/$/ --dry-run/' | bash"
OF_THE_TUTORIAL = {"make score VIDEO=... MODEL=..."}
# What is typed for a command: nothing else, or this. What runs the workflow is not here; see `typed`.
SAME = ""
# Minutes, a cluster, the tests themselves: the commands behind it are put together, and not run.
ONLY_SHOWN = "make --dry-run"
COMMANDS = {
    "make demo": ONLY_SHOWN,
    "make why CONFIG=my.yaml": SAME,
    "make why CONFIG=my.yaml TABLE=table1": SAME,
    "make gc CONFIG=my.yaml": "make gc CONFIG=my.yaml && make gc CONFIG=my.yaml DELETE=1",
    "make status": "make status CONFIG=my.yaml",
    "make status EVERY=5": "timeout 6 make status EVERY=5 CONFIG=my.yaml || [ $? = 124 ]",
    "make report CONFIG=config/no_pixels.yaml": f"make report CONFIG='my.yaml config/no_pixels.yaml' {PLAN}",
    "make overlays": f"make overlays CONFIG=my.yaml {PLAN}",
    "make score VIDEO=footage MODEL=results/<...>.safetensors": f"make score VIDEO=footage MODEL=$(ls {MODEL})",
    "make ped2": f"make --dry-run ped2 {PED2}",
    "make ped2 DATA=<folder of the dataset> WEIGHTS=<folder of yolo11n.pt>": f"make --dry-run ped2 {PED2}",
    'make ped2 TABLES="table2 table3 table4"': f'make --dry-run ped2 TABLES="table2 table3 table4" {PED2}',
    "make ped2-c3d": f"make --dry-run ped2-c3d {PED2}",
    "make fc6 DATA=<folder that holds c3d_fc6_ucfcrime/>": ONLY_SHOWN,
    "make .venv/complete": "make .venv/complete && [ -e .venv/complete ]",
    "make reference": SAME,
    "make format": ONLY_SHOWN,
    "make lock": ONLY_SHOWN,
    "make test": ONLY_SHOWN,
    "make check": ONLY_SHOWN,
    "make test-cluster": ONLY_SHOWN,
    "make benchmark": ONLY_SHOWN,
    "python -m wsstad.stages report --no-pixels": "python -m wsstad.stages report --no-pixels --configfile my.yaml",
    "python -m wsstad import_features": "python -m wsstad import_features --help",
    "python tests/mutants.py": "python tests/mutants.py nonesuch",
    ".venv/bin/python -m pytest tests/unit/test_<module>.py": ".venv/bin/python -m pytest tests/unit/test_clips.py",
    "tests/install.sh browser": "bash -n tests/install.sh",
    "workflow/run --report report.zip": "workflow/run --configfile my.yaml --report report.zip",
    "workflow/run <table>": "workflow/run benchmark --configfile my.yaml --dry-run",
    "workflow/run table1 ... table5": "workflow/run table1 table5 --configfile my.yaml --dry-run",
}


def on_pages() -> list[str]:
    """Return the commands of all pages but the tutorial's own and history; the reader's configuration is my.yaml."""
    tutorial, history = REPOSITORY / "docs/tutorial.md", REPOSITORY / "CHANGELOG.md"
    pages = [page for page in documentation.PAGES if page != history]
    found = (its for page in pages for its in documentation.commands(page.read_text(), page == tutorial))
    short = (re.sub(r"results/\S+(\.\w+)$", r"results/<...>\1", its) for its in found)
    return sorted({re.sub(r"\b(mine|paper|lobby)\.yaml", "my.yaml", its) for its in short} - OF_THE_TUTORIAL)


def typed(command: str) -> str:
    """Return what is typed for a command of the pages; what runs the workflow is a plan of it, on the small dataset."""
    if command in COMMANDS:
        shown = re.sub(r"<.*>", "folder", command.replace("make ", "make --dry-run "))
        return shown if COMMANDS[command] == ONLY_SHOWN else COMMANDS[command] or command
    assert "workflow/run" in command, f"say in COMMANDS what is typed for {command!r}"
    config = "" if "--configfile" in command else " --configfile my.yaml"
    return f"{command}{config} --dry-run"


def test_no_command_is_here_that_no_page_has():
    assert COMMANDS.keys() - set(on_pages()) == set()


@pytest.fixture
def clone(finished, tmp_path):
    """A clone of the repository, set up, in which the small dataset has run; `my.yaml` names it and footage."""
    for name in ("Makefile", "Snakefile", "workflow", "config", "envs", "tests", "benchmarks", "pyproject.toml"):
        subprocess.run(["cp", "-a", REPOSITORY / name, tmp_path], check=True)
    subprocess.run(["cp", "-a", f"{finished.folder}/.", tmp_path], check=True)
    (tmp_path / ".venv").mkdir()
    for its in Path(sys.prefix).iterdir():
        (tmp_path / ".venv" / its.name).symlink_to(its)
    (tmp_path / ".venv/complete").unlink(missing_ok=True)
    (tmp_path / ".venv/complete").touch()
    (tmp_path / "footage").mkdir()
    shutil.copy(tmp_path / "source/videos/v003.mp4", tmp_path / "footage/new.mp4")
    (model,) = tmp_path.glob(MODEL)
    scoring = {"lobby": {"source": "footage", "model": str(model.relative_to(tmp_path))}}
    mine = {**CONFIG, "score": scoring, "overlays": {"methods": ["mgpr_tiny"]}}
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(mine))
    return tmp_path


@pytest.mark.parametrize("command", on_pages())
def test_it_runs(clone, command, request):
    line = typed(command)
    real = {"SHARED": str(request.getfixturevalue("shared"))} if "$SHARED" in line else {}
    environment = {**os.environ, **real, "PATH": f"{clone}/.venv/bin:{os.environ['PATH']}", "PYTHONPATH": "workflow"}
    shell = ["bash", "-c", f"set -euo pipefail\n{line}"]
    done = subprocess.run(shell, cwd=clone, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
