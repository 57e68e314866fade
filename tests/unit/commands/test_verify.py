"""`wsstad verify`: every byte of the results is read, what is wrong is named, and with --repair set aside."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from support.shards import write_detections
from wsstad.artefacts import seals, shards, storage
from wsstad.artefacts.manifest import read_manifest
from wsstad.artefacts.storage import Artefact
from wsstad.commands import verify
from wsstad.commands.running import lock
from wsstad.errors import UserError


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a configuration, one shard of detections of three videos, and a table."""
    monkeypatch.chdir(tmp_path)
    Path("wsstad.yaml").write_text("shard_videos: 12\n")
    path = write_detections()
    table = Path("results/tables/benchmark.md")
    storage.write_text(table, "| a |\n")
    seals.seal(table)
    return path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        verify.main([*arguments])
    return int(ended.value.code or 0)


def printed(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def artefact(place: Path, video: str) -> Path:
    return read_manifest(place).path(video)


def test_whole_results(place, capsys):
    assert run() == 0
    assert printed(capsys) == ["5 files are as they were written"]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def _replace(path: Path) -> None:
    key = storage.read_facts(path, kind="").key
    storage.write_artefact(path, Artefact({"x": np.arange(9)}), kind="detections", key=key)


HARM = [(_flip, "has changed"), (_cut, "bytes, not "), (_replace, "is foreign: whole, but not what results/")]


@pytest.mark.parametrize(("harm", "flaw"), HARM)
def test_what_is_wrong_is_named_and_set_aside(place, capsys, harm, flaw):
    path = artefact(place, "b")
    harm(path)
    assert run() == 1
    line, summary = printed(capsys)
    assert line.startswith(f"{path}: ")
    assert flaw in line
    assert summary == (
        f"{4 + (harm is _replace)} files are as they were written, 1 are not; `wsstad verify --repair` sets them aside"
    )
    assert path.exists()
    assert run("--repair") == 0
    assert not path.exists()
    assert path.with_name(f"{path.name}.damaged").exists()


def test_what_is_missing_is_named(place, capsys):
    path = artefact(place, "c")
    path.unlink()
    Path("results/tables/benchmark.md").unlink()
    assert run() == 1
    lines = printed(capsys)
    assert lines[0] == f"{path}: is missing; {place} names it"
    assert lines[1] == "results/tables/benchmark.md: is missing"


def test_a_flipped_bit_of_a_table_and_of_a_manifest(place, capsys):
    _flip(Path("results/tables/benchmark.md"))
    _flip(place)
    assert run() == 1
    assert [line.split(":")[0] for line in printed(capsys)[:2]] == [str(place), "results/tables/benchmark.md"]


def test_a_file_without_a_seal_is_named_and_left_alone(place, capsys):
    Path("results/notes.txt").touch()
    Path("results/logs").mkdir()
    Path("results/logs/snakemake.log").touch()
    assert run("--repair") == 0
    assert printed(capsys)[0] == "results/notes.txt: foreign: it has no seal and no digest; left alone"
    assert Path("results/notes.txt").exists()


def test_a_damaged_file_of_a_kept_run_is_named_and_left_alone(place, capsys):
    kept = Path("results/kept/before") / place.relative_to("results")
    kept.parent.mkdir(parents=True)
    for path in (place, seals.path_of(place)):
        shutil.copy2(path, kept.with_name(path.name))
    Path("results/kept/before/benchmarks").mkdir()
    Path("results/kept/before/benchmarks/detect.tsv").touch()
    assert run() == 0
    assert printed(capsys) == ["6 files are as they were written"]
    _flip(kept)
    assert run("--repair") == 1
    assert printed(capsys) == [
        f"{kept}: has changed; kept by name, so no run makes it again: left alone",
        "5 files are as they were written, 1 are not; the next run makes them again, but not the 1 of kept runs",
    ]
    assert kept.exists()


def test_what_a_kept_run_alone_names_is_looked_at_and_never_set_aside(place, capsys):
    """A change in place has made other artefacts, which the manifest names now."""
    kept = Path("results/kept/before") / place.relative_to("results")
    kept.parent.mkdir(parents=True)
    for path in (place, seals.path_of(place)):
        shutil.copy2(path, kept.with_name(path.name))
    missing, damaged, shared = (artefact(place, video) for video in "abc")
    shards.process_shard(
        "detections",
        manifest_path=place,
        keys={"a": "d" * 64, "b": "e" * 64, "c": "c" * 64},
        compute=lambda videos: [(video, Artefact({"x": np.arange(3)})) for video in videos],
        counts=lambda artefact: {},
        count_names=(),
    )
    assert run() == 0
    capsys.readouterr()
    missing.unlink()
    _flip(damaged)
    shared.unlink()
    assert run("--repair") == 1
    assert printed(capsys)[:3] == [
        f"{missing}: is missing; {kept} names it; kept by name, so no run makes it again: left alone",
        f"{damaged}: has changed; kept by name, so no run makes it again: left alone",
        f"{shared}: is missing; {place} names it",
    ]
    assert damaged.exists()


def test_it_holds_the_lock(place):
    with lock.held(Path("results")), pytest.raises(UserError, match="at work"):
        verify.main([])


def test_without_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wsstad.yaml").write_text("shard_videos: 12\n")
    with pytest.raises(UserError, match="no results here"):
        verify.main([])
