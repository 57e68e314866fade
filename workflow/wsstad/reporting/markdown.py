"""A table as Markdown that also reads well as plain text."""

from collections.abc import Sequence

from wsstad.evaluation.blocks import Cells, PaperRows
from wsstad.reporting import leaderboard
from wsstad.reporting.leaderboard import Grid, Layout


def table(blocks: Sequence[Cells], paper: PaperRows, *, title: str) -> str:
    """Return the table, a section a block."""
    parts = [f"# {title}", leaderboard.LEGEND.rstrip()]
    return "\n\n".join([*parts, *(_section(block) for block in leaderboard.layouts(blocks, paper))]) + "\n"


def _section(block: Layout) -> str:
    parts = [f"## {block.title}", "\n".join(block.remarks)]
    return "\n\n".join([*parts, *(part for grid in block.grids for part in _grid(grid))])


def _grid(grid: Grid) -> list[str]:
    """Return the caption, if there is one, and the rows with columns of one width, numbers to the right."""
    texts = 1 + max(i for i, name in enumerate(grid.rows[0]) if name in ("class", "method"))  # columns to the left
    widths = [max(3, *(len(cell) for cell in column)) for column in zip(*grid.rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(w) if i < texts else cell.rjust(w) for i, (cell, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * w if i < texts else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    rows = "\n".join([line(grid.rows[0]), line(rule), *(line(row) for row in grid.rows[1:])])
    return [grid.caption, rows] if grid.caption else [rows]
