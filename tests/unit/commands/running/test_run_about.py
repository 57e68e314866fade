"""What a run notes of itself: the commit is that of Git, by whichever way it is written down."""

import os
import platform
import shutil
import subprocess

import pytest

from wsstad.commands.running import run_about


@pytest.fixture
def repository(tmp_path):
    if not shutil.which("git"):
        pytest.skip("git is not here")
    folder = tmp_path / "clone"
    git(tmp_path, "init", "-q", "clone")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def git(folder, *words):
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_is_that_of_git(repository, tmp_path):
    wanted = git(repository, "rev-parse", "HEAD")
    (repository / "config/mine").mkdir(parents=True)
    assert run_about.commit(repository / "config/mine") == wanted
    git(repository, "pack-refs", "--all")
    assert run_about.commit(repository) == wanted
    git(repository, "worktree", "add", "-q", str(tmp_path / "other"))
    assert run_about.commit(tmp_path / "other") == wanted
    git(repository, "checkout", "-q", "--detach")
    assert run_about.commit(repository) == wanted


def test_there_may_be_no_commit(repository, tmp_path):
    assert run_about.commit(tmp_path) == ""
    git(tmp_path, "init", "-q", "empty")
    assert run_about.commit(tmp_path / "empty") == ""
    (repository / ".git/HEAD").write_text("something else")
    assert run_about.commit(repository) == ""


@pytest.mark.parametrize("head", ["ref: /etc/hostname", "ref: ../../../../dev/zero", "ref: ", "\xff", ""])
def test_a_repository_of_a_stranger_tells_nothing_else(tmp_path, head):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_bytes(head.encode("latin-1"))
    assert run_about.commit(tmp_path) == ""


def test_what_never_ends_is_not_read(tmp_path):
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / ".git/HEAD")
    assert run_about.commit(tmp_path) == ""


def test_host_and_command_are_noted(monkeypatch):
    monkeypatch.setenv(run_about.COMMAND, "wsstad run --config my.yaml")
    facts = run_about.read("my.yaml")
    assert facts["host"] == platform.node()
    assert facts["command"] == "wsstad run --config my.yaml"
    assert facts["configuration"] == "my.yaml"
