"""The tables of a block as files that the page offers: what `tabulate` writes, for this block alone."""

import csv
import io
from collections.abc import Iterable, Sequence

from wsstad.artefacts import cells
from wsstad.jsonable import Facts
from wsstad.reporting import latex, tidy
from wsstad.reporting.page.shown import Shown


def tables(shown: Shown) -> dict[str, str]:
    """Return the texts of the files by the end of their names: tidy numbers, comparisons, LaTeX."""
    blocks = [shown.measured]
    return {
        "tsv": _tsv(tidy.rows(blocks, shown.paper), tidy.COLUMNS),
        "comparisons.tsv": _tsv(tidy.comparison_rows(blocks), tidy.COMPARISONS),
        "tex": latex.table(blocks, shown.paper, title=shown.title),
    }


def _tsv(rows: Iterable[Facts], columns: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(cells.readable(rows))
    return text.getvalue()
