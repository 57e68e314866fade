"""Children that hang, crash, are killed, or fail: each costs what it should and no more."""

import multiprocessing
import os
import signal
import time

import numpy as np
import pytest

from wsstad import watchdog
from wsstad.errors import QuarantineError, UserError
from wsstad.storage import Artefact

PATIENCE = 0.5


def artefact(name):
    return Artefact({"name": np.frombuffer(name.encode(), dtype=np.uint8)}, {"video": name})


def outcomes(make, videos="abc", patience=PATIENCE):
    found = list(watchdog.one_by_one(list(videos), make, patience=patience))
    assert [name for name, _ in found] == list(videos)
    return [str(its) if isinstance(its, QuarantineError) else its.meta["video"] for _, its in found]


def makes(**of):
    """Return what makes an artefact of each video, but does something else first over those that are named."""

    def make(name, alive):
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
    (_, found), *_ = watchdog.one_by_one(["a"], makes(), patience=PATIENCE)
    assert found.arrays["name"].tobytes() == b"a"
    assert outcomes(makes()) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (lambda: time.sleep(60), "V110 no frame for 0.5 s"),
        (crash, "V111 Segmentation fault"),
        (fail(QuarantineError("V106", "3 frames")), "V106 3 frames"),
    ],
)
@pytest.mark.parametrize("at", "abc")
def test_one_bad_video_costs_itself(does, said, at):
    assert outcomes(makes(**{at: does})) == [said if name == at else name for name in "abc"]


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


def test_a_slow_video_that_says_so_is_waited_for(monkeypatch):
    monkeypatch.setattr(watchdog, "INTERVAL", 0.05)

    def make(name, alive):
        for _ in range(10):
            time.sleep(PATIENCE / 5)
            alive()
        return artefact(name)

    assert outcomes(make, "a") == ["a"]


@pytest.mark.parametrize("error", [UserError("a.yaml: row 3"), OSError(28, "No space left on device"), KeyError("x")])
def test_what_else_goes_wrong_is_raised_with_where_it_was(error):
    with pytest.raises(type(error)) as caught:
        outcomes(makes(b=fail(error)))
    assert caught.value.args == error.args
    assert "in raise_it" in caught.value.__notes__[0]


def test_a_kill_from_outside_is_not_the_video_s_fault():
    with pytest.raises(RuntimeError, match=r"^b: its process ended with -9$"):
        outcomes(makes(b=lambda: os.kill(os.getpid(), signal.SIGKILL)))


def test_a_consumer_that_stops_leaves_no_process():
    found = watchdog.one_by_one(["a", "b"], makes(b=lambda: time.sleep(60)), patience=60)
    next(found)
    found.close()
    assert multiprocessing.active_children() == []
