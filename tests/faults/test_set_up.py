"""Two set-ups at once: the second waits for the first, and leaves what it has made alone."""

import fcntl
import os
import subprocess
import sys


def test_a_second_set_up_waits_and_does_nothing(repository, tmp_path):
    (tmp_path / "envs").mkdir()
    lock = tmp_path / "envs/requirements.lock"
    lock.write_text("made-up==1.0\n")
    with open(lock) as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        command = [repository / "envs/set_up.sh", sys.executable, ".venv"]
        second = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        assert second.stdout.readline() == "[set-up] another set-up is at work in .venv; waiting for it\n"
        (tmp_path / ".venv").mkdir()
        (tmp_path / ".venv/complete").touch()
        os.utime(lock, (1e9, 1e9))
        assert second.poll() is None
    rest, _ = second.communicate(timeout=20)
    assert (second.returncode, rest) == (0, "")
    assert [path.name for path in (tmp_path / ".venv").iterdir()] == ["complete"]


def test_status_sets_nothing_up(repository, tmp_path):
    (tmp_path / "Makefile").write_text((repository / "Makefile").read_text())
    done = subprocess.run(["make", "status"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == "the set-up has not ended, or not begun: `make demo` begins with it\n"
