"""The commands of the tutorial, typed as they stand, in the repository and in a home of their own."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from workflow.conftest import REPOSITORY

pytestmark = pytest.mark.workflow


def commands() -> str:
    """Return all commands of the tutorial as one script that stops at the first one that fails."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (REPOSITORY / "docs/tutorial.md").read_text(), re.MULTILINE | re.DOTALL)
    return "set -euo pipefail\n" + "echo ======\n".join(blocks)


def test_every_command_does_what_the_page_says(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"HOME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", commands()], cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    *_, quarantine, scored, first, _, _ = done.stdout.split("======\n")
    assert quarantine.splitlines()[0].startswith("video\t")
    assert re.search(r"^(alarm|quiet) +0\.\d\d  corridor\.mp4", scored, re.MULTILINE)
    assert re.search(r"^not scored +broken\.mp4 +V10\d ", scored, re.MULTILINE)
    assert "detector.threshold: 20 -> 30" in first
    table = (tmp_path / "my_benchmark/results/mine/tables/benchmark.md").read_text()
    assert re.search(r"^\| mgpr ", table, re.MULTILINE)
    assert "Test videos that are evaluated: 12/12; abnormal ones with boxes: 6/6." in table
    logs = Path(tmp_path, "my_benchmark/results/logs/detect/mine").rglob("*.log")
    assert all(" 0 to do" in log.read_text() for log in logs), "back at the earlier setting nothing is computed"
