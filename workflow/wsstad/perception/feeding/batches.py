"""Batches of one size of what a network takes: asked for video by video, read in order, spanning videos."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from wsstad.artefacts import failures
from wsstad.artefacts.shards import Outcome
from wsstad.errors import QuarantineError
from wsstad.perception.feeding.reader_pool import Read, Readable, Readers

if TYPE_CHECKING:
    from wsstad.perception.extractors.base import Pixels

PATIENCE = 10  # seconds for the thread that puts batches together to end

T = TypeVar("T")
Result = Any  # what the network gives for an input: detections, or a feature
Run = Callable[..., Iterable[Result]]  # of inputs of one shape, listed or in an array


class Work(Readable, Protocol):
    """What is wanted of one video: what to read of it, and what becomes of it."""

    @property
    def complete(self) -> bool:
        """Whether nothing more will come."""
        ...

    def place(self, arrays: Iterator[np.ndarray]) -> Iterator[tuple[int, "Pixels", int]]:
        """Yield row and pixels of each input of the network, and how many units of progress were read for it."""
        ...

    def take(self, row: int, result: Result) -> None:
        """Take what the network gives for a row."""
        ...

    def fail(self, error: QuarantineError) -> None:
        """Give the video up."""
        ...

    def outcome(self) -> Outcome:
        """Return the artefact, or the error."""
        ...


@dataclass
class Batch:
    """Inputs of one shape, whose they are, and how many units of progress were read for them."""

    rows: list[tuple[Work, int]] = field(default_factory=list)
    pixels: "list[Pixels]" = field(default_factory=list)
    array: np.ndarray | None = None  # which begins with the pixels, where they lie behind each other
    seen: int = 0

    @property
    def inputs(self) -> "list[Pixels] | np.ndarray":
        """The pixels, in one array where they lie in one."""
        return self.pixels if self.array is None else self.array[: len(self.pixels)]


@dataclass
class Done:
    """What has become of a batch."""

    results: list[tuple[Work, int, Result]] = field(default_factory=list)
    failed: list[tuple[Work, QuarantineError]] = field(default_factory=list)
    seen: int = 0


def compute(
    works: Iterable[Work],
    read: Read,
    run: Run,
    *,
    size: int,
    seen: Callable[[int], None],
    workers: int = 0,
    spans: bool = True,
    begin: Callable[[], object] = lambda: None,
) -> Iterator[Outcome]:
    """Yield the outcome of each video, in order, as soon as its last batch is done; call `seen` with units of progress.

    With `workers` as many processes read, one thread puts batches together, and one has the network, so that this one
    writes results while it is busy; without, all is done in turn. No result depends on it. With `spans` a batch may
    hold inputs of several videos. `begin` is called where `run` is, before it.
    """
    waiting: deque[Work] = deque()
    with Readers(read, workers) as readers:
        batches = _batches(readers, works, size, waiting, spans=spans)
        for done in _ahead(_computed(_ahead(batches), run, begin)) if workers else _computed(batches, run, begin):
            for work, error in done.failed:
                work.fail(error)
            for work, row, result in done.results:
                work.take(row, result)
            seen(done.seen)
            while waiting and waiting[0].complete:
                yield waiting.popleft().outcome()


def _batches(
    readers: Readers, works: Iterable[Work], size: int, waiting: deque[Work], *, spans: bool
) -> Iterator[Batch]:
    """Yield the batches, full but for the last one of a shape, and one after each video, which may be empty.

    Each video is put into `waiting` before its inputs are read.
    """
    room = _Room(size) if readers.shared else None
    batch = Batch()
    for work, arrays in readers.feed(works):
        waiting.append(work)
        try:
            for row, pixels, seen in work.place(arrays):
                if batch.rows and pixels.shape != batch.pixels[0].shape:
                    yield batch
                    batch = Batch()
                if room and isinstance(pixels, np.ndarray):  # the next reading overwrites it
                    pixels = room.keep(pixels, batch)
                batch.rows.append((work, row))
                batch.pixels.append(pixels)
                batch.seen += seen
                if len(batch.rows) == size:
                    yield batch
                    batch = Batch()
        except Exception as error:
            work.fail(failures.quarantine(work.video, error))
        if batch.rows and not spans:
            yield batch
            batch = Batch()
        yield Batch()
    if batch.rows:
        yield batch


class _Room:
    """Memory for three batches: one is put together, one waits, one is in the network."""

    def __init__(self, size: int) -> None:
        self._size, self._turn = size, cycle(range(3))
        self._arrays: list[np.ndarray] = [np.empty(0)] * 3

    def keep(self, pixels: np.ndarray, batch: Batch) -> np.ndarray:
        """Return a copy of the next pixels of a batch, in its array."""
        if batch.array is None:
            at, shape = next(self._turn), (self._size, *pixels.shape)
            if self._arrays[at].shape != shape:
                self._arrays[at] = np.empty(shape, dtype=pixels.dtype)
            batch.array = self._arrays[at]
        kept: np.ndarray = batch.array[len(batch.pixels)]
        kept[...] = pixels
        return kept


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield the items, which a thread of their own makes while the ones before are dealt with; it is one ahead."""
    ready: queue.Queue[T | BaseException | None] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def work() -> None:
        last: BaseException | None = None
        try:
            for item in items:
                if not _put(ready, item, stopped):
                    return
        except BaseException as error:
            last = error
        _put(ready, last, stopped)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join(timeout=PATIENCE)


def _put(ready: "queue.Queue[T]", item: T, stopped: threading.Event) -> bool:
    """Put an item where there is room for it; return False where nobody waits for it any more."""
    while not stopped.is_set():
        try:
            ready.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False


def _computed(batches: Iterable[Batch], run: Run, begin: Callable[[], object]) -> Iterator[Done]:
    """Yield what becomes of each batch, after a call of `begin`."""
    begin()
    for batch in batches:
        done = Done(seen=batch.seen)
        if batch.rows:
            _run(batch, run, done)
        yield done


def _run(batch: Batch, run: Run, done: Done) -> None:
    """Add the results of a batch; where it fails, each video has to do with its own rows alone."""
    works = list({id(work): work for work, _ in batch.rows}.values())
    try:
        results = run(batch.inputs)
    except Exception as error:
        if len(works) == 1:
            done.failed.append((works[0], failures.quarantine(works[0].video, error)))
            return
        for work in works:
            own = [number for number, (whose, _) in enumerate(batch.rows) if whose is work]
            _run(Batch([batch.rows[i] for i in own], [batch.pixels[i] for i in own]), run, done)
        return
    done.results += [(work, row, result) for (work, row), result in zip(batch.rows, results, strict=True)]
