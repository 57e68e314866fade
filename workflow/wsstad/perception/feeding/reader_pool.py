"""Reading ahead: processes that decode and crop for the one that owns the network, in order and within bounds.

They are forked, take one part of a video after the other, and leave their arrays in memory that they share with the
owner, who learns the places through pipes. Locks of `multiprocessing` would need a /dev/shm that can be written. A
reader that dies costs the video that it was reading, and another one takes its place.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import Any, Protocol, TypeVar

import numpy as np

from wsstad.errors import QuarantineError
from wsstad.perception.feeding.reader_process import Part, Read, ReaderProcess


class Readable(Protocol):
    """A video, and what is to be read of it."""

    video: str

    def parts(self, *, divided: bool) -> Sequence[Part]:
        """Return what to read, in order; where it is `divided`, so that several processes can share it."""
        ...


W = TypeVar("W", bound=Readable)


@dataclass(eq=False)
class _Task:
    """A part of a video and the number of its reader; or a video of which nothing is to be read, or an error."""

    work: Any  # a `Readable`; None with an error
    part: Part = None
    reader: int | None = None
    error: Exception | None = None


class Readers:
    """Gives the arrays that `read` makes of the parts of videos, in order; with `workers`, from as many processes."""

    def __init__(self, read: Read, workers: int) -> None:
        self._read, self._workers = read, workers
        self._processes: list[ReaderProcess] = []
        self._ahead: deque[_Task] = deque()

    @property
    def shared(self) -> bool:
        """Whether an array is overwritten once the next is asked for."""
        return self._workers > 0

    def __enter__(self) -> "Readers":
        for _ in range(self._workers):
            self._processes.append(ReaderProcess(self._read))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()

    def feed(self, works: Iterable[W]) -> Iterator[tuple[W, Iterator[np.ndarray]]]:
        """Yield each video with its arrays; asking for them raises what reading it raised."""
        if not self._workers:
            for work in works:
                parts = work.parts(divided=False)
                yield work, chain.from_iterable(self._read(work.video, part) for part in parts)
            return
        tasks = self._tasks(works)
        self._top_up(tasks)
        while self._ahead:
            first = self._ahead[0]
            if first.error:
                raise first.error
            arrays = self._arrays(first.work, tasks)
            yield first.work, arrays
            arrays.close()  # at once: only then may the reader overwrite the array
            self._skip(first.work, tasks)

    def _tasks(self, works: Iterable[Readable]) -> Iterator[_Task]:
        """Yield the parts of all videos, a reader for each in turn; of a video without any, one without a reader."""
        number = 0
        for work in works:
            parts = work.parts(divided=True)
            if not parts:
                yield _Task(work)
            for part in parts:
                yield _Task(work, part, number % self._workers)
                number += 1

    def _top_up(self, tasks: Iterator[_Task]) -> None:
        """Hand out parts until each reader has two; an error in finding them is raised when its turn has come."""
        while len(self._ahead) < 2 * self._workers:
            try:
                task = next(tasks, None)
            except Exception as error:
                task = _Task(None, error=error)
            if task is None:
                return
            self._ahead.append(task)
            if task.reader is not None:
                self._processes[task.reader].send(task, task.work.video, task.part)

    def _arrays(self, work: Readable, tasks: Iterator[_Task]) -> Generator[np.ndarray]:
        """Yield the arrays of a video."""
        while self._ahead and self._ahead[0].work is work:
            task = self._ahead[0]
            if task.reader is not None:
                yield from self._of(task)
            self._ahead.popleft()
            self._top_up(tasks)

    def _of(self, task: _Task) -> Iterator[np.ndarray]:
        """Yield the arrays of a part; a reader that dies over it is replaced by one that has no part of its video."""
        process = self._processes[task.reader or 0]
        try:
            yield from process.arrays()
        except EOFError:
            death = process.death()
            for lost in process.restart(lambda other: other.work is not task.work):
                lost.reader = None
            raise death from None
        except Exception:
            task.reader = None  # with it the part has ended
            raise

    def _skip(self, work: Readable, tasks: Iterator[_Task]) -> None:
        """Pass by what is left of a video that has been given up."""
        while self._ahead and self._ahead[0].work is work:
            task = self._ahead[0]
            if task.reader is not None:
                try:
                    for _ in self._of(task):
                        pass
                except Exception as error:  # it is given up already; what is no fault of a video is raised
                    if not isinstance(error, QuarantineError):
                        raise
            self._ahead.popleft()
            self._top_up(tasks)
