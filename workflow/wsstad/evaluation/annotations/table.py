"""The canonical table of spatio-temporal annotations: what `annotate` writes, and `evaluate` and `overlay` alone read.

One row a box: ``video event frame x1 y1 x2 y2 fill``, frames from 0, boxes half-open in float pixels. `fill` tells what
the frames up to the event's next row get: ``none``, ``linear`` (interpolated between the two boxes) or ``hold`` (this
row's box); nothing is filled before an event's first row or after its last. Rows of one event and frame are
simultaneous boxes and must not be filled; simultaneous filled boxes go to the events ``<event>/1``, ``<event>/2`` ...
The optional columns `width` and `height` give the size of the picture that the boxes were drawn on, `masks` of how many
frames of the video there were masks, `origin` where a box was read: the file and row of whoever annotated.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.evaluation.annotations.parameters import TableParameters

COLUMNS = ("video", "event", "frame", "x1", "y1", "x2", "y2", "fill")
SIZE_COLUMNS = ("width", "height")
MASKS = "masks"
ORIGIN = "origin"
FILLS = ("none", "linear", "hold")


@dataclass(frozen=True)
class BoxRow:
    """A box of an event in one frame; `where` says where it was read, for messages.

    `masks` is the number of frames of the video that have a mask, where boxes come from such, else 0.
    """

    video: str
    event: str
    frame: int
    box: tuple[float, float, float, float]
    fill: str = "none"
    size: tuple[int, int] | None = None
    where: str = ""
    masks: int = 0


def read(path: Path, videos: Sequence[str] = (), parameters: TableParameters | None = None) -> list[BoxRow]:
    """Read a canonical table, in the order of the file and not yet checked; `videos` and `parameters` are not used."""
    cells = storage.read_table(path)
    if cells and not set(COLUMNS) <= cells[0].keys():
        raise UserError(f"{path}: row 1: columns {', '.join(cells[0])}; needed: {', '.join(COLUMNS)}")
    return [_parse(row, f"{path}: row {number}") for number, row in enumerate(cells, start=2)]


def read_checked(path: Path) -> dict[str, list[BoxRow]]:
    """Read a canonical table; return the checked and sorted rows of every video in it."""
    rows: dict[str, list[BoxRow]] = {}
    for row in check(read(path)):
        rows.setdefault(row.video, []).append(row)
    return rows


def write(path: Path, rows: Sequence[BoxRow]) -> None:
    """Write checked rows, sorted, with fixed decimals."""
    sized, placed, masked = (any(getattr(row, name) for row in rows) for name in ("size", "where", "masks"))
    cells = []
    for row in sorted(rows, key=_order):
        box = {name: f"{value:.3f}" for name, value in zip(("x1", "y1", "x2", "y2"), row.box, strict=True)}
        size = dict(zip(SIZE_COLUMNS, row.size or ("", ""), strict=True)) if sized else {}
        cells.append({"video": row.video, "event": row.event, "frame": row.frame, **box, "fill": row.fill, **size})
        cells[-1] |= ({MASKS: row.masks or ""} if masked else {}) | ({ORIGIN: row.where} if placed else {})
    more = [*(SIZE_COLUMNS if sized else ()), *([MASKS] if masked else []), *([ORIGIN] if placed else [])]
    storage.write_table(path, cells, [*COLUMNS, *more])


def check(rows: Sequence[BoxRow]) -> list[BoxRow]:
    """Return the rows sorted; raise `UserError` naming the first that is inverted, not finite or out of order.

    "Out of order" is a frame below 0, an event's frames that do not ascend in the file, or a filled event with two
    boxes in one frame.
    """
    latest: dict[tuple[str, str], BoxRow] = {}
    for row in rows:
        _check_box(row)
        before = latest.get((row.video, row.event))
        if before and row.frame < before.frame:
            raise UserError(f"{row.where}: frame {row.frame} of event {row.event!r} comes after frame {before.frame}")
        if before and row.frame == before.frame and (row.fill, before.fill) != ("none", "none"):
            raise UserError(
                f"{row.where}: event {row.event!r} has two boxes in frame {row.frame}, one to be filled from"
            )
        latest[row.video, row.event] = row
    return sorted(rows, key=_order)


def _order(row: BoxRow) -> tuple[str, str, int, tuple[float, ...]]:
    return row.video, row.event, row.frame, row.box


def _check_box(row: BoxRow) -> None:
    if row.fill not in FILLS:
        raise UserError(f"{row.where}: fill {row.fill!r}; allowed: {', '.join(FILLS)}")
    if row.frame < 0:
        raise UserError(f"{row.where}: frame {row.frame}; allowed: 0 or more")
    x1, y1, x2, y2 = row.box
    if not all(map(math.isfinite, row.box)) or x2 <= x1 or y2 <= y1:
        raise UserError(
            f"{row.where}: box {x1:g} {y1:g} {x2:g} {y2:g} of {row.video!r}; allowed: finite, x1 < x2, y1 < y2"
        )
    if row.size and min(row.size) < 1:
        raise UserError(f"{row.where}: size {row.size[0]} x {row.size[1]}; allowed: 1 or more")


def _parse(cells: Mapping[str, str], where: str) -> BoxRow:
    x1, y1, x2, y2 = (_number(cells, name, where) for name in ("x1", "y1", "x2", "y2"))
    sides = [_integer(cells, name, where) for name in SIZE_COLUMNS if cells.get(name)]
    size = (sides[0], sides[1]) if len(sides) == 2 else None
    frame = _integer(cells, "frame", where)
    masks = _integer(cells, MASKS, where) if cells.get(MASKS) else 0
    box, origin = (x1, y1, x2, y2), cells.get(ORIGIN) or where
    return BoxRow(cells["video"], cells["event"], frame, box, cells["fill"], size, origin, masks)


def _plain(cell: str) -> str:
    """Return a cell of plain signs; Python also takes 2_1 for 21, and the digits of any script."""
    if "_" in cell or not cell.isascii():
        raise ValueError(cell)
    return cell


def _number(cells: Mapping[str, str], name: str, where: str) -> float:
    try:
        return float(_plain(cells[name]))
    except ValueError:
        raise UserError(f"{where}: {name} {cells[name]!r}; allowed: a number") from None


def _integer(cells: Mapping[str, str], name: str, where: str) -> int:
    try:
        return int(_plain(cells[name]))
    except ValueError:
        raise UserError(f"{where}: {name} {cells[name]!r}; allowed: a whole number") from None
