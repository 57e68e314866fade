"""Heartbeats: what a job writes of itself, when, and what others read from it, also after it was killed."""

import json
import multiprocessing
import os
import platform
import subprocess
import sys

import pytest

from wsstad import heartbeat
from wsstad.heartbeat import Heartbeat


@pytest.fixture
def log(tmp_path):
    return tmp_path / "decode/000.log"


@pytest.fixture(autouse=True)
def folder(log):
    log.parent.mkdir()


def test_a_job_writes_at_its_begin_and_end_and_once_a_second_between(log, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: now[0])
    with heartbeat.of_job(str(log)):
        assert heartbeat.read(log).state == "running"
        now[0] += 0.5
        heartbeat.note(done=1)
        assert heartbeat.read(log).done == 0, "too early"
        now[0] += 0.6
        heartbeat.note(done=2, seconds=4.0)
        beat = heartbeat.read(log)
        assert (beat.state, beat.done, beat.rate) == ("running", 2, 0.5)
        heartbeat.note(done=3)
    beat = heartbeat.read(log)
    assert (beat.state, beat.done, beat.pid, beat.host) == ("done", 3, os.getpid(), platform.node())
    assert [path.name for path in log.parent.iterdir()] == ["000.state.json"]


@pytest.mark.parametrize(
    ("error", "state"), [(ValueError, "failed"), (SystemExit, "failed"), (KeyboardInterrupt, "stopped")]
)
def test_a_job_that_ends_badly_says_so(log, error, state):
    with pytest.raises(error), heartbeat.of_job(str(log)):
        raise error
    assert heartbeat.read(log).state == state


def test_what_is_no_job_writes_nothing(log, tmp_path):
    heartbeat.note(at_once=True, done=1)
    with heartbeat.of_job(""):
        heartbeat.plan("frames", "videos", 3, to_do=1, unchanged=2)
    assert not list(tmp_path.rglob("*.json"))


def test_a_forked_process_is_not_the_job(log):
    with heartbeat.of_job(str(log)):
        child = multiprocessing.get_context("fork").Process(target=lambda: heartbeat.note(at_once=True, done=9))
        child.start()
        child.join()
        assert child.exitcode == 0
        assert heartbeat.read(log).done == 0


def test_a_heartbeat_that_cannot_be_written_ends_no_job(log, caplog):
    with heartbeat.of_job(str(log.parent / "nosuch/000.log")):
        heartbeat.note(at_once=True, done=1)
    assert "no heartbeat: [Errno 2]" in caplog.text


def test_the_plan_is_in_the_log_too(log, caplog):
    with caplog.at_level("INFO"), heartbeat.of_job(str(log)):
        heartbeat.plan("frames", "videos", 12, to_do=8, unchanged=4)
        heartbeat.note(at_once=True, made=3)
        assert heartbeat.read(log).ready == 4 + 3
    assert "frames: 12 videos, 8 to do, 4 unchanged" in caplog.text


def test_progress_in_entries_counts_them():
    beat = Heartbeat(entry="models", entries=15, to_do=10, unit="models", done=2, total=10)
    assert beat.ready == 5 + 2


@pytest.mark.parametrize("text", ["", "[]", "{", '{"of": "another version"}'])
def test_what_is_no_heartbeat_is_none(log, text):
    assert heartbeat.read(log) is None
    heartbeat.path_of(log).write_text(text)
    assert heartbeat.read(log) is None


def test_it_is_as_old_as_its_file(log):
    with heartbeat.of_job(str(log)):
        pass
    content = json.loads(heartbeat.path_of(log).read_text())
    os.utime(heartbeat.path_of(log), (1000, 1000))
    assert heartbeat.read(log).updated == 1000
    assert content["updated"] >= content["started"]
    assert content["elapsed"] == content["updated"] - content["started"]


def test_a_job_of_this_machine_lives_as_long_as_its_process():
    command = [
        sys.executable,
        "-c",
        "import time; print(flush=True); time.sleep(60)",
        "--log",
        "results/logs/x/000.log",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    process.stdout.readline()
    beat = Heartbeat("results/logs/x/000.log", platform.node(), process.pid, updated=0.0)
    other = Heartbeat("results/logs/x/001.log", platform.node(), process.pid, updated=0.0)
    assert beat.is_alive(1e9)
    assert not other.is_alive(0.0), "the number of its process went to another"
    process.kill()
    process.communicate()
    assert not beat.is_alive(0.0)


@pytest.mark.parametrize(
    ("state", "silent", "alive"),
    [("running", 10, True), ("running", 1e4, False), ("done", 10, False), ("failed", 10, False)],
)
def test_a_job_of_another_machine_lives_while_it_beats(state, silent, alive):
    assert Heartbeat(host="another", state=state, updated=1000.0).is_alive(1000.0 + silent) == alive


def test_what_is_left_is_what_the_share_done_took():
    beat = Heartbeat(share=0.25, seconds=100.0, updated=1000.0)
    assert beat.seconds_left(1000.0) == 300
    assert beat.seconds_left(1100.0) == 200
    assert beat.seconds_left(9999.0) == 0
    assert Heartbeat(seconds=100.0).seconds_left(0.0) is None
