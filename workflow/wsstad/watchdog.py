"""Work on videos that may hang or crash, done in a child process, so that it costs one video and not the job.

A decoder is a large C program that reads what strangers wrote. Where it loops for ever or falls over, no exception
tells, and a job that is killed for it comes back to the same video.
"""

import logging
import multiprocessing
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection

from wsstad.errors import QuarantineError
from wsstad.shards import Outcome
from wsstad.storage import Artefact

log = logging.getLogger(__name__)

# A file system may stall, but hardly twice over the same video.
ATTEMPTS = 2
# Signs of life are not sent more often than this (seconds).
INTERVAL = 1.0
# What a process dies of by its own fault; of anything else, such as a kill for memory, the job has to know.
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT}

Make = Callable[[str, Callable[[], None]], Artefact]


def one_by_one(videos: Sequence[str], make: Make, *, patience: float) -> Iterator[Outcome]:
    """Yield the outcome of ``make(video, alive)`` for each video in turn.

    `make` calls `alive` every now and then. A video over which it is silent for `patience` seconds, or dies, is tried
    once more and then quarantined. What else `make` raises is raised here.
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
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(videos, make, theirs), daemon=True)
    child.start()
    theirs.close()
    done = 0
    try:
        while done < len(videos):
            if not ours.poll(patience):
                raise QuarantineError("V110", f"no frame for {patience:g} s")
            said = ours.recv()
            if isinstance(said, BaseException):
                raise said
            if said is not None:
                done += 1
                yield videos[done - 1], QuarantineError(*said) if isinstance(said, tuple) else said
    except EOFError:
        child.join()
        ended = child.exitcode or 0
        if -ended not in CRASHES:
            raise RuntimeError(f"{videos[done]}: its process ended with {ended}") from None
        raise QuarantineError("V111", f"{signal.strsignal(-ended)}") from None
    finally:
        child.kill()
        child.join()
        ours.close()


def _work(videos: Sequence[str], make: Make, pipe: Connection) -> None:
    """Send for each video None as often as there is life, then its artefact, or code and reason, or an exception."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends this process
    said = 0.0

    def alive() -> None:
        nonlocal said
        if time.monotonic() - said > INTERVAL:
            said = time.monotonic()
            pipe.send(None)

    for video in videos:
        try:
            pipe.send(make(video, alive))
        except QuarantineError as error:
            pipe.send((error.code, error.reason))
        except Exception as error:  # whatever it is, the parent raises it
            error.add_note(traceback.format_exc())
            pipe.send(error)
            return
