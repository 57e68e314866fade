"""results/status.html: how far a run is, for whoever sees its folder and has no shell there; the words of `status`."""

import logging
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.commands import status
from wsstad.commands.running.run_progress import StageProgress
from wsstad.reporting.page import status_page
from wsstad.reporting.page.status_page import StageRow

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between two pages


class LivePage:
    """The page of one run, written anew while it goes on."""

    def __init__(self, path: Path) -> None:
        self.path, self.due = path, 0.0

    def show(self, stages: Sequence[StageProgress], now: float, *, last: Sequence[str] = ()) -> None:
        """Write how far the stages are, but not twice in a moment; `last` are the words that a run ends with."""
        if now < self.due and not last:
            return
        self.due = now + EVERY
        report = self.path.with_name("report.html")
        try:
            text = status_page.page(
                state=last[0].removeprefix("wsstad: ") if last else status.state(stages, now),
                more=[*last[1:], status.overall_line(stages, now), *status.quarantine_lines(stages)],
                stages=[_row(stage, now) for stage in stages],
                written=f"{datetime.fromtimestamp(now, UTC).isoformat(' ', 'seconds')[:19]} UTC on {platform.node()}",
                refresh=None if last else round(2 * EVERY),
                report=report.name if last and report.exists() else "",
            )
            storage.write_text(self.path, text)
        except OSError as error:  # what is only shown must not end what computes
            log.warning("no page of the status: %s", error)


def _row(stage: StageProgress, now: float) -> StageRow:
    return StageRow(
        name=stage.name,
        done=stage.done,
        total=stage.total,
        words=status.stage_words(stage, now),
        jobs=list(status.job_lines(stage, now)),
        failed=bool(stage.failed),
    )
