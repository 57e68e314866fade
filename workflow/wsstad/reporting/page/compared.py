"""The page of a comparison: one file, what the terminal says and every video, with pictures of both sides."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wsstad.evaluation.before_after import VideoChange
from wsstad.reporting.compare import answers, words
from wsstad.reporting.compare.gathering import Comparison
from wsstad.reporting.compare.side_results import SideResults
from wsstad.reporting.page import timelines
from wsstad.reporting.page.chart_svg import ROLES, Chart, canvas
from wsstad.reporting.page.sections import Pictures
from wsstad.reporting.page.shown import Video
from wsstad.reporting.page.templating import environment
from wsstad.reporting.page.timelines import Timeline

MOST_PICTURED = 24  # videos, those that moved most


@dataclass(frozen=True)
class Shot:
    """What one side shows of a video: its scores over time, a strip of crops, a clip; and the file of its overlay."""

    timeline: Timeline | None = None
    pictures: dict[str, str] = field(default_factory=dict)
    overlay: str = ""


@dataclass(frozen=True)
class Moved:
    """A video that moved, and what either side shows of it."""

    change: VideoChange
    shots: tuple[Shot, Shot]


def page(comparison: Comparison, changed: Sequence[str], *, pixels: bool) -> str:
    """Return the page of a comparison as HTML that needs nothing else; `pixels`: with pictures of the footage."""
    pictures = Pictures(pixels)
    changes = [change for change in comparison.videos if change.moved][:MOST_PICTURED]
    moved = [_moved(change, comparison, pictures) for change in changes]
    return (
        environment()
        .get_template("compared.html.j2")
        .render(
            c=comparison,
            changed=changed,
            answers=answers.answers(comparison, changed),
            words=words,
            order=order,
            moved=moved,
            branches=_branches(moved),
            charts=[chart for chart in (_s_loc(comparison), _ranked(comparison)) if chart],
            costs=comparison.costs(),
            pictures=pictures,
        )
    )


def order(pair: tuple[float, float] | None) -> str:
    """Return what a cell with a value before and after sorts by: their difference, or nothing."""
    return "" if pair is None or np.isnan(pair[1] - pair[0]) else f"{pair[1] - pair[0]:.6f}"


def _moved(change: VideoChange, comparison: Comparison, pictures: Pictures) -> Moved:
    first, second = (_shot(side, change, comparison.method, pictures) for side in (comparison.first, comparison.second))
    return Moved(change, (first, second))


def _branches(moved: Sequence[Moved]) -> list[str]:
    """Return the names of the lines beside that of the score."""
    drawn = [shot.timeline for video in moved for shot in video.shots if shot.timeline]
    return list(dict.fromkeys(name for timeline in drawn for name in list(timeline.lines)[1:]))


def _shot(side: SideResults, change: VideoChange, method: str, pictures: Pictures) -> Shot:
    illustration = side.illustration(change.video, method)
    overlay = side.overlay(change.video, method)
    path = str(overlay.resolve()) if overlay else ""
    if illustration is None or illustration.meta["fold"] != change.fold:
        return Shot(overlay=path)
    return Shot(timelines.make(illustration), pictures.of(Video(change.video, illustration)), path)


def _s_loc(comparison: Comparison) -> Chart | None:
    """Return S_loc of every abnormal video with boxes, before and after."""
    pairs = [(_name(change), change.s_loc) for change in comparison.videos if change.s_loc]
    note = "A dot is an abnormal video with boxes, its S_loc the mean over seeds; above the line B is better."
    return _scatter("s-loc", "S_loc of every video", "S_loc", pairs, note)


def _ranked(comparison: Comparison) -> Chart | None:
    """Return the share of pairs that each video is ranked rightly in, before and after."""
    pairs = [(_name(change), change.ranked) for change in comparison.videos if change.ranked]
    note = (
        "A dot is a test video: the share of the videos of its fold with the other label that its score is on the right"
        " side of. Scores themselves share no scale. Above the line B is better."
    )
    return _scatter("ranked", "Pairs ranked rightly", "share ranked rightly", pairs, note)


def _name(change: VideoChange) -> str:
    return f"{change.video}, fold {change.fold}"


def _scatter(
    name: str, title: str, axis: str, named: Sequence[tuple[str, tuple[float, float]]], note: str
) -> Chart | None:
    """Return a dot a video that both sides have a value of, or None where there is none."""
    shown = [(video, pair) for video, pair in named if not np.isnan(pair).any()]
    if not shown:
        return None
    pairs = np.array([pair for _, pair in shown])
    with canvas(name, height=4.2) as drawn:
        axes = drawn.axes
        axes.plot([0, 1], [0, 1], color=ROLES["line"], linewidth=1)
        axes.plot(*pairs.T, "o", color=ROLES["accent"], markersize=5, alpha=0.65, markeredgewidth=0, gid="dots")
        drawn.hints["dots"] = [f"{video}: {a:.2f} to {b:.2f}" for video, (a, b) in shown]
        axes.set(xlabel=f"{axis}, A", ylabel=f"{axis}, B", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    up, down = np.count_nonzero(pairs[:, 1] > pairs[:, 0]), np.count_nonzero(pairs[:, 1] < pairs[:, 0])
    summary = f"Of {len(pairs)} videos {up} are higher in B, {down} lower, {len(pairs) - up - down} the same."
    return Chart(name, title, summary, f"{summary} {note}", drawn.svg)
