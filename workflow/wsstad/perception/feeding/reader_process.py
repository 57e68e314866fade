"""One forked process that reads parts of videos, and the memory in which it leaves what it has read."""

import mmap
import multiprocessing
import os
import queue
import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import cv2
import numpy as np

from wsstad.artefacts import failures, isolation
from wsstad.errors import QuarantineError

ROOM = 64 << 20  # bytes of arrays that a reader may be ahead
MOST = 1024  # arrays that it may be ahead
LINE = 64  # bytes to which arrays are aligned

Part = Any  # what to read of a video; it is pickled
Read = Callable[[str, Part], Iterator[np.ndarray]]
Task = Any  # what the owner knows a part by
# What a reader sends of an array: where it is, or the array itself where it is larger than the room; None at the end of
# a part; a code and a reason, or an exception, instead of the rest of it.
Message = tuple[int, tuple[int, ...], str] | np.ndarray | None | tuple[str, str] | Exception


class ReaderProcess:
    """A process that runs ``read(video, part)`` for each part that it is sent, and its arrays in order."""

    def __init__(self, read: Read) -> None:
        self._read, self._memory = read, mmap.mmap(-1, ROOM)
        self._waiting: deque[tuple[Task, str, Part]] = deque()
        self._start()

    def _start(self) -> None:
        cv2.setNumThreads(1)  # here: OpenCV's threads would be missing in a fork, which would wait for them for ever
        context = multiprocessing.get_context("fork")
        parts, self._parts = context.Pipe(duplex=False)
        self._results, results = context.Pipe(duplex=False)
        freed, self._freed = os.pipe()
        self._process = context.Process(target=self._work, args=(parts, results, freed, os.getpid()), daemon=True)
        with warnings.catch_warnings():
            # Python 3.12 warns of threads beside a fork: the child runs no code of theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        parts.close()
        results.close()
        os.close(freed)

    def send(self, task: Task, video: str, part: Part) -> None:
        """Have a part read, after those before it."""
        self._waiting.append((task, video, part))
        with suppress(OSError):  # that it is dead is noticed when its turn comes
            self._parts.send((video, part))

    def arrays(self) -> Iterator[np.ndarray]:
        """Yield the arrays of the next part, each of which is overwritten once another is asked for.

        Raises what reading raised, and `EOFError` where the process has died.
        """
        while (message := self._receive()) is not None:
            if isinstance(message, np.ndarray):
                yield message
            elif isinstance(message, Exception):
                raise message
            elif len(message) == 2:
                raise QuarantineError(*message)
            else:
                try:
                    yield _view(self._memory, *message)
                finally:
                    with suppress(OSError):
                        os.write(self._freed, b".")

    def _receive(self) -> Message:
        try:
            message: Message = self._results.recv()
        except OSError as error:
            raise EOFError from error
        if message is None or isinstance(message, Exception) or (isinstance(message, tuple) and len(message) == 2):
            self._waiting.popleft()
        return message

    def death(self) -> QuarantineError:
        """Return why a video has no more arrays: the process that read it has died."""
        self._process.join()
        ended = self._process.exitcode or 0
        how = signal.strsignal(-ended) if ended < 0 else f"status {ended}"
        return QuarantineError(
            "V111" if -ended in isolation.CRASHES else "S302", f"the process that read it has died: {how}"
        )

    def restart(self, goes_on: Callable[[Task], bool]) -> list[Task]:
        """Start again with the parts that have not been read, of which those that do not go on are returned."""
        self.kill()
        waiting, self._waiting = self._waiting, deque()
        self._start()
        for task, video, part in waiting:
            if goes_on(task):
                self.send(task, video, part)
        return [task for task, *_ in waiting if not goes_on(task)]

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join(timeout=10)  # one that waits for a disk dies when it has it
        self._close()

    def _close(self) -> None:
        """Close the owner's ends of the pipes."""
        self._parts.close()
        self._results.close()
        os.close(self._freed)

    def _work(self, parts: Connection, results: Connection, freed: int, parent: int) -> None:
        """Send the arrays of each part that comes; this is what the process does."""
        if not isolation.bind_to(parent):
            return
        self._close()
        room, ready = _Room(self._memory, freed), _pump(parts)
        while (task := ready.get()) is not None:
            try:
                for array in self._read(*task):
                    results.send(room.put(np.ascontiguousarray(array)))
                results.send(None)
            except Exception as error:
                results.send(failures.as_sent(task[0], error))


def _view(memory: mmap.mmap, offset: int, shape: tuple[int, ...], kind: str) -> np.ndarray:
    return np.frombuffer(memory, dtype=kind, count=int(np.prod(shape)), offset=offset).reshape(shape)


def _pump(parts: Connection) -> "queue.SimpleQueue[Part]":
    """Return a queue of what is sent, which a thread fills: whoever sends must never wait for a reader that waits."""
    ready: queue.SimpleQueue[Part] = queue.SimpleQueue()

    def receive() -> None:
        with suppress(EOFError, OSError):
            while True:
                ready.put(parts.recv())
        ready.put(None)

    threading.Thread(target=receive, daemon=True).start()
    return ready


class _Room:
    """Where a reader puts arrays one behind the other, from the front again where those there have been freed."""

    def __init__(self, memory: mmap.mmap, freed: int) -> None:
        self._memory, self._freed, self._size = memory, freed, len(memory)
        self._at = 0
        self._used: deque[int] = deque()  # where the arrays begin that are not freed, the oldest first

    def put(self, array: np.ndarray) -> Message:
        """Copy an array into the room, as soon as there is some, and return what is sent of it."""
        length = -(-array.nbytes // LINE) * LINE
        if not 0 < length <= self._size:
            return array
        while (offset := self._find(length)) is None or len(self._used) >= MOST:
            freed = os.read(self._freed, MOST)
            if not freed:
                raise SystemExit  # nobody takes arrays any more
            for _ in freed:
                self._used.popleft()
        self._used.append(offset)
        self._at = offset + length
        _view(self._memory, offset, array.shape, array.dtype.str)[...] = array
        return offset, array.shape, array.dtype.str

    def _find(self, length: int) -> int | None:
        if not self._used:
            return 0
        oldest = self._used[0]
        if self._at > oldest:
            return self._at if self._at + length <= self._size else 0 if length <= oldest else None
        return self._at if self._at + length <= oldest else None
