"""Charts as SVG inside a page: colours that follow light and dark, names that stay text, ids that never clash."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from markupsafe import Markup, escape
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from wsstad.jsonable import Json

MOST_LETTERS = 22  # of a name beside an axis
WIDTH = 4.4  # inches; the page scales it
# What is drawn in these colours takes those of the page's style sheet, which has one for light and one for dark.
ROLES = {
    "ink": "#010101",
    "soft": "#010102",
    "line": "#010103",
    "accent": "#010104",
    "truth": "#010105",
    **{f"c{i}": f"#0101{16 + i:02x}" for i in range(10)},
}
STYLE: Json = {
    "svg.fonttype": "none",  # text stays text
    "text.parse_math": False,  # a dollar sign in a name is one
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "figure.facecolor": "none",  # the card's colour, light or dark
    "axes.facecolor": "none",
    "axes.edgecolor": ROLES["line"],
    "axes.labelcolor": ROLES["soft"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": ROLES["line"],
    "grid.linewidth": 0.5,
    "text.color": ROLES["ink"],
    "xtick.color": ROLES["line"],
    "ytick.color": ROLES["line"],
    "xtick.labelcolor": ROLES["soft"],
    "ytick.labelcolor": ROLES["ink"],
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


@dataclass(frozen=True)
class Chart:
    """A chart: its heading, its content in words, how to read it, and the drawing, or why there is none."""

    name: str
    title: str
    words: str
    note: str = ""
    svg: Markup = field(default_factory=Markup)


@dataclass
class Canvas:
    """A figure to draw on, and, once it is drawn, its `svg`; `hints` has a title for each dot of a line, by its gid."""

    figure: Figure
    hints: dict[str, Sequence[str]] = field(default_factory=dict)
    svg: Markup = field(default_factory=Markup)

    @property
    def axes(self) -> Axes:
        """The figure's one chart."""
        return self.figure.axes[0]


@contextmanager
def canvas(name: str, *, height: float, columns: int = 1) -> Iterator[Canvas]:
    """Give a figure with `columns` charts side by side to draw on; make the SVG of it in the end."""
    # From the defaults, whatever a matplotlibrc of the folder we are in says.
    with style.context(["default", {**STYLE, "svg.hashsalt": name}]), warnings.catch_warnings():
        # The browser has the glyphs of a name that the font which measures it lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        figure.subplots(1, columns)
        drawn = Canvas(figure)
        yield drawn
        drawn.svg = _svg(figure, name, drawn.hints)


def colour(number: int) -> str:
    """Return the colour of the method with this number."""
    return ROLES[f"c{number % 10}"]


def shorten(name: str) -> str:
    """Return a name as a chart has room for it.

    >>> shorten("mgpr"), shorten("a_very_long_name_of_a_method")
    ('mgpr', 'a_very_long_name_of_a…')
    """
    shown = "".join(letter if letter.isprintable() else "�" for letter in name)
    return shown if len(shown) <= MOST_LETTERS else f"{shown[: MOST_LETTERS - 1]}…"


def _svg(figure: Figure, name: str, hints: Mapping[str, Sequence[str]]) -> Markup:
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    FigureCanvasSVG(figure).print_svg(file, metadata=nothing)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for gid, words in hints.items():
        text = _with_hints(text, gid, words)
    for role, value in ROLES.items():
        text = text.replace(value, f"var(--{role})")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    text = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', text, count=1)
    text = text.replace("xlink:href", "href")
    # matplotlib escapes what it writes; the name is the page's own.
    return Markup(text)  # noqa: S704


def _with_hints(text: str, gid: str, words: Sequence[str]) -> str:
    """Return a drawing with a title for each dot of the line `gid`, which a browser shows at the pointer."""
    start = text.index(f'id="{gid}"')
    # By turns the text between dots, and a dot without its end.
    parts = re.split(r"(<use [^>]*)/>", text[start:], maxsplit=len(words))
    titled = [f"{dot}><title>{escape(word)}</title></use>" for dot, word in zip(parts[1::2], words, strict=True)]
    return text[:start] + "".join(part for pair in zip(parts[::2], [*titled, ""], strict=True) for part in pair)
