"""What a run does about damage that its jobs came upon."""

from pathlib import Path

import numpy as np
import pytest

from wsstad.artefacts import damaged, storage
from wsstad.artefacts.manifest import artefact_path
from wsstad.artefacts.storage import Artefact
from wsstad.commands.running.healing import Healing
from wsstad.errors import DamagedError, UserError


def make(video: str) -> Path:
    path = artefact_path(Path("results/d/tubes"), video, video * 64)
    storage.write_artefact(path, Artefact({"a": np.arange(9)}), kind="tubes", key=video * 64)
    return path


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Three artefacts in one folder."""
    monkeypatch.chdir(tmp_path)
    return {video: make(video) for video in "abc"}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def need(path: Path) -> None:
    with pytest.raises(UserError), damaged.journalled():
        raise DamagedError(path, "has changed")


def test_a_run_that_met_no_damage_does_not_begin_again(files):
    damaged.JOURNAL.write_text("of an earlier run\tx\n")
    assert Healing().again() == ""


def test_the_folder_of_a_damaged_file_is_read_through(files):
    healing = Healing()
    flip(files["a"])
    flip(files["c"])
    need(files["a"])
    words = healing.again()
    assert words == f"wsstad: {files['a']}: has changed (and 1 more): set aside; the run begins again and makes it anew"
    assert [path.exists() for path in files.values()] == [False, True, False]
    assert healing.again() == ""


def test_a_file_that_is_damaged_again_and_again_ends_the_run(files, capsys):
    healing = Healing()
    need(files["a"])
    assert healing.again()
    make("a")
    need(files["b"])
    assert healing.again()
    need(files["a"])
    assert healing.again() == ""
    assert "damaged twice: this machine's disk or memory changes files" in capsys.readouterr().err
