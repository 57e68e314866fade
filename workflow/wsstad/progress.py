"""Progress with an ETA: a bar on a terminal, a line a minute in a log."""

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

# Seconds between two lines in a log; `make demo` asks for more of them.
INTERVAL = float(os.environ.get("WSSTAD_PROGRESS_SECONDS", "60"))


class Progress:
    """Count `total` units of work and say how far it is, how fast, and when it will end.

    With `brief`, a log hears nothing of work that ends before its first line is due.
    """

    def __init__(self, label: str, total: int, unit: str, *, brief: bool = False) -> None:
        self.label, self.total, self.unit, self.brief = label, total, unit, brief
        self.done = 0
        self._terminal = sys.stderr.isatty()
        self._started = self._said = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal:
            sys.stderr.write("\n")
        elif kind is None and not (self.brief and self._said == self._started):
            log.info(self.line())

    def add(self, units: int = 1) -> None:
        """Count `units` more as done."""
        self.done += units
        now = time.monotonic()
        if now - self._said < (0.1 if self._terminal else INTERVAL):
            return
        self._said = now
        if self._terminal:
            filled = round(30 * self.done / max(self.total, 1))
            sys.stderr.write(f"\r[{'#' * filled:<30}] {self.line()}\033[K")
        else:
            log.info(self.line())

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, and count each once it has been dealt with."""
        for item in items:
            yield item
            self.add()

    def line(self) -> str:
        """Return the state as one line."""
        elapsed = max(time.monotonic() - self._started, 1e-9)
        rate = self.done / elapsed
        if self.done >= self.total:
            left = f"took {clock(elapsed)}"
        else:
            left = f"ETA {clock((self.total - self.done) / rate)}" if rate else "ETA ?"
        speed = f"{rate:.1f}" if rate >= 1 else f"{rate:.2g}"
        return f"{self.label}: {self.done}/{self.total} {self.unit}, {speed}/s, {left}"


def clock(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds.

    >>> clock(3725)
    '1:02:05'
    """
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
