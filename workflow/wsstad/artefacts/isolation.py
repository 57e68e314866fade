"""Work on videos that may hang or crash, done in a child process, so that it costs one video and not the job.

A decoder is a large C program that reads what strangers wrote. Where it loops for ever or falls over, no exception
tells, and a job that is killed for it comes back to the same video.
"""

import ctypes
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Protocol, TypeVar

from wsstad import heartbeat
from wsstad.artefacts import failures
from wsstad.artefacts.shards import Outcome
from wsstad.artefacts.storage import Artefact
from wsstad.errors import QuarantineError, UserError

log = logging.getLogger(__name__)

# A file system may stall, but hardly twice over the same video.
ATTEMPTS = 2
# Signs of life are not sent more often than this (seconds).
INTERVAL = 1.0
# What a process dies of by its own fault; of anything else, such as a kill for memory, the job has to know.
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT}
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG

# What a child sends, beside outcomes and exceptions.
ALIVE, READ = "alive", "read"

T = TypeVar("T")


class Watch(Protocol):
    """What hands over things that may hang on their way."""

    def __call__(self, items: Iterable[T], /) -> Iterator[T]:
        """Yield the items that it is given, and tell of each that there is life."""
        ...


# What a child sends of a video in the end: its artefact, a code and a reason, or an exception.
Message = Artefact | tuple[str, str] | BaseException
Make = Callable[[str, Watch], Artefact]


def one_by_one(videos: Sequence[str], make: Make, *, patience: float) -> Iterator[Outcome]:
    """Yield the outcome of ``make(video, watch)`` for each video in turn.

    `make` reads what may hang through `watch`. A video of which nothing comes for `patience` seconds, or over which the
    child dies, is tried once more and then quarantined. Whatever else `make` raises costs the video, unless
    the video is not at fault: a `UserError` is raised here as it is, and one is raised for a disk that is full.
    """
    left, attempt = list(videos), 1
    while left:
        try:
            for outcome in _outcomes(tuple(left), make, patience):
                left.pop(0)
                attempt = 1
                yield outcome
        except QuarantineError as error:
            if attempt < ATTEMPTS:
                log.warning("%s: %s; once more", left[0], error)
                attempt += 1
            else:
                attempt = 1
                yield left.pop(0), error


def _outcomes(videos: Sequence[str], make: Make, patience: float) -> Iterator[Outcome]:
    """Yield the outcomes of a child process; raise `QuarantineError` where it hangs or crashes."""
    # Forked: nothing has to be imported again, and `make` may be any function.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(videos, make, sender, receiver, os.getpid()), daemon=True)
    child.start()
    sender.close()
    try:
        for video in videos:
            message = _receive(receiver, child, video, patience)
            if isinstance(message, BaseException):
                raise message
            yield video, QuarantineError(*message) if isinstance(message, tuple) else message
    finally:
        child.kill()
        child.join(timeout=10)  # one that waits for a disk dies when it has it
        receiver.close()


def _receive(pipe: Connection, child: BaseProcess, video: str, patience: float) -> Message:
    """Return the outcome of a video that the child sends."""
    limit: float | None = patience
    while True:
        if not pipe.poll(limit):
            raise QuarantineError("V110", f"no frame for {patience:g} s")
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            child.join()
            ended = child.exitcode or 0
            if -ended not in CRASHES:
                raise UserError(f"{video}: {_how_ended(ended)}") from None
            raise QuarantineError("V111", f"{signal.strsignal(-ended)}") from None
        if message not in (ALIVE, READ):
            return message
        heartbeat.note()
        # Once all is read, what is left to do is ours, such as to write a long file: that takes what it takes.
        limit = None if message == READ else patience


def _how_ended(status: int) -> str:
    """Return in words how a child ended that did not crash; `status` is minus the signal where one ended it."""
    if status == -signal.SIGKILL:
        return "its process was killed, perhaps for its memory: give the job more"
    if status < 0:
        return f"its process got {signal.strsignal(-status)}"
    return f"its process ended by itself, with {status}"


def bind_to(parent: int) -> bool:
    """Make this child process end with its parent; return False if that has ended already."""
    # A child without a parent would hold the lock of the results for as long as it hangs.
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends this process
    return os.getppid() == parent


def _work(videos: Sequence[str], make: Make, pipe: Connection, other: Connection, parent: int) -> None:
    """Send for each video signs of life, then its artefact, or code and reason, or an exception."""
    if not bind_to(parent):
        return
    other.close()
    last_sent = 0.0

    def watch(items: Iterable[T]) -> Iterator[T]:
        nonlocal last_sent
        for item in items:
            if time.monotonic() - last_sent > INTERVAL:
                last_sent = time.monotonic()
                pipe.send(ALIVE)
            yield item
        pipe.send(READ)

    for video in videos:
        try:
            pipe.send(make(video, watch))
        except Exception as error:
            sent = failures.as_sent(video, error)
            pipe.send(sent)
            if isinstance(sent, UserError):
                return
