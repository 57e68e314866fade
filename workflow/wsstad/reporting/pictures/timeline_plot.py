"""Timelines: the scores of a video over its time as a picture, with threshold, alarms and the predicted tube."""

from pathlib import Path
from typing import TYPE_CHECKING

from wsstad.artefacts import storage
from wsstad.reporting.findings import Findings
from wsstad.reporting.timecodes import timecode

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Red is the truth wherever there is one, so an alarm is not.
INK, ALARM, THRESHOLD, TUBE = "#141414", "#f2b21b", "#6b6b6b", "#2369eb"


def write_timeline(path: Path, findings: Findings) -> None:
    """Write the timeline of a video as PNG, whole or not at all; the same findings give the same bytes."""
    from matplotlib import style

    # From the defaults, whatever a matplotlibrc of the folder we are in says.
    with style.context("default"), storage.atomic(path) as temporary:
        figure = draw(findings)
        figure.savefig(temporary, format="png", metadata={"Software": None})


def draw(findings: Findings) -> "Figure":
    """Return the timeline of a video, with a legend of all that is in it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.9), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.stairs(findings.scores, findings.edges, baseline=None, color=INK, linewidth=1.2, label="score")
    if findings.threshold:
        name = f"alarm threshold, {findings.threshold.score:.2f}"
        axes.axhline(findings.threshold.score, color=THRESHOLD, linewidth=1.2, linestyle=":", label=name)
    for number, alarm in enumerate(findings.alarms):
        name = "alarm" if number == 0 else "_"  # one line of the legend for all
        axes.axvspan(alarm.from_seconds, alarm.to_seconds, color=ALARM, alpha=0.3, linewidth=0, label=name)
    top = findings.top_span()
    axes.axvspan(top.from_seconds, top.to_seconds, ymax=0.03, color=TUBE, linewidth=0, label="top-1 tube")
    axes.xaxis.set_major_formatter(lambda seconds, _: timecode(seconds) if seconds >= 0 else "")
    axes.set(xlabel="time", ylabel="score", ylim=(0, 1.02), xlim=(0, max(findings.duration, 1e-3)))
    # A name is text and nothing else, whatever signs it is made of.
    title = f"{findings.path}: {findings.verdict}, highest score {findings.prediction.video_score:.2f}"
    axes.set_title("\n".join(filter(None, (title, findings.reason))), parse_math=False, fontsize=10)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return figure
