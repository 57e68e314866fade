"""Progress with an ETA: in the job's heartbeat, as a line a minute in a log, as one changing line on a terminal."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, MutableSequence
from types import TracebackType
from typing import TypeVar

from wsstad import heartbeat

T = TypeVar("T")

log = logging.getLogger(__name__)

# Seconds between two lines in a log.
INTERVAL = float(os.environ.get("WSSTAD_PROGRESS_SECONDS", "60"))


class Progress:
    """Count `total` units of work and say how far it is, how fast, and when it will end.

    With `brief`, a log hears nothing of work that ends before its first line is due. Progress within progress is that
    of the `step` units that the outer one will count next; of several such parts, each has its `slot` of `parts`.
    """

    _open: list["Progress"] = []  # noqa: RUF012 - those under way, the outermost first

    def __init__(self, label: str, total: int, unit: str, *, brief: bool = False) -> None:
        self.label, self.total, self.unit, self.brief = label, total, unit, brief
        self.done, self.step, self.slot = 0, 1, 0
        self.parts: MutableSequence[float] = [0.0]
        self._outer: Progress | None = None
        self._terminal = sys.stderr.isatty()
        self._started = self._said = time.monotonic()

    def __enter__(self) -> "Progress":
        self._outer = self._open[-1] if self._open else None
        self._open.append(self)
        self._beat()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._open.remove(self)
        if self._terminal:
            sys.stderr.write("\n")
        elif kind is None and not (self.brief and self._said == self._started):
            log.info(self.line())

    def add(self, units: int = 1) -> None:
        """Count `units` more as done."""
        self.done += units
        if units:
            self.parts[self.slot] = 0.0
        self._beat()
        now = time.monotonic()
        if now - self._said < (0.1 if self._terminal else INTERVAL):
            return
        self._said = now
        if self._terminal:
            sys.stderr.write(f"\r{self.line()}\033[K")
        else:
            log.info(self.line())

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, and count each once it has been dealt with."""
        for item in items:
            yield item
            self.add()

    @property
    def share(self) -> float:
        """How much of the work is done, parts of units included."""
        return min((self.done + self.step * sum(self.parts)) / self.total, 1.0) if self.total else 1.0

    def line(self) -> str:
        """Return the state as one line."""
        elapsed = max(time.monotonic() - self._started, 1e-9)
        rate = self.done / elapsed
        if self.done >= self.total:
            left = f"took {clock(elapsed)}"
        else:
            left = f"ETA {clock((self.total - self.done) / rate)}" if rate else "ETA ?"
        return f"{self.label}: {self.done}/{self.total} {self.unit}, {speed(rate)}, {left}"

    def _beat(self) -> None:
        """Note the state of the outermost progress in the heartbeat."""
        if self._outer:
            self._outer.parts[self._outer.slot] = self.share
            self._outer._beat()
            return
        seconds = round(time.monotonic() - self._started, 3)
        heartbeat.note(done=self.done, total=self.total, unit=self.unit, share=self.share, seconds=seconds)


def speed(rate: float) -> str:
    """Return units a second with the digits that matter.

    >>> speed(12.34), speed(0.01234)
    ('12.3/s', '0.012/s')
    """
    return f"{rate:.1f}/s" if rate >= 1 else f"{rate:.2g}/s"


def clock(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds.

    >>> clock(3725)
    '1:02:05'
    """
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
