"""One at a time works in a folder of results."""

import errno
import subprocess

import pytest

from wsstad.commands.running import lock
from wsstad.errors import UserError


def test_a_lock_is_refused_while_it_is_held_and_free_afterwards(tmp_path):
    with lock.held(tmp_path), pytest.raises(UserError, match="a run"), lock.held(tmp_path):
        pass
    with lock.held(tmp_path):
        # Any other process sees the same lock.
        assert subprocess.run(["flock", "--nonblock", tmp_path / ".lock", "true"]).returncode == 1
    assert subprocess.run(["flock", "--nonblock", tmp_path / ".lock", "true"]).returncode == 0


def test_a_look_makes_no_lock_and_is_refused_while_one_is_held(tmp_path):
    with lock.held(tmp_path / "results", looks=True) as descriptor:
        assert descriptor > 2
    assert not (tmp_path / "results").exists()
    with lock.held(tmp_path), pytest.raises(UserError, match="a run"), lock.held(tmp_path, looks=True):
        pass


def test_is_held_takes_no_lock(tmp_path):
    assert not lock.is_held(tmp_path), "no lock was ever made"
    with lock.held(tmp_path):
        assert lock.is_held(tmp_path)
    assert not lock.is_held(tmp_path)


def test_a_lock_ends_with_an_error(tmp_path):
    with pytest.raises(KeyError), lock.held(tmp_path):
        raise KeyError
    with lock.held(tmp_path):
        pass


def test_a_run_waits_for_the_lock_and_says_so(tmp_path, capsys):
    holder = ["flock", tmp_path / ".lock", "sh", "-c", "echo; sleep 1"]
    with subprocess.Popen(holder, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert other.poll() is None
        with lock.held(tmp_path, wait=True) as descriptor:
            assert descriptor > 2
            assert other.wait(timeout=10) == 0
    assert "another run is at work" in capsys.readouterr().err


def test_a_file_system_without_locks_is_one_line_and_no_other_run(tmp_path, monkeypatch, capsys):
    def flock(file, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock.fcntl, "flock", flock)
    with (
        pytest.raises(UserError, match=r"\.lock: this file system cannot lock it: No locks"),
        lock.held(tmp_path, wait=True),
    ):
        pass
    assert not capsys.readouterr().err
