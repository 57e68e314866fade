"""Progress with an ETA: in the heartbeat of a job, and as a line a minute in a log."""

import logging
import os
import time
from collections.abc import Iterable, Iterator
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
    of the `step` units that the outer one counts next; the heartbeat has the outer one.
    """

    _open: list["Progress"] = []  # noqa: RUF012 - those under way, the outermost first

    def __init__(self, label: str, total: int, unit: str, *, brief: bool = False) -> None:
        self.label, self.total, self.unit, self.brief = label, total, unit, brief
        self.done, self.step, self.part = 0, 1, 0.0
        self._outer: Progress | None = None
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> "Progress":
        self._outer = self._open[-1] if self._open else None
        self._open.append(self)
        self._beat()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.remove(self)
        if self._outer:
            self._outer.part = 0.0
        if kind is None and not (self.brief and self._last_line == self._started):
            log.info(self.line())

    def add(self, units: int = 1) -> None:
        """Count `units` more as done."""
        self.done += units
        self._beat()
        if time.monotonic() - self._last_line >= INTERVAL:
            self._last_line = time.monotonic()
            log.info(self.line())

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, and count each once it has been dealt with."""
        for item in items:
            yield item
            self.add()

    @property
    def share(self) -> float:
        """How much of the work is done, parts of units included."""
        return min((self.done + self.step * self.part) / self.total, 1.0) if self.total else 1.0

    def line(self) -> str:
        """Return the state as one line."""
        elapsed = max(time.monotonic() - self._started, 1e-9)
        rate = self.done / elapsed
        if self.done >= self.total:
            left = f"took {clock(elapsed)}"
        else:
            left = f"ETA {clock((self.total - self.done) / rate)}" if rate else "ETA ?"
        return f"{self.label}: {self.done}/{self.total} {self.unit}, {digits(rate)}/s, {left}"

    def _beat(self) -> None:
        """Note the state of the outermost progress in the heartbeat."""
        if self._outer:
            self._outer.part = self.share
            self._outer._beat()
            return
        seconds = time.monotonic() - self._started
        heartbeat.note(done=self.done, total=self.total, unit=self.unit, share=self.share, seconds=seconds)


def digits(rate: float) -> str:
    """Return a rate with the digits that matter.

    >>> digits(12.34), digits(0.01234)
    ('12.3', '0.012')
    """
    return f"{rate:.1f}" if rate >= 1 else f"{rate:.2g}"


def clock(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds.

    >>> clock(3725)
    '1:02:05'
    """
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
