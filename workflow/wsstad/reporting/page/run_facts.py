"""When the page was made, and by which run: one line of facts, most of them from the record of the run."""

import time
from collections.abc import Sequence
from pathlib import Path

from wsstad.artefacts import seals, storage
from wsstad.jsonable import Json
from wsstad.planning import paths
from wsstad.reporting.page.costs import Cost, clock

SHORT = 12  # letters of a commit


def read(results: Path, costs: Sequence[Cost], now: float) -> list[tuple[str, str]]:
    """Return the facts of the last run in a folder of results, by name; what is not known is left out."""
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
