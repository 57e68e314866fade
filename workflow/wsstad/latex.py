"""A table as LaTeX, for a paper that uses the package booktabs."""

import re
from collections.abc import Mapping, Sequence

from wsstad import leaderboard
from wsstad.leaderboard import Cells, Layout

SPECIAL = {"\\": r"\textbackslash{}", "±": r"$\pm$", "–": "--", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {character: f"\\{character}" for character in "&%$#_{}"}


def table(results: Sequence[Cells], paper: Sequence[Mapping[str, str]], *, title: str) -> str:
    """Return one ``table`` environment a block, with the remarks of the block as its caption."""
    return "\n".join(_environment(title, block) for block in leaderboard.layouts(results, paper))


def escape(text: str) -> str:
    r"""Return `text` as LaTeX prints it, ``**bold**`` as bold.

    >>> escape("**a_1** 5 % ± 2")
    '\\textbf{a\\_1} 5 \\% $\\pm$ 2'
    """
    plain = "".join(SPECIAL.get(character, character) for character in text)
    return re.sub(r"\*\*(.+?)\*\*", r"\\textbf{\1}", plain)


def _environment(title: str, block: Layout) -> str:
    header, *body = ([escape(cell) for cell in row] for row in block.rows)
    lines = [" & ".join(row) + r" \\" for row in body]
    caption = escape(f"{title}. {block.title}. {' '.join(block.remarks)}")
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{caption}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
            r"\toprule",
            " & ".join(header) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )
