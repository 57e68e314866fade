"""What happened in the training of a model: its losses, how well it did on videos it had not seen, what was chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wsstad.artefacts import storage

HELD_OUT_COLUMNS = ("held_out_vauc", "held_out_cross_entropy")


@dataclass(frozen=True)
class History:
    """The course of a training, and which iteration was taken.

    `rows` (n, columns) has the values of `columns` in each iteration of the model itself. `curve` (e, 3) has iteration,
    VAUC and cross entropy of each evaluation on videos held out; it goes on beyond the model's own iterations where
    other trainings chose them. `scores` (s, 1 + b) are those of each held-out video's instances in that iteration.
    `measured` is what the mechanisms of the model do (see `diagnostics`), `warnings` what speaks against it.
    """

    columns: tuple[str, ...]
    rows: np.ndarray
    curve: np.ndarray
    chosen_iteration: int
    chosen_vauc: float | None = None
    scores: Mapping[str, np.ndarray] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def last_iteration(self) -> int:
        """The last iteration that was looked at."""
        return max(len(self.rows), int(self.curve[-1, 0]) if len(self.curve) else 0)

    @property
    def last_vauc(self) -> float | None:
        """The held-out VAUC in the last evaluation."""
        return float(self.curve[-1, 1]) if len(self.curve) else None

    def write(self, path: Path) -> None:
        """Write a row an iteration, the first cell its number; a value that was not taken is an empty cell."""
        evaluated = {int(iteration): values for iteration, *values in self.curve.tolist()}
        names = ("iteration", *self.columns, *HELD_OUT_COLUMNS)
        nothing = [np.nan] * len(self.columns)
        table = []
        for iteration in range(1, self.last_iteration + 1):
            own = self.rows[iteration - 1].tolist() if iteration <= len(self.rows) else nothing
            values = [*own, *evaluated.get(iteration, [np.nan, np.nan])]
            cells = ["" if np.isnan(value) else f"{value:.6g}" for value in values]
            table.append(dict(zip(names, [str(iteration), *cells], strict=True)))
        storage.write_table(path, table, names)
