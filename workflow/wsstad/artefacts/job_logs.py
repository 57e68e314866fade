"""Job logs: what the log of a job says of how far it is. Reading them asks nobody and stops nobody."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

PLAN = re.compile(r"\d\d:\d\d:\d\d \S+: (\d+) (videos|models|folds of runs), (\d+) to do, (\d+) unchanged")
PROGRESS = re.compile(r"\d\d:\d\d:\d\d [^:]+: (\d+)/(\d+) ([^,]+), (\S+)/s, (ETA|took) (?:(\d+):(\d\d):(\d\d)|\?)")
TAKEN_OVER = re.compile(r"\d\d:\d\d:\d\d \S+: (\d+) computed, (\d+) taken over")
FAILED = re.compile(r"^(?:wsstad: .*|\w*(?:Error|Interrupt|Exit)\b.*)$")


@dataclass(frozen=True)
class JobLog:
    """What a log says, and when it was last written (seconds since the epoch).

    Of the job's `entries`, such as videos, `to_do` had to be made and `unchanged` stood; -1 before that is known.
    `done` of `total` units are ready; `took` is how many seconds they took, and `left` how many are to come, both None
    while nobody can know. Clips were `computed`, or `reused`: taken over from earlier results. `failure` is the error
    that ended it.
    """

    written: float
    entries: str = ""
    to_do: int = -1
    unchanged: int = -1
    done: int = 0
    total: int = 0
    unit: str = ""
    rate: str = ""
    took: int | None = None
    left: int | None = None
    computed: int = 0
    reused: int = 0
    failure: str = ""

    @property
    def share(self) -> float:
        """How much of what was to do is ready."""
        return self.done / self.total if self.total else 0.0

    def seconds_left(self, now: float) -> float | None:
        """Return how many seconds the job still needs, by its last word."""
        return None if self.left is None else max(0.0, self.left - (now - self.written))


def read(path: Path) -> JobLog | None:
    """Return what the log of a job says; None when there is none."""
    try:
        text, written = path.read_text(encoding="utf-8", errors="replace"), path.stat().st_mtime
    except FileNotFoundError:
        return None
    facts: dict[str, object] = {"written": written}
    for line in text.splitlines():
        if found := PLAN.match(line):
            facts |= {"entries": found[2], "to_do": int(found[3]), "unchanged": int(found[4])}
        elif found := PROGRESS.match(line):
            seconds = None if found[6] is None else int(found[6]) * 3600 + int(found[7]) * 60 + int(found[8])
            facts |= {"done": int(found[1]), "total": int(found[2]), "unit": found[3], "rate": found[4]}
            facts |= {"took": seconds, "left": 0} if found[5] == "took" else {"took": None, "left": seconds}
        elif found := TAKEN_OVER.match(line):
            facts |= {"computed": int(found[1]), "reused": int(found[2])}
        elif FAILED.match(line):
            facts["failure"] = line
    return JobLog(**facts)  # type: ignore[arg-type]


def ago(seconds: float) -> str:
    """Return a duration as people say it.

    >>> ago(3), ago(200), ago(9000), ago(400000)
    ('3 s', '3 min', '2.5 h', '4.6 days')
    """
    if seconds < 120:
        return f"{max(seconds, 0):.0f} s"  # another machine's clock may be ahead
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} days"


def now() -> float:
    """Return the time, in seconds since the epoch."""
    return time.time()
