"""The set-up: two at once, one that fails, one without Python; and who must not begin one."""

import fcntl
import os
import subprocess
import sys

import pytest


@pytest.fixture
def clone(tmp_path):
    """A folder with a lock of one package."""
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/requirements.lock").write_text("made-up==1.0\n")
    os.utime(tmp_path / "envs/requirements.lock", (1e9, 1e9))
    return tmp_path


def start(repository, clone, python):
    command = [repository / "envs/set_up.sh", python, ".venv"]
    return subprocess.Popen(command, cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_second_set_up_waits_and_does_nothing(repository, clone):
    with open(clone / ".venv.lock", "w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = start(repository, clone, sys.executable)
        assert second.stdout.readline() == "[set-up] another set-up is at work in .venv; waiting for it\n"
        (clone / ".venv").mkdir()
        (clone / ".venv/complete").touch()
        assert second.poll() is None
    rest, _ = second.communicate(timeout=20)
    assert (second.returncode, rest) == (0, "")
    assert [path.name for path in (clone / ".venv").iterdir()] == ["complete"]


def python_of(clone, pip):
    """Return a program that makes a virtual environment whose pip does this."""
    program = clone / "python"
    inner = f"#!/bin/bash\n[ $2 = pip ] || exit 9\n{pip}\n"
    lines = ['[ "$1" != --version ] || exit 0', 'mkdir -p "$3/bin"', f"cat > \"$3/bin/python\" <<'END'\n{inner}END"]
    program.write_text("\n".join(["#!/bin/bash", *lines, 'chmod +x "$3/bin/python"', ""]))
    program.chmod(0o755)
    return program


def test_what_could_not_be_installed_is_not_complete(repository, clone):
    process = start(repository, clone, python_of(clone, "echo ERROR: no such package; exit 1"))
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "ERROR: no such package\n" in output
    assert not (clone / ".venv/complete").exists()


def test_what_was_installed_is_complete(repository, clone):
    process = start(repository, clone, python_of(clone, "echo Collecting made-up; echo Installing made-up"))
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output
    assert "[set-up] 1/1 packages fetched\n" in output
    assert (clone / ".venv/complete").exists()


def test_what_the_tests_need_is_added_to_what_runs(repository, clone):
    (clone / "envs/checks.lock").write_text("made-up==1.0\nmoto==1.0\n")
    process = start(repository, clone, python_of(clone, "echo Requirement already satisfied; echo Collecting moto"))
    assert process.communicate(timeout=20)[0].startswith("[set-up] creating")
    before = (clone / ".venv/complete").stat()
    for expected in ("[set-up] adding what the tests need to .venv\n[set-up] 2/2 packages fetched\n", ""):
        command = [repository / "envs/set_up.sh", clone / "python", ".venv", "checks"]
        done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True)
        assert done.stdout == expected
    assert (clone / ".venv/checks").exists()
    assert (clone / ".venv/complete").stat() == before


def test_checks_that_could_not_be_added_are_not_there(repository, clone):
    (clone / "envs/checks.lock").write_text("moto==1.0\n")
    python = python_of(clone, "[ ! -e broken ] || { echo ERROR: no such package; exit 1; }")
    start(repository, clone, python).communicate(timeout=20)
    (clone / "broken").touch()
    command = [repository / "envs/set_up.sh", clone / "python", ".venv", "checks"]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ERROR: no such package\n" in done.stdout
    assert not (clone / ".venv/checks").exists()


def test_without_python_there_is_one_line(repository, clone):
    process = start(repository, clone, "")
    assert process.communicate(timeout=20)[0].startswith("there is no python3 in PATH")
    assert process.returncode == 1
