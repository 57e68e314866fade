"""The paper's own values, which stand beside ours on its datasets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.evaluation.results import BlockResult

COLUMNS = ("dataset", "method", "label", "metric", "value")


@dataclass(frozen=True)
class PaperRow:
    """A value of the paper, in percent as it is printed there, and the paper's name of the method."""

    dataset: str
    method: str
    label: str
    metric: str
    value: str

    @property
    def percent(self) -> float:
        """The value as a number."""
        return float(self.value)


def read(path: Path) -> list[PaperRow]:
    """Read a table of the paper."""
    cells = storage.read_table(path)
    if cells and cells[0].keys() != set(COLUMNS):
        raise UserError(f"{path}: row 1: columns {', '.join(cells[0])}; needed: {', '.join(COLUMNS)}")
    rows = [PaperRow(**row) for row in cells]
    for number, row in enumerate(rows, start=2):
        try:
            row.percent  # noqa: B018
        except ValueError as error:
            raise UserError(f"{path}: row {number}: value: {row.value!r} is not a number") from error
    return rows


def by_method(rows: Sequence[PaperRow], block: BlockResult) -> dict[str, list[PaperRow]]:
    """Return the paper's values on the dataset of a block, by method."""
    methods: dict[str, list[PaperRow]] = {}
    for row in rows:
        if row.dataset == block.names["dataset"]:
            methods.setdefault(row.method, []).append(row)
    return methods
