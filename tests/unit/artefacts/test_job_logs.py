"""Job logs: the line that says why a job failed."""

import pytest

from wsstad import machine
from wsstad.artefacts import job_logs

BEGUN = "09:00:01 detections: 12 videos, 8 to do, 4 unchanged\n"


@pytest.mark.parametrize(
    ("message", "failure"),
    [
        ("wsstad: config/x.yaml: weights: 'a.pt' is not there\n", "config/x.yaml: weights: 'a.pt' is not there"),
        ("Traceback (most recent call last):\n  x = 1\nKeyError: 'x'\nRuntimeError: later\n", "KeyError: 'x'"),
        ("jsonschema.exceptions.ValidationError: bad\n", "jsonschema.exceptions.ValidationError: bad"),
        ("MissingRuleException:\nNo rule to produce x\n", "MissingRuleException: No rule to produce x"),
        ("AnException in rule a:\nError:\n  UserError: b\nWildcards:\n", "AnException in rule a: Error: UserError: b"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("/bin/bash: line 1:  4711 Killed   python -m wsstad", "/bin/bash: line 1:  4711 Killed   python -m wsstad"),
    ],
)
def test_the_first_error_is_found(tmp_path, message, failure):
    log = tmp_path / "000.log"
    log.write_text(BEGUN + message)
    assert job_logs.failure(log) == failure


def test_a_log_without_an_error_means_a_kill(tmp_path):
    log = tmp_path / "000.log"
    assert job_logs.failure(log).startswith("no error in its log")
    log.write_bytes(BEGUN.encode() + b"\x00\xff garbage\n09:00:03 detections: a is quarantined: V104 Error\n")
    assert job_logs.failure(log).startswith("no error in its log")


@pytest.mark.parametrize(
    "line", ["LLVM ERROR: out of memory", "terminate called after throwing an instance of 'std::bad_alloc'"]
)
def test_a_library_that_aborts_for_want_of_memory_is_named(tmp_path, line):
    log = tmp_path / "000.log"
    log.write_text(f"{BEGUN}{line}\n")
    assert job_logs.failure(log) == f"not enough memory: {line}"


def test_an_empty_log_on_a_full_disk_means_that_there_was_no_room_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "free", lambda folder: 4096)
    assert job_logs.failure(tmp_path / "000.log").endswith("the disk is full")
    assert "killed" in job_logs.failure(tmp_path / "missing/000.log")
