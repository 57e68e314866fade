"""When, where and by which command a page was made: one line of facts, of what the run noted when it began."""

import time
from collections.abc import Sequence
from pathlib import Path

from wsstad.artefacts import seals, storage
from wsstad.jsonable import Json
from wsstad.planning import paths
from wsstad.reporting.page.costs import Cost, clock

SHORT = 12  # letters of a commit


def facts(results: Path, costs: Sequence[Cost], now: float) -> list[tuple[str, str]]:
    """Return the facts by their names, of the last run in a folder of results; what is not known is left out."""
    noted = _noted(results / paths.RUN)
    commit = noted.get("commit", "")[:SHORT]
    pairs = [
        ("made", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))),
        ("on", noted.get("host", "")),
        ("by", noted.get("command", "")),
        ("from", noted.get("configuration", "")),
        ("commit", commit),
        ("time of all jobs", clock(sum(cost.seconds for cost in costs)) if costs else ""),
    ]
    return [(name, value) for name, value in pairs if value]


def _noted(path: Path) -> Json:
    """Return what a run noted of itself; nothing where its record is missing or not as it was written."""
    return {} if seals.flaw(path) else storage.read_json(path).get("about", {})
