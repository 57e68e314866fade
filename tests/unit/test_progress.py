"""Progress: a line now and then in a log, with the rate and an ETA that are right."""

import logging

import pytest

from wsstad import progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_a_minute_and_one_at_the_end(clock, caplog, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 60)
    with caplog.at_level(logging.INFO), progress.Progress("decode", 400, "frames") as bar:
        for _ in range(4):
            clock[0] += 30
            bar.add(100)
    assert [record.message for record in caplog.records] == [
        "decode: 200/400 frames, 3.3/s, ETA 0:01:00",
        "decode: 400/400 frames, 3.3/s, took 0:02:00",
        "decode: 400/400 frames, 3.3/s, took 0:02:00",
    ]


def test_nothing_is_called_done_after_an_error(clock, caplog):
    with caplog.at_level(logging.INFO), pytest.raises(RuntimeError), progress.Progress("decode", 4, "frames"):
        raise RuntimeError
    assert not caplog.records


@pytest.mark.parametrize(("seconds", "lines"), [(1, 0), (70, 2)])
def test_brief_work_is_heard_of_only_when_it_is_long(clock, caplog, monkeypatch, seconds, lines):
    monkeypatch.setattr(progress, "INTERVAL", 60)
    with caplog.at_level(logging.INFO), progress.Progress("train", 2, "steps", brief=True) as bar:
        clock[0] += seconds
        bar.add(2)
    assert len(caplog.records) == lines
