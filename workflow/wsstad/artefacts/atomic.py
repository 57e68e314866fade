"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wsstad import machine


@contextmanager
def atomic(path: Path, size: int = 0) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success make it durable under its final name, else remove it.

    `size` is how many bytes will be written, where that is known. Raises `OSError` with the name of `path` when the
    disk is full, read-only or at fault.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise machine.explain_write(error, path, size) from error
    finally:
        with suppress(OSError):  # of a disk at fault; the next run sweeps
            temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
