"""Time ways of doing one thing side by side, lay the results out as a table, and print it."""

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Clock = Callable[[], float]


@dataclass(frozen=True)
class Row:
    """A stage, what was measured, our rate and the rate of the limit (0 where there is none), both in `unit`."""

    stage: str
    what: str
    ours: float
    limit: float
    unit: str
    limit_is: str

    @property
    def ratio(self) -> float:
        """Ours over the limit; above 1 only where the limit is a different piece of work."""
        return self.ours / self.limit if self.limit else float("nan")


def cpu_clock() -> float:
    """Return the CPU seconds (user and system) of this process, its threads and its finished children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def device_clock() -> float:
    """Return the wall clock after the GPU has finished what it was given."""
    import torch

    torch.cuda.synchronize()
    return time.perf_counter()


def clock_of(device: str) -> tuple[Clock, str]:
    """Return the clock for work on `device`, and the name of its second."""
    return (device_clock, "s") if device == "cuda" else (cpu_clock, "CPU-s")


def seconds(work: Callable[[], object], clock: Clock) -> float:
    """Return how long `work` takes once."""
    before = clock()
    work()
    return max(clock() - before, 1e-9)


def side_by_side(works: Sequence[Callable[[], object]], *, repeats: int, clock: Clock) -> list[float]:
    """Return the median seconds of each work; they take turns after a warm-up, so that load on the machine hits all."""
    for work in works:
        work()
    taken = [[seconds(work, clock) for work in works] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| stage | what | ours | limit | unit | ours / limit | the limit is |", "|---|---|--:|--:|---|--:|---|"]
    for row in rows:
        limit, ratio = (number(row.limit), f"{row.ratio:.2f}") if row.limit else ("", "")
        lines.append(
            f"| {row.stage} | {row.what} | {number(row.ours)} | {limit} | {row.unit} | {ratio} | {row.limit_is} |"
        )
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """Return three significant digits, without an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def publish(text: str, output: Path | None) -> None:
    """Print a text, and write it to a file where one is named."""
    sys.stdout.write(text)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
