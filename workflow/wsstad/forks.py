"""Forked processes for work whose results go to files: what stands in memory is shared and never copied."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from typing import TypeVar

from wsstad import cli
from wsstad.progress import Progress

T = TypeVar("T")
NUMBER = 4  # bytes of the number of an item on its way to a worker


def run_forked(function: Callable[[T], None], items: Sequence[T], *, processes: int, progress: Progress) -> None:
    """Call `function` on every item, in up to `processes` processes that take the next item when they are free.

    Raises `RuntimeError` when a process failed, or exits where each that failed has printed one line; the others have
    ended their work. No process waits for another: if this one is killed, the others end by themselves when nothing
    is left to do.
    """
    count = min(processes, len(items))
    if count <= 1:
        for item in items:
            function(item)
            progress.add()
        return
    # Pipes, since locks and counters of `multiprocessing` need a /dev/shm that can be written.
    (taken, to_do), (done, report) = os.pipe(), os.pipe()
    os.set_blocking(to_do, False)
    os.set_blocking(done, False)

    def work() -> None:
        os.close(to_do)  # else the pipe would stay open behind the last number
        while number := os.read(taken, NUMBER):
            function(items[int.from_bytes(number)])
            with suppress(BrokenPipeError):  # nobody counts any more
                os.write(report, b".")

    workers = [get_context("fork").Process(target=cli.run, args=(work,)) for _ in range(count)]
    for worker in workers:
        worker.start()
    os.close(taken)
    os.close(report)
    waiting = b"".join(number.to_bytes(NUMBER) for number in range(len(items)))
    for worker in workers:
        while worker.exitcode is None:
            waiting = _hand_out(to_do, waiting)
            worker.join(timeout=1)
            progress.add(_count(done))
    progress.add(_count(done))
    os.close(done)
    if waiting:
        os.close(to_do)
    failed = [worker.exitcode for worker in workers if worker.exitcode]
    if failed and set(failed) == {cli.MISTAKE}:
        sys.exit(cli.MISTAKE)
    if failed:
        raise RuntimeError(f"{len(failed)} of {count} processes failed")


def _hand_out(pipe: int, waiting: bytes) -> bytes:
    """Write the numbers that a pipe has room for, close it behind the last, and return the rest."""
    if not waiting:
        return waiting
    with suppress(BlockingIOError, BrokenPipeError):  # full; or all workers have failed
        # A write of at most PIPE_BUF bytes is done whole or not at all.
        while waiting:
            part = waiting[: 512 * NUMBER]
            os.write(pipe, part)
            waiting = waiting[len(part) :]
    if not waiting:
        os.close(pipe)
    return waiting


def _count(pipe: int) -> int:
    """Return how many items have been done since this was last asked."""
    total = 0
    with suppress(BlockingIOError):
        while content := os.read(pipe, 65536):
            total += len(content)
    return total
