"""One at a time works in a folder of results."""

import subprocess

import pytest

from wsstad.commands import lock
from wsstad.errors import UserError


def test_a_lock_is_refused_while_it_is_held_and_free_afterwards(tmp_path):
    with lock.held(tmp_path), pytest.raises(UserError, match="a run"), lock.held(tmp_path):
        pass
    with lock.held(tmp_path):
        # The lock of workflow/run is the same one.
        assert subprocess.run(["flock", "--nonblock", tmp_path / ".lock", "true"]).returncode == 1
    assert subprocess.run(["flock", "--nonblock", tmp_path / ".lock", "true"]).returncode == 0


def test_a_lock_ends_with_an_error(tmp_path):
    with pytest.raises(KeyError), lock.held(tmp_path):
        raise KeyError
    with lock.held(tmp_path):
        pass
