"""A folder as it was at a commit: what Git tracks is of then, what it does not is of now, and nothing else changes."""

import shutil
import subprocess

import pytest

from wsstad.commands.running import git_states
from wsstad.errors import UserError


def git(folder, *words):
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder, message="a change"):
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    """Two commits of a configuration beside videos that are not tracked."""
    if not shutil.which("git"):
        pytest.skip("git is not here")
    folder = tmp_path / "clone"
    (folder / "config/detectors").mkdir(parents=True)
    (folder / "data").mkdir()
    git(folder, "init", "-q")
    (folder / ".gitignore").write_text("*.mp4\nresults/\n")
    (folder / "wsstad.yaml").write_text("same: 1\n")
    (folder / "config/detectors/motion.yaml").write_text("threshold: 20\n")
    (folder / "data/labels.tsv").write_text("then\n")
    commit(folder, "then")
    (folder / "config/detectors/motion.yaml").write_text("threshold: 45\n")
    (folder / "config/linkers").mkdir()
    (folder / "config/linkers/iou.yaml").write_text("max_gap: 4\n")
    (folder / "data/labels.tsv").unlink()
    commit(folder, "now")
    (folder / "data/a.mp4").write_text("film")
    (folder / "results").mkdir()
    (folder / "results/shards.tsv").write_text("made")
    (folder / "config/detectors/motion.yaml").write_text("threshold: 99\n")  # not committed
    return folder


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_tracked_files_are_of_then_and_the_others_of_now(repository):
    before = git(repository, "status", "--porcelain"), files(repository)
    with git_states.laid_out(repository, "HEAD~1") as (name, place):
        assert git(repository, "rev-parse", "HEAD~1").startswith(name)
        assert (place / "config/detectors/motion.yaml").read_text() == "threshold: 20\n"
        assert (place / "data/labels.tsv").read_text() == "then\n"
        assert (place / "data/a.mp4").resolve() == repository / "data/a.mp4"
        assert (place / "results/shards.tsv").read_text() == "made"
        assert not (place / "config/linkers/iou.yaml").exists(), "it came later"
        assert (place / "wsstad.yaml").stat().st_ino == (repository / "wsstad.yaml").stat().st_ino, "nothing changed"
    assert not place.exists()
    with git_states.laid_out(repository, "HEAD") as (_, place):
        assert (place / "config/detectors/motion.yaml").read_text() == "threshold: 45\n"
        assert (place / "config/linkers/iou.yaml").is_file()
        assert not (place / "data/labels.tsv").exists()
    assert (git(repository, "status", "--porcelain"), files(repository)) == before


def test_a_folder_inside_a_repository_is_laid_out_alone(repository):
    with git_states.laid_out(repository / "config", "HEAD~1") as (_, place):
        assert files(place) == ["detectors/motion.yaml"]


def test_links_and_submodules_are_as_they_are_now(repository):
    (repository / "films").symlink_to("data")
    commit(repository)
    with git_states.laid_out(repository, "HEAD") as (_, place):
        assert (place / "films").resolve() == repository / "data"


def test_nothing_of_a_repository_s_settings_is_run(repository, tmp_path):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "filter.x.smudge", "diff.x.textconv"):
        git(repository, "config", name, str(program))
    (repository / ".git/info/attributes").write_text("* filter=x diff=x\n")
    with git_states.laid_out(repository, "HEAD~1"):
        pass
    assert not (tmp_path / "ran").exists()


def test_an_object_that_is_not_there_is_one_line(repository):
    name = git(repository, "rev-parse", "HEAD~1:data/labels.tsv")
    (repository / ".git/objects" / name[:2] / name[2:]).unlink()
    with (
        pytest.raises(UserError, match=r"Git has no content of data/labels\.tsv"),
        git_states.laid_out(repository, "HEAD~1"),
    ):
        pass


@pytest.mark.parametrize(
    ("folder", "revision", "words"),
    [
        ("clone", "nonesuch", "no such commit"),
        ("clone", "--all", "no name of a commit"),
        ("", "HEAD", "not a git repo"),
    ],
)
def test_what_is_no_commit_is_one_line(repository, tmp_path, folder, revision, words):
    with (
        pytest.raises(UserError, match=rf"^git:{revision}: .*{words}"),
        git_states.laid_out(tmp_path / folder, revision),
    ):
        pass
