"""The lock that everything takes that works in a folder of results."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsstad.errors import UserError


def is_held(results: Path) -> bool:
    """Tell whether something works in a folder of results; where that cannot be told, it is taken not to."""
    try:
        with open(results / ".lock") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def held(results: Path, *, wait: bool = False, looks: bool = False) -> Iterator[int]:
    """Hold the lock of a folder of results, and give its file descriptor; the kernel frees it however a process ends.

    While another process holds it, `wait`, or raise `UserError` at once. A caller that only `looks` makes no file:
    where there is no lock, nothing was ever at work.
    """
    path = results / ".lock"
    if looks and not path.exists():
        with open(os.devnull) as nothing:
            yield nothing.fileno()
        return
    results.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if not wait:
                raise UserError(f"{path}: a run, or what a killed run left running, is at work; wait for it") from error
            print(f"wsstad: another run is at work in {results}/; waiting for it", file=sys.stderr)
            print(
                "wsstad: `wsstad status` shows how far it is; Ctrl-C ends the waiting and nothing else", file=sys.stderr
            )
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise UserError(f"{path}: this file system cannot lock it: {error.strerror}") from error
        yield file.fileno()
