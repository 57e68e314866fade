"""Forked processes for work whose results go to files: what stands in memory is shared and never copied."""

from collections.abc import Callable, Sequence
from multiprocessing import get_context
from typing import TypeVar

from wsstad import cli
from wsstad.progress import Progress

T = TypeVar("T")


def run_forked(function: Callable[[T], None], items: Sequence[T], *, processes: int, progress: Progress) -> None:
    """Call `function` on every item, in up to `processes` processes that take the next item when they are free.

    Raises `RuntimeError` when a process failed; it has said why, and the others have ended their work. No process
    waits for another: if this one is killed, the others end by themselves when nothing is left to do.
    """
    count = min(processes, len(items))
    if count <= 1:
        for item in items:
            function(item)
            progress.add()
        return
    context = get_context("fork")
    taken, done = context.Value("i", 0), context.Value("i", 0)

    def work() -> None:
        while True:
            with taken.get_lock():
                number, taken.value = taken.value, taken.value + 1
            if number >= len(items):
                return
            function(items[number])
            with done.get_lock():
                done.value += 1

    workers = [context.Process(target=cli.run, args=(work,)) for _ in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        while worker.exitcode is None:
            worker.join(timeout=1)
            progress.add(done.value - progress.done)
    failed = sum(worker.exitcode != 0 for worker in workers)
    if failed:
        raise RuntimeError(f"{failed} of {count} processes failed")
