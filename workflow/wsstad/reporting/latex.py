"""A table as LaTeX, for a paper that uses the package booktabs."""

from collections.abc import Sequence

from wsstad.evaluation.blocks import Cells, PaperRows
from wsstad.reporting import leaderboard
from wsstad.reporting.leaderboard import Grid

SPECIAL = {"\\": r"\textbackslash{}", "±": r"$\pm$", "–": "--", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {">": r"$>$"} | {character: f"\\{character}" for character in "&%$#_{}"}


def table(blocks: Sequence[Cells], paper: PaperRows, *, title: str) -> str:
    """Return a ``table`` environment for every grid of every block; the remarks of the block are in its caption."""
    environments = []
    for block in leaderboard.layouts(blocks, paper):
        for grid in block.grids:
            caption = " ".join([f"{title}. {block.title}.", *block.remarks, grid.caption])
            environments.append(_environment(caption.strip(), grid))
    return "\n".join(environments)


def escape(text: str) -> str:
    r"""Return `text` as LaTeX prints it.

    >>> escape("a_1, 5 % ± 2")
    'a\\_1, 5 \\% $\\pm$ 2'
    """
    return "".join(SPECIAL.get(character, character) for character in text)


def _environment(caption: str, grid: Grid) -> str:
    header, *body = ([escape(cell) for cell in row] for row in grid.rows)
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{escape(caption)}}}",
            rf"\begin{{tabular}}{{ll{'r' * (len(header) - 2)}}}",
            r"\toprule",
            " & ".join(header) + r" \\",
            r"\midrule",
            *(" & ".join(row) + r" \\" for row in body),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )
