"""Timelines: the scores of a video over its time as a picture, with threshold, alarms and the predicted tube."""

from pathlib import Path

from wsstad import storage
from wsstad.findings import Findings

INK, ALARM, TUBE = "#141414", "#e12d2d", "#2369eb"


def write_timeline(path: Path, found: Findings) -> None:
    """Write the timeline of a video as PNG, whole or not at all; the same findings give the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.step(found.seconds, found.scores, where="post", color=INK, linewidth=1.2)
    for its in found.alarms:
        axes.axvspan(its["from_seconds"], its["to_seconds"], color=ALARM, alpha=0.18, linewidth=0)
    if found.threshold:
        axes.axhline(found.threshold.score, color=ALARM, linewidth=1, linestyle="--")
    top = found.top_span()
    axes.axvspan(top["from_seconds"], top["to_seconds"], ymax=0.03, color=TUBE, linewidth=0)
    axes.set(xlabel="seconds", ylabel="score", ylim=(0, 1.02), xlim=(0, max(found.facts()["seconds"], 1e-3)))
    # A name is text and nothing else, whatever signs it is made of.
    axes.set_title(f"{found.path}: {found.verdict}, highest score {found.prediction.video_score:.2f}", parse_math=False)
    with storage.atomic(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
