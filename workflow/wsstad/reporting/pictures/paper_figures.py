"""Figures 1 and 2 of the paper from any run: a tube through the frames of a video, and tubes of both kinds."""

import logging
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.transforms import Affine2D

from wsstad.artefacts import storage
from wsstad.jsonable import Json
from wsstad.reporting.pictures.excerpts import Excerpt, Layer

WIDTH = 7.0  # inches: the text of a page in two columns
NARROW, LEAN, STEP = 0.62, 0.16, 0.74  # a frame seen from the side: its width, its slope, the way to the next
DPI = 300
ENDINGS = (".svg", ".pdf", ".png")
# The paper's: the truth red, a union blue, the objects in it green.
COLOURS = {"truth": "#e12d2d", "prediction": "#2369eb", "union": "#2369eb", "unary": "#28a54b", "member": "#28a54b"}
WORDS = {
    "truth": "annotated event",
    "prediction": "predicted tube",
    "union": "union box of a multivariate tube",
    "unary": "box of one object",
    "member": "box of one object",
}
STYLE: dict[str, str | float | bool] = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "text.parse_math": False,  # a dollar sign in a name is one
    "svg.fonttype": "none",
    "pdf.fonttype": 42,  # fonts that journals take
    "axes.titlesize": 7,
    "axes.linewidth": 0.6,
    "svg.hashsalt": "wsstad",
}


def draw_tube(excerpt: Excerpt) -> Figure:
    """Return Figure 1: the frames of an excerpt one behind the other in time, the tubes through them, scores below."""
    height, width = excerpt.images[0].shape[:2]
    n, high = len(excerpt.images), height / width
    figure = _figure(WIDTH * (high + LEAN) / (STEP * (n - 1) + NARROW) + 1.7)
    upper, lower = figure.subplots(2, 1, height_ratios=[4, 1.1])
    places = [STEP * i for i in range(n)]
    for image, place, time in zip(excerpt.images, places, excerpt.times, strict=True):
        _lean(upper, image, place, high)
        upper.text(place + NARROW / 2, -0.05, f"{time:.1f} s", ha="center", va="top")
    for layer in sorted(excerpt.layers, key=lambda layer: layer.role == "truth"):  # the truth above all
        _trace(upper, layer, excerpt.numbers, places, (width, height))
    upper.set(xlim=(-0.02, places[-1] + NARROW + 0.02), ylim=(-0.14, high + LEAN + 0.02), aspect="equal")
    upper.axis("off")
    upper.set_title(excerpt.title)
    _draw_scores(lower, excerpt)
    _legend(figure, excerpt.layers)
    return figure


def draw_instances(excerpts: Sequence[Excerpt]) -> Figure:
    """Return Figure 2: a row for each excerpt, its frames side by side with their boxes."""
    n = max(len(excerpt.images) for excerpt in excerpts)
    ratios = [excerpt.images[0].shape[0] / excerpt.images[0].shape[1] for excerpt in excerpts]
    figure = _figure(sum(WIDTH / n * ratio + 0.3 for ratio in ratios) + 0.3)
    grid = figure.subplots(len(excerpts), n, squeeze=False, height_ratios=ratios)
    for letter, row, excerpt in zip(string.ascii_lowercase, grid, excerpts, strict=False):
        for axes in row:
            axes.axis("off")
        for axes, number, time, image in zip(row, excerpt.numbers, excerpt.times, excerpt.images, strict=False):
            axes.imshow(image)
            axes.text(0.02, 0.03, f"{time:.1f} s", transform=axes.transAxes, color="white", fontsize=6).set_bbox(
                {"facecolor": "#000a", "edgecolor": "none", "pad": 1}
            )
            for layer in excerpt.layers:
                if (box := layer.box(number)) is not None:
                    axes.add_patch(_rectangle(layer, box))
        row[0].set_title(f"({letter}) {excerpt.title}", loc="left")
    _legend(figure, [layer for excerpt in excerpts for layer in excerpt.layers])
    return figure


@contextmanager
def drawing() -> Iterator[None]:
    """Draw as a paper prints it, whatever a matplotlibrc of the folder we are in says."""
    with style.context(["default", STYLE]):
        yield


