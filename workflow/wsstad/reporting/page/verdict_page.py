"""The page of verdicts on some footage: every video, alarms first, its scores over time, and a jump to the moment.

It is one file; the films with boxes that it plays lie beside it.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Manifest
from wsstad.jsonable import Facts
from wsstad.reporting.findings import KIND, OVERLAY, THUMBNAIL
from wsstad.reporting.page import timelines
from wsstad.reporting.page.costs import clock
from wsstad.reporting.page.templating import environment
from wsstad.reporting.page.timelines import Span
from wsstad.reporting.pictures.illustration import thin
from wsstad.reporting.timecodes import timecode
from wsstad.structures import times

PICTURE_BYTES = 22_000_000  # of all thumbnails, as the page has them


@dataclass(frozen=True)
class Alarm:
    """An alarm on the page: when it is, in words and in seconds, where in the drawing, and its highest score."""

    at: str
    seconds: float
    span: Span
    score: float


@dataclass(frozen=True)
class Card:
    """A video: its row of the table, and where it was scored the drawing of its scores and its alarms."""

    row: Facts
    facts: Facts | None = None
    points: str = ""
    alarms: Sequence[Alarm] = ()
    top1: Span | None = None
    thumbnail: str = ""
    film: str = ""

    @property
    def threshold_at(self) -> float | None:
        """How far below the top of the drawing the threshold lies."""
        known = self.facts and self.facts["threshold"]
        return timelines.HEIGHT * (1 - known["score"]) if known else None

    @property
    def ticks(self) -> list[str]:
        """The times of beginning, middle and end."""
        length = self.facts["seconds"] if self.facts else 0.0
        return [timecode(part * length) for part in (0.0, 0.5, 1.0)]


def page(scores: Manifest, rows: Sequence[Facts], remarks: Sequence[str]) -> str:
    """Return the page of the rows of a table of verdicts; `remarks` are lines about all of them."""
    left, cards = PICTURE_BYTES, []
    for row in rows:
        card = _card(scores, row) if scores.rows[row["video"]].ok else Card(row)
        if len(card.thumbnail) > left:
            card = replace(card, thumbnail="")
        left -= len(card.thumbnail)
        cards.append(card)
    counts = {name: sum(row["verdict"] == name for row in rows) for name in dict.fromkeys(r["verdict"] for r in rows)}
    return (
        environment().get_template("verdicts.html.j2").render(cards=cards, remarks=remarks, counts=counts, clock=clock)
    )


def _card(scores: Manifest, row: Facts) -> Card:
    artefact = storage.read_artefact(scores.path(row["video"]), kind=KIND)
    facts, arrays = artefact.meta, artefact.arrays
    length = max(facts["seconds"], 1e-6)

    def span(start: float, stop: float) -> Span:
        return Span(timelines.WIDTH * start / length, timelines.WIDTH * (stop - start) / length)

    alarms = [
        Alarm(
            f"{timecode(alarm['from_seconds'])} to {timecode(alarm['to_seconds'])}",
            alarm["from_seconds"],
            span(alarm["from_seconds"], alarm["to_seconds"]),
            alarm["score"],
        )
        for alarm in facts["alarms"] or ()
    ]
    picture = arrays.get(THUMBNAIL, np.zeros(0, dtype=np.uint8)).tobytes()
    return Card(
        row,
        facts,
        timelines.points(thin(arrays["scores"]), times.from_knots(arrays["knots"])),
        alarms,
        span(facts["top1"]["from_seconds"], facts["top1"]["to_seconds"]),
        f"data:image/webp;base64,{base64.b64encode(picture).decode()}" if picture else "",
        scores.path(row["video"], OVERLAY).name if OVERLAY in facts["files"] else "",
    )
