"""The charts of a block: each a function of what `evaluate` found, with what it says in words beside it."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from wsstad.evaluation import blocks
from wsstad.evaluation.blocks import Cells, PaperRows
from wsstad.reporting.page import curves
from wsstad.reporting.page.figures import ROLES, Chart, canvas, colour, shorten

EPS = np.linspace(0, 1, 101)
DASHES = ((0, (1, 1.5)), (0, (4, 2)), (0, (8, 2, 1.5, 2)))  # of the upper bounds, which share a colour
History = Sequence[Mapping[str, str]]  # the rows of one training


def ladder(name: str, block: Cells, method: str, paper: Mapping[str, PaperRows]) -> Chart | None:
    """Return the MIoU of every row, the upper bounds among them: where localisation is lost."""
    results = [result for result in block["results"] if "MIoU" in result["metrics"]]
    if not results:
        return None
    results = sorted(results, key=lambda result: result["metrics"]["MIoU"]["mean"])
    names = [result["names"]["method"] for result in results]
    values = np.array([result["metrics"]["MIoU"]["mean"] for result in results]) * 100
    bounds = np.array([blocks.interval(result["metrics"]["MIoU"])[1] for result in results]) * 100
    colours = [_bar_colour(result, method) for result in results]
    theirs = {its: value for its in names if (value := _of_paper(paper.get(its, []), "MIoU")) is not None}
    with canvas(name, height=0.5 + 0.27 * len(names)) as drawn:
        axes = drawn.axes
        axes.barh(range(len(names)), values, color=colours, height=0.62)
        axes.hlines(range(len(names)), bounds[:, 0], bounds[:, 1], color=ROLES["ink"], linewidth=1)
        axes.plot(list(theirs.values()), [names.index(its) for its in theirs], "D", color=ROLES["truth"], markersize=5)
        axes.set_yticks(range(len(names)), [shorten(its) for its in names])
        axes.set_xlabel("MIoU, %")
        axes.grid(visible=False, axis="y")
    words = ", ".join(f"{its} {value:.1f}" for its, value in zip(names[::-1], values[::-1].tolist(), strict=True))
    note = (
        f"Lines are 95 % intervals over videos; {method} is blue. The rows of the stronger grey, upper bounds, know the"
        " truth: each is the best that a choice among its boxes could reach."
        + (" Diamonds are the paper's own values." if theirs else "")
    )
    return Chart(name, "From chance to the upper bounds", f"MIoU in percent, best first: {words}.", note, drawn.svg)


def roc(name: str, block: Cells, method: str) -> Chart:
    """Return the ROC of telling abnormal from normal videos."""
    areas = {}
    with canvas(name, height=5.0) as drawn:
        axes = drawn.axes
        axes.plot([0, 1], [0, 1], color=ROLES["line"], linewidth=1)
        for number, result in enumerate(_rivals(block)):
            curve, its = curves.roc(result["videos"]), result["names"]["method"]
            if len(curve) and not _is_constant(result) and blocks.count_runs(result) == len(result["seeds"]):
                areas[its] = 100 * curves.area(curve)
                axes.plot(*curve.T, **_line(number, its == method), label=f"{shorten(its)} {areas[its]:.1f}")
        axes.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal")
        _legend(drawn.figure, axes)
    words = ", ".join(f"{its} {value:.1f}" for its, value in areas.items())
    note = (
        "The mean of the curves of every fold and seed, as VAUC compares only videos scored by one model; the number"
        " in the legend is the area, which is VAUC. Rows that give all videos one score would lie on the diagonal."
    )
    return Chart(name, "ROC of whole videos", f"Area under the curve in percent: {words}.", note, drawn.svg)


def success(name: str, block: Cells, method: str) -> Chart | None:
    """Return IoU@eps over eps."""
    found = [result for result in block["results"] if curves.s_locs(result["videos"]).size]
    if not found:
        return None
    names, halves = [result["names"]["method"] for result in _rivals(block)], []
    best = _best_rival(found, method)
    constant = [its for its in found if not blocks.is_oracle(its) and _is_constant(its)]
    mine = [its for its in found if its["names"]["method"] == method]
    with canvas(name, height=4.4) as drawn:
        for result in [*mine, *best, *(its for its in constant if its not in mine)]:
            its = result["names"]["method"]
            halves.append(_plot_success(drawn.axes, result, _line(names.index(its), its == method)))
        for result, dashes in zip([its for its in found if blocks.is_oracle(its)], cycle(DASHES)):
            halves.append(_plot_success(drawn.axes, result, {"color": ROLES["soft"], "linestyle": dashes}))
        drawn.axes.set(xlabel="eps", ylabel="IoU@eps, % of abnormal videos", xlim=(0, 1), ylim=(0, 103))
        _legend(drawn.figure, drawn.axes)
    note = (
        "Share of the abnormal videos whose S_loc is above eps, the mean over seeds. Drawn are the method that is"
        " shown, the best of the others by MIoU, constant boxes, and in grey the upper bounds; the table has all rows."
    )
    return Chart(name, "Localisation at every threshold", f"IoU@eps in percent: {'; '.join(halves)}.", note, drawn.svg)


def spread(name: str, block: Cells, method: str) -> Chart | None:
    """Return the distribution of S_loc over the videos, method by method."""
    found = [(r["names"]["method"], r, [v["s_loc"] for v in r["videos"] if "s_loc" in v]) for r in block["results"]]
    found = [its for its in found if its[2]][::-1]
    if not found:
        return None
    with canvas(name, height=0.6 + 0.32 * len(found)) as drawn:
        for row, (_, result, values) in enumerate(found):
            lift = ((np.arange(len(values)) * 0.618) % 1 - 0.5) * 0.5  # so that equal values do not hide each other
            shade = _bar_colour(result, method)
            drawn.axes.plot(values, row + lift, "o", color=shade, markersize=3.5, alpha=0.65, markeredgewidth=0)
            drawn.axes.plot([np.median(values)] * 2, [row - 0.36, row + 0.36], color=ROLES["ink"], linewidth=1.4)
        drawn.axes.set_yticks(range(len(found)), [shorten(its) for its, _, _ in found])
        drawn.axes.set(xlabel="S_loc of a video, the mean over seeds", xlim=(-0.02, 1.02))
        drawn.axes.grid(visible=False, axis="y")
    words = ", ".join(f"{its} {np.median(values):.2f}" for its, _, values in found[::-1])
    note = "A dot is an abnormal video; the stroke is the median."
    return Chart(name, "S_loc of every abnormal video", f"Median S_loc: {words}.", note, drawn.svg)


def classes(name: str, result: Cells) -> Chart | None:
    """Return MIoU and VAUC of a method by class of event, where there are several."""
    cards = {its: card for its, card in result.get("classes", {}).items() if card}
    if not cards:
        return None
    names = sorted(cards, reverse=True)
    said: dict[str, str] = {}
    with canvas(name, height=0.8 + 0.36 * len(names), columns=2) as drawn:
        for axes, metric in zip(drawn.figure.axes, ("MIoU", "VAUC"), strict=True):
            for row, its in enumerate(names):
                entry = cards[its].get(metric)
                if entry:
                    axes.barh(row, 100 * entry["mean"], color=ROLES["accent"], height=0.6)
                    low, high = blocks.interval(entry)[1]
                    axes.hlines(row, 100 * low, 100 * high, color=ROLES["ink"], linewidth=1)
                    said[its] = f"{said.get(its, its)}, {metric} {100 * entry['mean']:.1f}"
            labels = [f"{shorten(its)} ({_count(cards[its])})" for its in names]
            axes.set_yticks(range(len(names)), labels if metric == "MIoU" else [""] * len(names))
            axes.set(xlabel=f"{metric}, %", xlim=(0, 100 if metric == "VAUC" else None))
            axes.grid(visible=False, axis="y")
    note = f"{result['names']['method']}: the videos of a class (their number in brackets) against all normal ones."
    return Chart(
        name, "By class of event", f"{'; '.join(said[its] for its in names[::-1] if its in said)}.", note, drawn.svg
    )


def training(name: str, method: str, histories: Mapping[str, History], held_out: Sequence[int]) -> Chart | None:
    """Return loss and held-out VAUC over the iterations of every training of a method, on so many videos each."""
    if not histories:
        return None
    last = []
    with canvas(name, height=2.6, columns=2) as drawn:
        for its in histories.values():
            for axes, value in zip(drawn.figure.axes, (_loss, _vauc), strict=True):
                points = [(int(row["iteration"]), found) for row in its if (found := value(row)) is not None]
                axes.plot(*np.array(points).reshape(-1, 2).T, color=ROLES["accent"], alpha=0.55, linewidth=1)
            last.append(_loss(its[-1]) or 0.0)
        drawn.figure.axes[0].set(xlabel="iteration", ylabel="loss")
        drawn.figure.axes[1].set(xlabel="iteration", ylabel="held-out VAUC, %", ylim=(0, 103))
    words = f"{len(histories)} trainings of {method}; the loss ends between {min(last):.3g} and {max(last):.3g}."
    few, many = min(held_out), max(held_out)
    note = (
        f"{method}: a line is one seed on one fold. The iteration of the best VAUC on held-out training videos is kept;"
        f" they are {few if few == many else f'{few} to {many}'} a training, and the fewer, the higher its stairs."
    )
    return Chart(name, "Training", words, note, drawn.svg)


def _loss(row: Mapping[str, str]) -> float | None:
    """Return the loss of an iteration, of all branches together."""
    parts = [float(its) for name, its in row.items() if its and (name == "loss" or name.endswith("_loss"))]
    return sum(parts) if parts else None


def _vauc(row: Mapping[str, str]) -> float | None:
    return 100 * float(row["held_out_vauc"]) if row["held_out_vauc"] else None


def _rivals(block: Cells) -> list[Cells]:
    return [result for result in block["results"] if not blocks.is_oracle(result)]


def _is_constant(result: Cells) -> bool:
    """Return whether a row gives all videos one score."""
    return len({row["score"] for row in result["videos"]}) == 1


def _best_rival(found: Sequence[Cells], method: str) -> list[Cells]:
    """Return the row of the highest MIoU that learns something and is not `method`; none where there is no such row."""
    rivals = [its for its in found if not blocks.is_oracle(its) and not _is_constant(its)]
    rivals = [its for its in rivals if its["names"]["method"] != method]
    return sorted(rivals, key=lambda its: -its["metrics"]["MIoU"]["mean"])[:1]


def _plot_success(axes: Axes, result: Cells, options: Mapping[str, Any]) -> str:
    """Draw IoU@eps of a row; return it in words."""
    its, values = result["names"]["method"], 100 * curves.success(result["videos"], EPS)
    axes.plot(EPS, values, **options, label=shorten(its))
    return f"{its} {values[10]:.1f} at 0.1 and {values[50]:.1f} at 0.5"


def _bar_colour(result: Cells, method: str) -> str:
    if blocks.is_oracle(result):
        return ROLES["soft"]
    return ROLES["accent"] if result["names"]["method"] == method else ROLES["c0"]


def _line(number: int, bold: bool) -> dict[str, Any]:
    if bold:
        return {"color": ROLES["accent"], "linewidth": 2.4, "zorder": 3}
    return {"color": colour(number), "linewidth": 1.2, "linestyle": ("-", "--", "-.", ":")[number // 3 % 4]}


def _legend(figure: Any, axes: Any) -> None:
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, columnspacing=1.2, handlelength=2.4
    )


def _of_paper(rows: PaperRows, metric: str) -> float | None:
    return next((float(row["value"]) for row in rows if row["metric"] == metric), None)


def _count(card: Cells) -> int:
    return (card["VAUC"] if "VAUC" in card else card["MIoU"])["n"]
