"""Tables of tab-separated values, as others may have written them.

They are limited in size, and refused in one line that names the place.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from wsstad.errors import UserError

MOST_BYTES = 2**30
MOST_ROWS = 5_000_000
MOST_COLUMNS = 1000
LONGEST = 1_000_000  # characters of a line; csv itself allows 131,072 in a cell
QUOTES = "a quote that opens a cell must be closed, or doubled where it is meant"


def read(path: Path, most_rows: int = MOST_ROWS) -> list[dict[str, str]]:
    """Read a table with a header; raise `UserError` naming the bad row, or the limit that is exceeded."""
    if not path.exists():
        raise UserError(f"{path}: no such table")
    if not path.is_file():
        raise UserError(f"{path}: no file, so no table")
    if (n_bytes := path.stat().st_size) > MOST_BYTES:
        raise UserError(f"{path}: {n_bytes} bytes; allowed: {MOST_BYTES}")
    with open(path, encoding="utf-8-sig", newline="") as file:  # with or without the mark that Windows puts first
        reader = csv.DictReader(_lines(file, path), delimiter="\t", strict=True)
        rows: list[dict[str, str]] = []
        try:
            header = reader.fieldnames or []
            if len(header) > MOST_COLUMNS:
                raise UserError(f"{path}: row 1 has {len(header)} columns; allowed: {MOST_COLUMNS}")
            if len(header) == 1 and "," in header[0]:
                raise UserError(f"{path}: row 1 has commas between its cells; allowed: tabs")
            rows.extend(_rows(reader, len(header), path, most_rows))
        except csv.Error as error:
            raise UserError(f"{path}: row {len(rows) + 2}: not tab-separated values: {error}; {QUOTES}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"{path}: after row {len(rows) + 1}: not UTF-8; save it as UTF-8") from error
    return rows


def _rows(reader: "csv.DictReader[str]", width: int, path: Path, most: int) -> Iterator[dict[str, str]]:
    for number, row in enumerate(reader, start=2):
        if number > most + 1:
            raise UserError(f"{path}: more than {most} rows, which is all that is allowed")
        if None in row or None in row.values():
            raise UserError(f"{path}: row {number} has not the {width} cells of the header")
        yield row


def _lines(file: TextIO, path: Path) -> Iterator[str]:
    """Yield the lines of a file; raise `UserError` for one that is no text, before all of it is in memory."""
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            raise UserError(f"{path}: line {number} has more than {LONGEST} characters, which is all that is allowed")
        if "\0" in line:
            raise UserError(f"{path}: line {number} holds a NUL, so it is no text; save it as UTF-8")
        yield line
