"""What a run does before Snakemake: what it refuses, what it settles, and what it hands on."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wsstad import heartbeat
from wsstad.commands import run
from wsstad.commands.running import lock
from wsstad.errors import UserError
from wsstad.locations import PACKAGE


@pytest.fixture
def started(tmp_path, monkeypatch):
    """A folder with a configuration; what Snakemake, which is not there, was started with: command and environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run.signal, "signal", lambda *args: None)
    (tmp_path / "wsstad.yaml").write_text("shard_videos: 3\n")
    calls = []

    def start(command, environment, descriptor, *rest, **more):
        assert subprocess.run(["flock", "--nonblock", "results/.lock", "true"]).returncode == 1, "the lock is held"
        calls.append((command, environment))
        return 0, False

    monkeypatch.setattr(run.snakemake_process, "run", start)
    return calls


def profile(folder, name="mine"):
    """Make a profile of a cluster, which notes what is asked of it."""
    path = folder / name
    path.mkdir()
    (path / "config.yaml").touch()
    for script in ("queue", "cancel"):
        (path / script).write_text(f'#!/bin/sh\necho {script} "$@" >> {folder}/asked\n')
        (path / script).chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--", "--workflow-profile", "x"], "name the profile with --profile"),
        (["--", "--workflow-profile=x"], "name the profile with --profile"),
        (["--profile", "nosuch"], "--profile nosuch: no "),
        (["--directory", "nosuch"], "nosuch: no such folder"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(started, words, message):
    with pytest.raises(UserError, match=message):
        run.main(words)
    assert not started


def test_snakemake_gets_targets_files_and_the_words_after_the_dashes(started, tmp_path, capsys):
    run.main(["table1", "--set", "decode.crf=20", "--cores", "3", "--", "--until", "decode"])
    ((command, environment),) = started
    assert command[:3] == [sys.executable, "-m", "snakemake"]
    words = " ".join(command)
    assert " table1 --cores 3 --until decode --configfile " in words
    assert command[-2:] == [str(tmp_path / "wsstad.yaml"), str(next((tmp_path / "results").glob(".set.*.yaml")))]
    assert environment["PATH"].startswith(f"{Path(sys.executable).parent}{os.pathsep}")
    assert environment["PYTHONPATH"].split(os.pathsep)[0] == str(PACKAGE.parent)
    assert environment["WSSTAD_LOCKED"] == "1"
    assert environment["WSSTAD_PROFILE"].endswith("workflow/profiles/default")
    assert capsys.readouterr().err == "wsstad: nothing to do\n"
    assert Path("results/logs/snakemake.log").exists()


@pytest.mark.parametrize("words", [["--", "--summary"], ["--dry-run"], ["-n", "--", "--forceall"], ["--", "-pn"]])
def test_a_look_prints_what_snakemake_prints_and_changes_nothing(started, monkeypatch, capsys, words):
    monkeypatch.setattr(run.command_line, "read_plan", lambda *args: "plan")
    monkeypatch.setattr(run.damage, "remove", lambda plan, dry: [Path("results/x.tsv")])
    half = Path("results/.x.h5.4711.tmp")
    half.parent.mkdir()
    half.touch()
    Path("results/.lock").touch()
    Path("results/.queues").write_text("slurm\n")
    run.main(["--set", "decode.crf=20", *words])
    ((command, environment),) = started
    assert " --forcerun results/x.tsv --configfile " in " ".join(command)
    assert "WSSTAD_LOCKED" not in environment
    assert {path.name for path in Path("results").iterdir()} == {".lock", ".queues", half.name}
    assert not capsys.readouterr().err


def test_a_run_that_fails_ends_as_snakemake_does(started, monkeypatch):
    for code, status in ((1, 1), (-9, 137)):
        monkeypatch.setattr(run.snakemake_process, "run", lambda *args, code=code, **more: (code, False))
        with pytest.raises(SystemExit) as error:
            run.main([])
        assert error.value.code == status


def test_jobs_in_a_queue_are_named_after_the_results(started, tmp_path):
    name = subprocess.run(["sh", "-c", "realpath results | sha256sum | cut -c 1-8"], capture_output=True, text=True)
    run.main([])
    assert started[0][1]["WSSTAD_JOBS"] == f"wsstad-{name.stdout.strip()}", "as earlier versions named them"


def test_the_queue_of_a_cluster_that_got_jobs_is_settled_by_every_later_run(started, tmp_path):
    own = profile(tmp_path)
    run.main(["--profile", str(own)])
    assert not (tmp_path / "asked").exists(), "nothing was ever queued"
    run.main(["--profile", "mine"])
    run.main(["--profile", "mine"])
    with pytest.raises(UserError, match=r"\.queues: .* profile 'mine': name its folder with --profile"):
        run.main([])
    name = started[0][1]["WSSTAD_JOBS"]
    assert (tmp_path / "asked").read_text() == f"queue {name}\n" * 2
    assert Path("results/.queues").read_text() == "mine\n"


def test_half_written_files_are_removed_once_nobody_writes_them(started):
    half = Path("results/small/.x.h5.4711.tmp")
    half.parent.mkdir(parents=True)
    half.touch()
    with lock.held(Path("results")), pytest.raises(UserError), lock.held(Path("results")):
        pass
    assert half.exists()
    run.main([])
    assert not half.exists()


def test_what_a_killed_run_left_running_is_waited_for(started, capsys):
    log = Path("results/logs/decode/small/000.log")
    log.parent.mkdir(parents=True)
    log.touch()
    program = (
        "import sys, time; from wsstad import heartbeat; log = sys.argv[2]\nwith heartbeat.of_job(log): time.sleep(2)"
    )
    env = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    with subprocess.Popen([sys.executable, "-c", program, "--log", str(log)], env=env):
        while not heartbeat.read(log):
            time.sleep(0.02)
        run.main([])
        assert heartbeat.read(log).state == "done", "it has ended before Snakemake began"
    output = capsys.readouterr().err.splitlines()
    assert output == ["wsstad: waiting for the jobs that a killed run left running", "wsstad: nothing to do"]
