"""Job logs: what each line says, the last one of a kind counts, and what is strange is passed over."""

import os

import pytest

from wsstad.artefacts import job_logs

BEGUN = "09:00:01 detections: 12 videos, 8 to do, 4 unchanged\n"


def read(tmp_path, text, written=1000.0):
    path = tmp_path / "000.log"
    path.write_text(text)
    os.utime(path, (written, written))
    return job_logs.read(path)


def test_a_job_at_work(tmp_path):
    log = read(tmp_path, BEGUN + "09:01:01 detect: 100/800 frames, 1.7/s, ETA 0:06:52\n"
               "09:02:01 detect: 200/800 frames, 1.7/s, ETA 0:05:52\n")  # fmt: skip
    assert (log.to_do, log.unchanged, log.done, log.total, log.unit, log.rate) == (8, 4, 200, 800, "frames", "1.7")
    assert (log.share, log.took, log.left, log.written) == (0.25, None, 352, 1000.0)
    assert log.seconds_left(1060.0) == 292
    assert log.seconds_left(9999.0) == 0


def test_a_job_that_ended(tmp_path):
    log = read(tmp_path, BEGUN + "09:02:01 extract: 72/72 clips of the grid, 0.46/s, took 0:02:35\n"
               "09:02:02 region_features: 115 computed, 7 taken over\n")  # fmt: skip
    assert (log.took, log.left, log.reused, log.unit, log.failure) == (155, 0, 7, "clips of the grid", "")


def test_a_job_that_has_said_little(tmp_path):
    assert job_logs.read(tmp_path / "none.log") is None
    log = read(tmp_path, "")
    assert (log.to_do, log.total, log.share, log.seconds_left(1000.0)) == (-1, 0, 0.0, None)
    log = read(tmp_path, BEGUN + "09:01:01 train: 0/4 models, 0/s, ETA ?\n")
    assert (log.total, log.left) == (4, None)


@pytest.mark.parametrize(
    "said",
    [
        "wsstad: config/x.yaml: weights: 'a.pt' is not there",
        "ModuleNotFoundError: No module named 'numpy'",
        "KeyboardInterrupt",
    ],
)
def test_a_job_that_failed(tmp_path, said):
    assert read(tmp_path, f"{BEGUN}Traceback (most recent call last):\n{said}\n").failure == said


def test_what_is_no_news_is_passed_over(tmp_path):
    text = "\x00\xff garbage: 1/2\n09:00:03 detections: a is quarantined: V104 Error\n" + BEGUN
    path = tmp_path / "x.log"
    path.write_bytes(text.encode("latin-1"))
    log = job_logs.read(path)
    assert (log.to_do, log.failure, log.total) == (8, "", 0)
