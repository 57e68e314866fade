"""Progress: a line now and then in a log, with the rate and an ETA that are right; the same in the heartbeat."""

import logging

import pytest

from wsstad import heartbeat, progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job; call it for its heartbeat."""
    monkeypatch.setattr(heartbeat, "INTERVAL", 0)
    with heartbeat.of_job(str(tmp_path / "000.log")):
        yield lambda: heartbeat.read(tmp_path / "000.log")


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


def test_the_heartbeat_has_the_same(clock, job):
    with progress.Progress("detect", 800, "frames") as bar:
        assert (job().done, job().total, job().unit, job().share) == (0, 800, "frames", 0.0)
        clock[0] += 20
        bar.add(200)
        beat = job()
        assert (beat.done, beat.total, beat.share, beat.seconds, beat.rate) == (200, 800, 0.25, 20.0, 10.0)
        assert beat.seconds_left(beat.updated) == 60


def test_progress_within_progress_is_a_part_of_the_outer_one(clock, job):
    with progress.Progress("predict", 10, "folds of runs") as outer:
        outer.step = 5
        with progress.Progress("fold 0", 4, "videos") as inner:
            inner.add()
            assert (job().done, job().total, job().unit) == (0, 10, "folds of runs")
            assert job().share == pytest.approx(5 * 0.25 / 10)
            inner.add(3)
            assert job().share == 0.5
        outer.add(5)
        assert job().share == 0.5
    assert job().share == 0.5
    with progress.Progress("another", 1, "steps") as bar:
        bar.add()
    assert (job().unit, job().share) == ("steps", 1.0), "what came after is not inside"
