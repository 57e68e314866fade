"""A run on a machine that has too little: one line with the cause, and the same command goes on from there."""

import os
import shutil
import subprocess
import sys

import pytest

from support import flips

pytestmark = pytest.mark.workflow
RUN = f'"{sys.executable}" -m wsstad run --config config.yaml --cores 1'


def run(workplace, script):
    """Run a script of the shell in the folder."""
    environment = {**os.environ, "PYTHONPATH": str(workplace.repository / "workflow"), "OMP_NUM_THREADS": "1"}
    options = {"cwd": workplace.folder, "env": environment, "capture_output": True, "text": True, "timeout": 400}
    return subprocess.run(["bash", "-c", script], check=False, **options)


@pytest.mark.long
def test_too_little_memory_is_named_with_its_limit(copy):
    shutil.rmtree(copy.folder / "results/small/features")
    done = run(copy, f"ulimit -v 1500000; exec {RUN} benchmark")
    assert done.returncode == 1
    assert "not enough memory within the limit of 1536.0 MB (`ulimit -v`): " in done.stderr
    assert "Traceback" not in done.stderr
    assert run(copy, f"{RUN} benchmark").returncode == 0


def test_a_full_disk_is_named_and_the_same_command_goes_on_once_there_is_room(copy, finished):
    """A file system in memory, as large as what is there already, and later larger."""
    shutil.rmtree(copy.folder / "results/small/runs")
    mount = "mv results old && mkdir results && size=$(du -s --apparent-size -B1024 old | cut -f1)"
    mount += " && mount -t tmpfs -o size=$((size * 2 + 8000))k tmpfs results && cp -a old/. results"
    fill = "free=$(df -B1024 --output=avail results | tail -1); head -c $((free - 40))K /dev/zero > results/.fill"
    script = f"{mount} && {fill}; {RUN} > first 2>&1; echo $? > code; rm results/.fill; {RUN} && cp -a results made"
    done = run(copy, f"unshare --user --map-root-user --mount bash -c '{script}'")
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no process here may mount anything")
    output = (copy.folder / "first").read_text()
    assert (copy.folder / "code").read_text() == "1\n"
    assert ": No space left on device: " in output
    assert " MB are needed, 0.0 MB are free; make room; the same command goes on from there" in output
    assert "Traceback" not in output
    assert done.returncode == 0, done.stderr
    shutil.rmtree(copy.folder / "results")
    (copy.folder / "made").rename(copy.folder / "results")
    clean, made = flips.snapshot(finished.folder), flips.snapshot(copy.folder)
    assert [name for name in {*clean, *made} if clean.get(name) != made.get(name)] == []
