"""The lock that everything takes that works in a folder of results; a run takes it as well."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsstad.errors import UserError


@contextmanager
def held(results: Path) -> Iterator[None]:
    """Hold the lock of a folder of results; raise `UserError` at once when a run holds it."""
    results.mkdir(parents=True, exist_ok=True)
    path = results / ".lock"
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"{path}: a run, or what a killed run left running, is at work; wait for it") from error
        yield
