"""Job logs: the line that says why a job failed."""

import re
from pathlib import Path

from wsstad import machine

ROOM = 65_536  # bytes that a log may need
ERROR = re.compile(r"(wsstad: |(\w+\.)*\w*(Error|Exception|Interrupt|Exit)\b|.*\b(Killed|core dumped)\b)")


def failure(log: Path) -> str:
    """Return the first error in a log, up to a line that ends without a colon; what to think where there is none."""
    words: list[str] = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else ():
        if any(text in line for text in machine.ABORTS):
            return machine.cause(MemoryError(line))
        if words or ERROR.match(line):
            words.append(line.removeprefix("wsstad: ").strip())
            if not line.endswith(":"):
                break
    if words:
        return " ".join(words)
    if log.parent.is_dir() and machine.free(log.parent) < ROOM:
        return "no error in its log, for which there was no room: the disk is full"
    return "no error in its log: it was killed, perhaps for its memory"
