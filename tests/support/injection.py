"""Faults that are injected into the process of a job, at counted points of the code that is really used."""

import ctypes
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from wsstad.artefacts import atomic, storage
from wsstad.stages import decode
from wsstad.video import decoding

NEW_MOUNTS, NEW_USER = 0x00020000, 0x10000000  # of unshare(2)
READ_ONLY, PRIVATE = 1, 1 << 18 | 1 << 14  # of mount(2); private, and all below
POINTS = ("open", "write", "sync", "rename", "folder", "done")  # of the writing of a file, in their order

Act = Callable[[Path], None]


def error(number: int) -> Act:
    """Return what raises an error of the system over a file."""

    def act(path: Path) -> NoReturn:
        raise OSError(number, os.strerror(number), str(path))

    return act


def kill(path: Path) -> None:
    """Die as by ``kill -9``, in the middle of a write."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_write(n: int, point: str, act: Act, *, of_child: bool = False) -> None:
    """Act at a point of the n-th file that this process, or a child of it, writes; each counts its own."""
    main, count, calls = os.getpid(), 0, {"sync": 0, "rename": 0}
    syncs = {1: "sync", 2: "folder"}
    real, fsync, replace = atomic.atomic, os.fsync, os.replace
    now: list[Path] = []

    @contextmanager
    def counted(path: Path, size: int = 0) -> Iterator[Path]:
        nonlocal count
        count += 1
        if (os.getpid() != main) != of_child or count != n:
            with real(path, size) as temporary:
                yield temporary
            return
        now.append(path)
        try:
            with real(path, size) as temporary:
                if point == "open":
                    act(temporary)
                yield temporary
                if point == "write":
                    content = temporary.read_bytes()
                    temporary.write_bytes(content[: len(content) // 2])
                    act(temporary)
        finally:
            now.clear()
        if point == "done":
            act(path)

    def counted_fsync(descriptor: int) -> None:
        if now:
            calls["sync"] += 1
            if syncs.get(calls["sync"]) == point:
                act(now[0])
        fsync(descriptor)

    def counted_replace(source: Path, target: Path) -> None:
        if now and point == "rename":
            act(now[0])
        replace(source, target)

    storage.atomic, os.fsync, os.replace = counted, counted_fsync, counted_replace


def full_device(n: int) -> None:
    """Put the n-th file that is written on a full device, whether C or Python writes it."""
    real, count = atomic.atomic, 0

    @contextmanager
    def counted(path: Path, size: int = 0) -> Iterator[Path]:
        nonlocal count
        count += 1
        if count == n:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f".{path.name}.{os.getpid()}.tmp").symlink_to("/dev/full")
        with real(path, size) as temporary:
            yield temporary

    storage.atomic = counted


def at_call(owner: object, name: str, n: int, act: Callable[..., object]) -> None:
    """Call `act` in place of the n-th call of a function or method, with what that would get."""
    real, count = getattr(owner, name), 0

    def counted(*args, **options):
        nonlocal count
        count += 1
        return act(real, *args, **options) if count == n else real(*args, **options)

    setattr(owner, name, counted)


def raises(exception: BaseException) -> Callable[..., NoReturn]:
    """Return what raises an exception in place of a call."""

    def act(*args, **options):
        raise exception

    return act


def no_network() -> None:
    """Refuse every connection and every look-up of a name."""
    refuse = raises(OSError(101, "Network is unreachable"))
    socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse


def clock_off(seconds: float) -> None:
    """Shift the wall clock."""
    real = time.time
    time.time = lambda: real() + seconds


def hostile_environment() -> None:
    """Set what users set after advice from elsewhere, and folders that are not there."""
    os.environ |= {
        "HOME": "/nonexistent",
        "TMPDIR": "/nonexistent",
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1",
        "HDF5_USE_FILE_LOCKING": "FALSE",
        "CUDA_VISIBLE_DEVICES": "7",
    }
    time.tzset()


def read_only_shm() -> None:
    """Let /dev/shm be read-only, for this process and its children; raise `OSError` where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    for failed in (
        libc.unshare(NEW_MOUNTS | (NEW_USER if os.geteuid() else 0)),
        libc.mount(b"none", b"/", None, PRIVATE, None),
        libc.mount(b"tmpfs", b"/dev/shm", b"tmpfs", READ_ONLY, None),
    ):
        if failed:
            raise OSError(ctypes.get_errno(), "no mounts of its own")


def file_limit(size: int) -> None:
    """Let no file grow beyond so many bytes, as ``ulimit -f`` does."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def child_dies(number: int) -> None:
    """Let the child that decodes die by a signal over its first video, each time that it tries."""

    def die(real: Callable[..., object], *args: object, **options: object) -> object:
        os.kill(os.getpid(), number)
        return real(*args, **options)

    at_call(decoding, "decode", 1, die)


def child_hangs() -> None:
    """Let the child that decodes hang over its first video, each time that it tries."""
    decode.PATIENCE = 0.3
    at_call(decoding, "decode", 1, lambda *args, **options: time.sleep(60))