def save(figure: Figure, base: Path) -> list[Path]:
    """Write a figure as SVG, PDF and PNG beside each other; the same figure gives the same bytes."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it logs a line for each table of a font
    paths = []
    for ending in ENDINGS:
        path = base.with_name(f"{base.name}{ending}")
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}[ending]
        with storage.atomic(path) as temporary:
            figure.savefig(temporary, format=ending[1:], dpi=DPI, metadata=metadata)
        paths.append(path)
    return paths


def _figure(height: float) -> Figure:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _lean(axes: Axes, image: np.ndarray, place: float, high: float) -> None:
    """Draw a frame as it is seen from the side, its left edge at `place`."""
    turned = Affine2D.from_values(NARROW, LEAN, 0, 1, place, 0) + axes.transData
    axes.imshow(image, extent=(0, 1, 0, high), transform=turned, interpolation="bilinear")
    corners = [(place, 0), (place + NARROW, LEAN), (place + NARROW, LEAN + high), (place, high)]
    axes.add_patch(Polygon(corners, fill=False, edgecolor="#444", linewidth=0.5))


def _trace(axes: Axes, layer: Layer, numbers: Sequence[int], places: Sequence[float], size: tuple[int, int]) -> None:
    """Draw a tube: its box on each frame that is shown, and the ways of its corners from one to the next."""
    ways = [(n, box) for n in range(numbers[0], numbers[-1] + 1) if (box := layer.box(n)) is not None]
    if not ways:
        return
    traced = np.array([_corners(box, float(np.interp(n, numbers, places)), size) for n, box in ways])
    for corner in range(4):
        axes.plot(*traced[:, corner].T, color=COLOURS[layer.role], linewidth=0.7, alpha=0.7)
    for number, place in zip(numbers, places, strict=True):
        if (box := layer.box(number)) is not None:
            corners = _corners(box, place, size)
            axes.add_patch(Polygon(corners, fill=False, linewidth=1.3, **_line(layer.role)))


def _corners(box: np.ndarray, place: float, size: tuple[int, int]) -> np.ndarray:
    """Return the corners (4, 2) of a box xyxy in pixels on a frame that is seen from the side."""
    width, height = size
    x1, y1, x2, y2 = (box / width).tolist()
    points = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
    return np.array([(place + NARROW * x, height / width - y + LEAN * x) for x, y in points])


def _rectangle(layer: Layer, box: np.ndarray) -> Rectangle:
    x1, y1, x2, y2 = (box - 0.5).tolist()  # a pixel's middle is a whole number in a picture
    return Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, linewidth=1.2, **_line(layer.role))


def _line(role: str) -> Json:
    """Return how the boxes of a role are drawn: the truth has dashes, so that a box below it is seen."""
    return {"edgecolor": COLOURS[role], "linestyle": (0, (3, 1.5)) if role == "truth" else "solid"}


def _draw_scores(axes: Axes, excerpt: Excerpt) -> None:
    axes.stairs(excerpt.scores, excerpt.edges, baseline=None, color="#141414", linewidth=0.9)
    for layer in excerpt.layers:
        if layer.role in ("truth", "prediction"):
            start, stop = excerpt.edges[layer.start], excerpt.edges[layer.start + len(layer.boxes)]
            top = 1.0 if layer.role == "truth" else 0.06
            alpha = 0.15 if layer.role == "truth" else 1.0
            axes.axvspan(start, stop, ymax=top, color=COLOURS[layer.role], alpha=alpha, linewidth=0)
    for time in excerpt.times:
        axes.plot([time, time], [0, 0.04], color="#888", linewidth=0.6, transform=axes.get_xaxis_transform())
    axes.set(xlim=(excerpt.edges[0], excerpt.edges[-1]), ylim=(0, 1.02), xlabel="time, s", ylabel="score")
    axes.spines[["top", "right"]].set_visible(False)


def _legend(figure: Figure, layers: Sequence[Layer]) -> None:
    """Say what each colour is, in the order of the layers."""
    looks = {WORDS[layer.role]: _line(layer.role) for layer in layers}
    lines = [
        Line2D([], [], color=look["edgecolor"], linestyle=look["linestyle"], linewidth=1.6, label=words)
        for words, look in looks.items()
    ]
    figure.legend(handles=lines, loc="outside lower center", ncols=max(1, len(lines)), frameon=False)
