"""Cells of tables that people open: text from others is shown, never computed. Tables for programs are not changed."""

import re
from collections.abc import Iterable, Iterator

from wsstad.jsonable import Facts
from wsstad.names import printable

# What a spreadsheet takes for the beginning of a formula, also in the full width of East Asian fonts.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def readable(rows: Iterable[Facts]) -> Iterator[Facts]:
    """Yield the rows of a table, their texts by `as_text`; numbers stay as they are."""
    for row in rows:
        yield {name: as_text(value) if isinstance(value, str) else value for name, value in row.items()}


def as_text(text: str) -> str:
    r"""Return a text without control characters, and with a mark before what a spreadsheet would compute.

    >>> as_text('=HYPERLINK("http:x")'), as_text("-0.5"), as_text("a\tb\x1b[2J")
    ('\'=HYPERLINK("http:x")', '-0.5', 'a?b?[2J')
    """
    shown = printable(text)
    return f"'{shown}" if FORMULA.match(shown) and not NUMBER.fullmatch(shown) else shown
