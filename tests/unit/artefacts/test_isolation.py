"""Children that hang, crash, are killed, or fail: each costs what it should and no more."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from wsstad.artefacts import isolation
from wsstad.artefacts.storage import Artefact
from wsstad.errors import QuarantineError, UserError

PATIENCE = 0.5


def artefact(name):
    return Artefact({"name": np.frombuffer(name.encode(), dtype=np.uint8)}, {"video": name})


def outcomes(make, videos="abc", patience=PATIENCE):
    result = list(isolation.one_by_one(list(videos), make, patience=patience))
    assert [name for name, _ in result] == list(videos)
    return [str(outcome) if isinstance(outcome, QuarantineError) else outcome.meta["video"] for _, outcome in result]


def makes(**of):
    """Return what makes an artefact of each video, but does something else first over those that are named."""

    def make(name, watch):
        of.get(name, lambda: None)()
        return artefact(name)

    return make


def fail(error):
    def raise_it():
        raise error

    return raise_it


def crash():
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)  # not pytest's handler, which prints where
    os.kill(os.getpid(), signal.SIGSEGV)


def test_artefacts_come_back_as_they_are_made():
    (_, artefact), *_ = isolation.one_by_one(["a"], makes(), patience=PATIENCE)
    assert artefact.arrays["name"].tobytes() == b"a"
    assert outcomes(makes()) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (lambda: time.sleep(60), "V110 no frame for 0.5 s"),
        (crash, "V111 Segmentation fault"),
        (fail(QuarantineError("V106", "3 frames")), "V106 3 frames"),
    ],
)
@pytest.mark.parametrize("at", "abc")
def test_one_bad_video_costs_itself(does, message, at):
    assert outcomes(makes(**{at: does})) == [message if name == at else name for name in "abc"]


def test_two_bad_ones_cost_two(caplog):
    assert outcomes(makes(a=crash, b=crash)) == ["V111 Segmentation fault", "V111 Segmentation fault", "c"]
    assert [record.getMessage() for record in caplog.records] == [
        f"{name}: V111 Segmentation fault; once more" for name in "ab"
    ]


def test_what_happens_once_costs_nothing(tmp_path):
    def stall_once():
        if not (tmp_path / "stalled").exists():
            (tmp_path / "stalled").touch()
            time.sleep(60)

    assert outcomes(makes(b=stall_once)) == ["a", "b", "c"]


def slow(seconds):
    """Yield three items, each after so many seconds."""
    for item in range(3):
        time.sleep(seconds)
        yield item


def test_a_slow_video_of_which_something_comes_is_waited_for(monkeypatch):
    monkeypatch.setattr(isolation, "INTERVAL", 0)

    def make(name, watch):
        assert list(watch(slow(0.6 * PATIENCE))) == [0, 1, 2]
        return artefact(name)

    assert outcomes(make) == ["a", "b", "c"]


def test_what_comes_after_the_last_item_takes_what_it_takes():
    def make(name, watch):
        list(watch([]))
        time.sleep(2 * PATIENCE)
        return artefact(name)

    assert outcomes(make, "ab") == ["a", "b"]


def test_a_video_is_watched_anew_after_the_one_before():
    def make(name, watch):
        list(watch(slow(60) if name == "b" else []))
        return artefact(name)

    assert outcomes(make) == ["a", "V110 no frame for 0.5 s", "c"]


def test_the_mistake_of_a_user_is_raised_as_it_is():
    with pytest.raises(UserError, match=r"^a\.yaml: row 3$"):
        outcomes(makes(b=fail(UserError("a.yaml: row 3"))))


@pytest.mark.parametrize("error", [KeyError("x"), EOFError("cut"), ValueError("a\nb")])
def test_what_else_goes_wrong_costs_its_video(error):
    words = " ".join(f"{type(error).__name__}: {error}".split())
    assert outcomes(makes(b=fail(error))) == ["a", f"S301 {words}", "c"]


def test_a_full_disk_is_raised_with_where_it_was():
    error = OSError(28, "No space left on device", "frames/b.mp4")
    with pytest.raises(UserError, match=r"^b: frames/b\.mp4: No space left on device; make room"):
        outcomes(makes(b=fail(error)))


@pytest.mark.parametrize("of_parent", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("hangs", [True, False])
def test_no_child_outlives_its_parent(tmp_path, of_parent, hangs):
    def make(name, watch):
        (tmp_path / "child").write_text(str(os.getpid()))
        for _ in range(600 if hangs else 1):
            time.sleep(0.1)
        return artefact(name)

    parent = multiprocessing.get_context("fork").Process(
        target=lambda: list(isolation.one_by_one(["a"] * 1000, make, patience=60))
    )
    parent.start()
    wait_for(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
    os.kill(parent.pid, of_parent)
    parent.join()
    child = Path("/proc", (tmp_path / "child").read_text())
    wait_for(lambda: not child.exists())


def wait_for(what, seconds=10):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_ends_the_parent_and_is_nothing_to_the_child(tmp_path):
    def make(name, watch):
        for _ in watch(range(10)):
            time.sleep(0.1)
        (tmp_path / name).touch()
        return artefact(name)

    outcomes = isolation.one_by_one(["a", "b"], make, patience=60)
    next(outcomes)
    (child,) = multiprocessing.active_children()
    os.kill(child.pid, signal.SIGINT)
    wait_for((tmp_path / "b").exists)
    outcomes.close()


def test_a_kill_from_outside_is_not_the_video_s_fault():
    with pytest.raises(UserError, match=r"^b: its process was killed, perhaps for its memory"):
        outcomes(makes(b=lambda: os.kill(os.getpid(), signal.SIGKILL)))


def test_a_consumer_that_stops_leaves_no_process():
    outcomes = isolation.one_by_one(["a", "b"], makes(b=lambda: time.sleep(60)), patience=60)
    next(outcomes)
    outcomes.close()
    assert multiprocessing.active_children() == []
