"""The page of a run in progress: one static file, which a browser reloads by itself until the run has ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from wsstad.reporting.page.templating import environment


@dataclass(frozen=True)
class StageRow:
    """How far a stage is: `done` of `total`, in words, a line for each job at work, and whether one `failed`."""

    name: str
    done: int
    total: int
    words: str
    jobs: Sequence[str]
    failed: bool


def page(
    *, state: str, more: Sequence[str], stages: Sequence[StageRow], written: str, refresh: int | None, report: str
) -> str:
    """Return the page as HTML; it is loaded again every `refresh` seconds, if any, and links `report`, if any."""
    done, total = sum(stage.done for stage in stages), sum(stage.total for stage in stages)
    template = environment().get_template("status.html.j2")
    return template.render(
        state=state, more=more, stages=stages, written=written, refresh=refresh, report=report, done=done, total=total
    )
