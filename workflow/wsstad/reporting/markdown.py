"""A table as Markdown for reading: five columns that also read well as plain text; the other formats have the rest."""

import re
from collections.abc import Sequence

from wsstad.evaluation.results import BlockResult
from wsstad.names import printable
from wsstad.reporting import leaderboard
from wsstad.reporting.leaderboard import Cell, Grid, Layout
from wsstad.reporting.paper import PaperRow

SHOWN = ("IoU@0.2", "IoU@0.5")  # where one of them is measured; else the two lowest eps
LEGEND = """\
In %, mean ± standard deviation over seeds; of `random`, whose row is exact, over its choices. ▲, ▼: better, worse than
the reference named below the table, by both the paired permutation test over videos (Holm, p < 0.05) and the paired
bootstrap; without a mark no difference is shown. Upper bounds know the truth: their VAUC is 100 by definition. The
`.tsv`, `.comparisons.tsv` and `.tex` beside this file, and the report, have counts, intervals and all other metrics.
"""


def table(blocks: Sequence[BlockResult], paper: Sequence[PaperRow], *, title: str) -> str:
    """Return the table, a section a block."""
    parts = [f"# {escape(title)}", LEGEND.rstrip()]
    return "\n\n".join([*parts, *(_section(layout) for layout in leaderboard.layouts(blocks, paper))]) + "\n"


def escape(text: str) -> str:
    r"""Return text of others as Markdown shows it: no tag, no link or picture, no end of a cell or a line.

    >>> escape("<b>a|b</b>, p < 0.05, ![x](http://y)")
    '&lt;b>a\\|b&lt;/b>, p < 0.05, !\\[x](http://y)'
    """
    shown = printable(" ".join(text.split()))
    shown = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", shown)
    return re.sub(r"(\||\[(?=[^\]]*\][(\[:]))", r"\\\1", shown)


def _section(layout: Layout) -> str:
    remarks = "\n".join(map(escape, [*layout.remarks, layout.sizes]))
    return "\n\n".join([f"## {escape(layout.title)}", remarks, _grid(layout.grids[0]), *map(escape, layout.below)])


def _grid(grid: Grid) -> str:
    """Return the columns to read, of one width each, numbers to the right."""
    shares = [name for name in grid.columns if name.startswith("IoU@")]
    wanted = {"method", "VAUC", leaderboard.IN_GROUP, "MIoU", *(set(SHOWN) & set(shares) or shares[:2])}
    places = [i for i, name in enumerate(grid.columns) if name in wanted]
    marked = {i for i in places if any(row.cells[i].mark for row in grid.rows)}
    lines = [
        [escape(grid.columns[i]) for i in places],
        *([_text(row.cells[i], room_for_mark=i in marked) for i in places] for row in grid.rows),
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [
        [cells[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))]
        for cells in (lines[0], rule, *lines[1:])
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in padded)


def _text(cell: Cell, *, room_for_mark: bool) -> str:
    text = escape(cell.text)
    return f"{text} {cell.mark or ' '}" if room_for_mark else text
