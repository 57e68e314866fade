"""Job logs: the line that says why a job failed."""

import re
from itertools import pairwise
from pathlib import Path

ERROR = re.compile(r"(wsstad: |(\w+\.)*\w*(Error|Exception|Interrupt|Exit)\b|.*\b(Killed|core dumped)\b)")


def failure(log: Path) -> str:
    """Return the first error in a log; what to think where there is none."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    for line, following in pairwise([*lines, ""]):
        if ERROR.match(line):
            return f"{line.removeprefix('wsstad: ')} {following.strip() if line.endswith(':') else ''}".strip()
    return "no error in its log: it was killed, perhaps for its memory"
