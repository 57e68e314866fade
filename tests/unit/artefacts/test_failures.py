"""Failures over one video: its code, and what is raised because no video is to blame."""

import errno
from pathlib import Path

import pytest

from wsstad.artefacts import failures, shards
from wsstad.artefacts.storage import Artefact
from wsstad.errors import PASSING_CODES, DamagedError, QuarantineError, UserError


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""


CODES = [
    (ValueError("width\n not divisible"), "S301 ValueError: width not divisible"),
    (RuntimeError("a bug"), "S301 RuntimeError: a bug"),
    (ZeroDivisionError(), "S301 ZeroDivisionError:"),
    (RuntimeError("x" * 999), f"S301 {'RuntimeError: ' + 'x' * 186}"),
    (MemoryError(), "S302 MemoryError:"),
    (OutOfMemoryError("no memory"), "S302 OutOfMemoryError: no memory"),
    (
        RuntimeError("CUDA error: unspecified launch failure"),
        "S302 RuntimeError: CUDA error: unspecified launch failure",
    ),
    (PermissionError(13, "Permission denied", "/a/path"), "S302 PermissionError: Permission denied"),
    (QuarantineError("V106", "3 frames"), "V106 3 frames"),
]


@pytest.mark.parametrize(("error", "expected"), CODES, ids=lambda case: str(case)[:30])
def test_an_exception_costs_its_video(error, expected):
    def make(video):
        if video == "b":
            raise error
        return Artefact({}, {"video": video})

    outcomes = dict(shards.one_by_one("abc", make))
    assert str(outcomes["b"]) == expected
    assert (outcomes["b"].code in PASSING_CODES) == expected.startswith("S302")
    assert outcomes["a"].meta == {"video": "a"}
    assert outcomes["c"].meta == {"video": "c"}


@pytest.mark.parametrize(
    "error",
    [
        UserError("a.yaml: row 3"),
        DamagedError(Path("a.h5"), "cut"),
        *(OSError(number, "x") for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE)),
    ],
    ids=lambda error: f"{type(error).__name__}{getattr(error, 'errno', '')}",
)
def test_what_no_video_is_to_blame_for_is_raised(error):
    def make():
        raise error

    with pytest.raises(type(error)) as caught:
        failures.attempt("a", make)
    assert caught.value is error


def test_the_log_has_the_traceback(caplog):
    def make():
        raise ValueError("here")

    failures.attempt("a", make)
    assert caplog.records[0].getMessage() == "a: failed"
    assert "in make" in caplog.text
