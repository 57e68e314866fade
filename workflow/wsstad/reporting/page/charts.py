"""The charts of a block: each a function of what `evaluate` measured, with the same in words beside it."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wsstad.evaluation.results import BlockResult, MethodResult
from wsstad.jsonable import Facts, Json
from wsstad.reporting.leaderboard import class_size
from wsstad.reporting.page import curves
from wsstad.reporting.page.chart_svg import ROLES, Chart, canvas, colour, shorten
from wsstad.reporting.paper import PaperRow

EPS = np.linspace(0, 1, 101)
DASHES = ((0, (1, 1.5)), (0, (4, 2)), (0, (8, 2, 1.5, 2)))  # of the upper bounds, which share a colour
FEWEST = 5  # videos that a curve over videos is drawn of
History = Sequence[Mapping[str, str]]  # the rows of one training


def miou_bars(name: str, block: BlockResult, method: str, paper: Mapping[str, Sequence[PaperRow]]) -> Chart | None:
    """Return the MIoU of every row, the upper bounds among them: where localisation is lost."""
    results = [result for result in block.results if "MIoU" in result.metrics]
    if not results:
        return None
    results = sorted(results, key=lambda result: result.metrics["MIoU"].mean)
    names = [result.method for result in results]
    values = np.array([result.metrics["MIoU"].mean for result in results]) * 100
    bounds = {i: result.metrics["MIoU"].bounds for i, result in enumerate(results)}
    colours = [_bar_colour(result, method) for result in results]
    published = {row.method: row.percent for name in names for row in paper.get(name, []) if row.metric == "MIoU"}
    with canvas(name, height=0.5 + 0.27 * len(names)) as drawn:
        axes = drawn.axes
        axes.barh(range(len(names)), values, color=colours, height=0.62)
        for row, span in bounds.items():
            _interval(axes, row, span)
        axes.plot(
            list(published.values()),
            [names.index(method) for method in published],
            "D",
            color=ROLES["truth"],
            markersize=5,
        )
        axes.set_yticks(range(len(names)), [shorten(method) for method in names])
        axes.set_xlabel("MIoU, %")
        axes.grid(visible=False, axis="y")
    words = ", ".join(f"{row} {value:.1f}" for row, value in zip(names[::-1], values[::-1].tolist(), strict=True))
    note = (
        f"Lines are 95 % intervals over videos; {method} is blue. The rows of the stronger grey, upper bounds, know the"
        " truth: each is the best that a choice among its boxes could reach."
        + (" Diamonds are the paper's own values." if published else "")
    )
    return Chart(name, "From chance to the upper bounds", f"MIoU in percent, best first: {words}.", note, drawn.svg)


def roc(name: str, block: BlockResult, method: str) -> Chart:
    """Return the ROC of telling abnormal from normal videos; in words alone where it would be a stair or two."""
    title = "ROC of whole videos"
    labels = {row.video: row.label for result in block.results for row in result.videos}
    abnormal = sum(label == "abnormal" for label in labels.values())
    if (fewest := min(abnormal, len(labels) - abnormal)) < FEWEST:
        counts = f"{abnormal} abnormal and {len(labels) - abnormal} normal test videos"
        return Chart(name, title, f"Not drawn: {counts} are too few, as each step would be 1/{max(fewest, 1)}.")
    areas = {}
    with canvas(name, height=5.0) as drawn:
        axes = drawn.axes
        axes.plot([0, 1], [0, 1], color=ROLES["line"], linewidth=1)
        for number, result in enumerate(_rivals(block)):
            curve, row = curves.roc(result.videos), result.method
            if len(curve) and not _is_constant(result):
                areas[row] = 100 * curves.area(curve)
                axes.plot(*curve.T, **_line(number, row == method), label=f"{shorten(row)} {areas[row]:.1f}")
        axes.set(xlabel="false positive rate", ylabel="true positive rate", aspect="equal")
        _legend(drawn.figure, axes)
    words = ", ".join(f"{row} {value:.1f}" for row, value in areas.items())
    note = (
        "The mean of the curves of every fold and seed, as VAUC compares only videos scored by one model; the number"
        " in the legend is the area, which is VAUC. Rows that give all videos one score would lie on the diagonal."
    )
    return Chart(name, title, f"Area under the curve in percent: {words}.", note, drawn.svg)


def success(name: str, block: BlockResult, method: str) -> Chart | None:
    """Return IoU@eps over eps."""
    results = [result for result in block.results if curves.s_locs(result.videos).size]
    if not results:
        return None
    if (boxed := max(len(curves.s_locs(result.videos)) for result in results)) < FEWEST:
        return Chart(name, "Localisation at every threshold", f"Not drawn: {boxed} videos with boxes are too few.")
    names, halves = [result.method for result in _rivals(block)], []
    best = _best_rival(results, method)
    constant = [result for result in results if not result.is_oracle and _is_constant(result)]
    own = [result for result in results if result.method == method]
    with canvas(name, height=4.4) as drawn:
        for result in [*own, *best, *(row for row in constant if row not in own)]:
            line = _line(names.index(result.method), result.method == method)
            halves.append(_plot_success(drawn.axes, result, line))
        for result, dashes in zip([row for row in results if row.is_oracle], cycle(DASHES)):
            halves.append(_plot_success(drawn.axes, result, {"color": ROLES["soft"], "linestyle": dashes}))
        drawn.axes.set(xlabel="eps", ylabel="IoU@eps, % of abnormal videos", xlim=(0, 1), ylim=(0, 103))
        _legend(drawn.figure, drawn.axes)
    note = (
        "Share of the abnormal videos whose S_loc is above eps, the mean over seeds. Drawn are the method that is"
        " shown, the best of the others by MIoU, constant boxes, and in grey the upper bounds; the table has all rows."
    )
    return Chart(name, "Localisation at every threshold", f"IoU@eps in percent: {'; '.join(halves)}.", note, drawn.svg)


def s_loc_strip(name: str, block: BlockResult, method: str) -> Chart | None:
    """Return the distribution of S_loc over the videos, method by method."""
    boxed = [(result, [row for row in result.videos if row.s_loc is not None]) for result in block.results]
    rows = [(result, seen, [row.s_loc or 0.0 for row in seen]) for result, seen in boxed if seen][::-1]
    if not rows:
        return None
    with canvas(name, height=0.6 + 0.32 * len(rows)) as drawn:
        for row, (result, seen, values) in enumerate(rows):
            lift = ((np.arange(len(values)) * 0.618) % 1 - 0.5) * 0.5  # so that equal values do not hide each other
            shade = _bar_colour(result, method)
            options: Json = {
                "color": shade,
                "markersize": 3.5,
                "alpha": 0.65,
                "markeredgewidth": 0,
                "gid": f"dots{row}",
            }
            drawn.axes.plot(values, row + lift, "o", **options)
            drawn.hints[f"dots{row}"] = [f"{one.video}: {value:.2f}" for one, value in zip(seen, values, strict=True)]
            drawn.axes.plot([np.median(values)] * 2, [row - 0.36, row + 0.36], color=ROLES["ink"], linewidth=1.4)
        drawn.axes.set_yticks(range(len(rows)), [shorten(result.method) for result, *_ in rows])
        drawn.axes.set(xlabel="S_loc of a video, the mean over seeds", xlim=(-0.02, 1.02))
        drawn.axes.grid(visible=False, axis="y")
    words = ", ".join(f"{result.method} {np.median(values):.2f}" for result, _, values in rows[::-1])
    note = "A dot is an abnormal video, which it names when it is pointed at; the stroke is the median."
    return Chart(name, "S_loc of every abnormal video", f"Median S_loc: {words}.", note, drawn.svg)


def classes(name: str, result: MethodResult) -> Chart | None:
    """Return MIoU and VAUC of a method by class of event, where there are several."""
    cards = {kind: card for kind, card in result.classes.items() if card}
    if not cards:
        return None
    kinds = sorted(cards, reverse=True)
    words: dict[str, str] = {}
    with canvas(name, height=0.8 + 0.36 * len(kinds), columns=2) as drawn:
        for axes, metric in zip(drawn.figure.axes, ("MIoU", "VAUC"), strict=True):
            for row, kind in enumerate(kinds):
                entry = cards[kind].get(metric)
                if entry:
                    axes.barh(row, 100 * entry.mean, color=ROLES["accent"], height=0.6)
                    _interval(axes, row, entry.bounds)
                    words[kind] = f"{words.get(kind, kind)}, {metric} {100 * entry.mean:.1f}"
            labels = [f"{shorten(kind)} ({class_size(cards[kind])})" for kind in kinds]
            axes.set_yticks(range(len(kinds)), labels if metric == "MIoU" else [""] * len(kinds))
            axes.set(xlabel=f"{metric}, %", xlim=(0, 100 if metric == "VAUC" else None))
            axes.grid(visible=False, axis="y")
    note = f"{result.method}: the videos of a class (their number in brackets) against all normal ones."
    return Chart(
        name,
        "By class of event",
        f"{'; '.join(words[kind] for kind in kinds[::-1] if kind in words)}.",
        note,
        drawn.svg,
    )


def training(name: str, method: str, histories: Mapping[str, History], held_out: Sequence[int]) -> Chart | None:
    """Return loss and held-out VAUC over the iterations of every training of a method, on so many videos each."""
    if not histories:
        return None
    last, few, many = [], min(held_out), max(held_out)
    is_rated = few >= 2 * FEWEST
    with canvas(name, height=2.6, columns=1 + is_rated) as drawn:
        for history in histories.values():
            for axes, value in zip(drawn.figure.axes, (_loss, _vauc), strict=False):
                points = [(int(row["iteration"]), number) for row in history if (number := value(row)) is not None]
                axes.plot(*np.array(points).reshape(-1, 2).T, color=ROLES["accent"], alpha=0.55, linewidth=1)
            last.append(next((loss for row in reversed(history) if (loss := _loss(row)) is not None), 0.0))
        drawn.figure.axes[0].set(xlabel="iteration", ylabel="loss")
        if is_rated:
            drawn.figure.axes[1].set(xlabel="iteration", ylabel="held-out VAUC, %", ylim=(0, 103))
    words = f"{len(histories)} trainings of {method}; the loss ends between {min(last):.3g} and {max(last):.3g}."
    videos = few if few == many else f"{few} to {many}"
    note = (
        f"{method}: a line is one seed on one fold. The iteration of the best VAUC on videos left out is taken;"
        f" a training has {videos} of them"
        + (", and the fewer, the higher its stairs." if is_rated else ", too few to draw it.")
    )
    return Chart(name, "Training", words, note, drawn.svg)


def _loss(row: Mapping[str, str]) -> float | None:
    """Return the loss of an iteration, of all branches together."""
    parts = [float(part) for name, part in row.items() if part and (name == "loss" or name.endswith("_loss"))]
    return sum(parts) if parts else None


def _vauc(row: Mapping[str, str]) -> float | None:
    return 100 * float(row["held_out_vauc"]) if row["held_out_vauc"] else None


def _rivals(block: BlockResult) -> list[MethodResult]:
    return [result for result in block.results if not result.is_oracle]


def _interval(axes: Axes, row: int, bounds: tuple[float, float] | None) -> None:
    """Draw an interval; a choice at random has none."""
    if bounds:
        axes.hlines(row, 100 * bounds[0], 100 * bounds[1], color=ROLES["ink"], linewidth=1)


def _is_constant(result: MethodResult) -> bool:
    """Return whether a row gives all videos one score, as a constant box does, and a score at random on average."""
    return len({row.score for row in result.videos}) == 1


def _best_rival(results: Sequence[MethodResult], method: str) -> list[MethodResult]:
    """Return the row of the highest MIoU that learns something and is not `method`; none where there is no such row."""
    rivals = [row for row in results if not row.is_oracle and not _is_constant(row) and row.method != method]
    return sorted(rivals, key=lambda row: -row.metrics["MIoU"].mean)[:1]


def _plot_success(axes: Axes, result: MethodResult, options: Facts) -> str:
    """Draw IoU@eps of a row; return it in words."""
    values = 100 * curves.success(result.videos, EPS)
    axes.plot(EPS, values, **options, label=shorten(result.method))
    return f"{result.method} {values[10]:.1f} at 0.1 and {values[50]:.1f} at 0.5"


def _bar_colour(result: MethodResult, method: str) -> str:
    if result.is_oracle:
        return ROLES["soft"]
    return ROLES["accent"] if result.method == method else ROLES["c0"]


def _line(number: int, bold: bool) -> Json:
    if bold:
        return {"color": ROLES["accent"], "linewidth": 2.4, "zorder": 3}
    return {"color": colour(number), "linewidth": 1.2, "linestyle": ("-", "--", "-.", ":")[number // 3 % 4]}


def _legend(figure: Figure, axes: Axes) -> None:
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, columnspacing=1.2, handlelength=2.4
    )
