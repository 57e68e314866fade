"""The leaderboard's grids as a page has them: a row a method, each cell with its interval and its marks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wsstad.reporting.leaderboard import Grid

COUNTS = re.compile(r" \((.*/.*)\)$")
MARK = re.compile(r" >([a-z']+)$")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Cell:
    """A cell: its text, what stands small below it, the letters of the rows that it beats, and what it sorts by."""

    text: str
    below: str = ""
    beats: str = ""
    order: str = ""


@dataclass(frozen=True)
class Table:
    """A table that can be sorted: its caption, its columns, how many of them are text, its rows."""

    caption: str
    columns: list[str]
    n_texts: int
    rows: list[list[Cell]]


def table(grid: Grid) -> Table:
    """Return a grid with each row of intervals below the row that it belongs to."""
    header, *rows = grid.rows
    n_texts = 1 + max(i for i, name in enumerate(header) if name in ("class", "method"))
    merged: list[list[Cell]] = []
    for cells in rows:
        if merged and not any(cells[:n_texts]):
            above = merged.pop()
            merged.append([_with(cell, below) for cell, below in zip(above, cells, strict=True)])
        else:
            merged.append([_cell(text, i >= n_texts) for i, text in enumerate(cells)])
    return Table(grid.caption, header, n_texts, merged)


def letters(found: Table) -> Mapping[str, str]:
    """Return the method behind each letter of a table that has them."""
    named = "" in found.columns and found.columns.index("") == 0
    return {row[0].text: row[1].text for row in found.rows if row[0].text} if named else {}


def _cell(text: str, number: bool) -> Cell:
    mark = MARK.search(text) if number else None
    shown = text[: mark.start()] if mark else text
    counts = COUNTS.search(shown) if number else None
    shown = shown[: counts.start()] if counts else shown
    value = NUMBER.match(shown) if number else None
    return Cell(
        shown,
        below=counts.group(1) if counts else "",
        beats=mark.group(1) if mark else "",
        order=value.group() if value else "" if number else text,
    )


def _with(cell: Cell, below: str) -> Cell:
    """Return a cell with what stands below it, after its counts."""
    return replace(cell, below=f"{cell.below} {below}".strip())
