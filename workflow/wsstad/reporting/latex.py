"""A table as LaTeX, for a paper that uses the package booktabs."""

from collections.abc import Sequence

from wsstad.evaluation.results import BlockResult
from wsstad.names import printable
from wsstad.reporting import leaderboard
from wsstad.reporting.leaderboard import Cell, Grid, Row
from wsstad.reporting.paper import PaperRow

SPECIAL = {"\\": r"\textbackslash{}", "±": r"$\pm$", "–": "--", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {"▲": r"$\uparrow$", "▼": r"$\downarrow$", "<": "$<$", ">": "$>$", "|": r"$\vert$"} | {
    character: f"\\{character}" for character in "&%$#_{}"
}


def table(blocks: Sequence[BlockResult], paper: Sequence[PaperRow], *, title: str) -> str:
    """Return a ``table`` environment for every grid of every block; the remarks of the block are in its caption."""
    environments = []
    for layout in leaderboard.layouts(blocks, paper):
        for grid in layout.grids:
            below = layout.below if grid is layout.grids[0] else []
            caption = " ".join([f"{title}. {layout.title}.", *layout.remarks, grid.caption, *below])
            environments.append(_environment(" ".join(caption.split()), grid))
    return "\n".join(environments)


def escape(text: str) -> str:
    r"""Return `text` as LaTeX prints it.

    >>> escape("a_1, 5 % ± 2")
    'a\\_1, 5 \\% $\\pm$ 2'
    """
    return "".join(SPECIAL.get(character, character) for character in printable(text))


def _environment(caption: str, grid: Grid) -> str:
    lines = [line for row in grid.rows for line in _lines(row)]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{escape(caption)}}}",
            rf"\begin{{tabular}}{{{'l' * grid.n_texts}{'r' * (len(grid.columns) - grid.n_texts)}}}",
            r"\toprule",
            _line(grid.columns),
            r"\midrule",
            *map(_line, lines),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _lines(row: Row) -> list[list[str]]:
    """Return the texts of a row and, where there is anything below them, of a second line."""
    below = [cell.below for cell in row.cells]
    return [[_text(cell) for cell in row.cells], *([below] if any(below) else [])]


def _text(cell: Cell) -> str:
    return cell.text + (f" ({cell.counts})" if cell.counts else "") + (f" {cell.mark}" if cell.mark else "")


def _line(texts: Sequence[str]) -> str:
    line = " & ".join(map(escape, texts))
    # After the end of the line before, a bracket or a star would be its argument.
    return (f"{{{line[0]}}}{line[1:]}" if line.startswith(("[", "*")) else line) + r" \\"
