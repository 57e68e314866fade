"""Conversion of a dataset's public annotations into the canonical table."""

import difflib
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.evaluation.annotations import FORMATS
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.annotations.parameters import AnnotationParameters, DrawnParameters
from wsstad.evaluation.annotations.table import BoxRow

log = logging.getLogger(__name__)

Reader = Callable[[Path, Sequence[str], AnnotationParameters], list[BoxRow]]
Videos = Mapping[str, Mapping[str, str]]  # the rows of videos.tsv


def read(source: Path, videos: Videos, entry: AnnotationParameters) -> list[BoxRow]:
    """Return the boxes of one annotator as its format reads them, of all videos that it has.

    `entry` is the annotator's in dataset.yaml, its paths relative to `source`.
    """
    located = entry.model_copy(update={name: str(source / file) for name, file in entry.files.items()})
    reader: Reader = FORMATS[entry.format].load()
    rows = reader(Path(located.path), sorted(videos), located)
    if not isinstance(entry, DrawnParameters):
        return rows
    sizes = read_sizes(Path(located.sizes), entry.sizes) if isinstance(located, DrawnParameters) and entry.sizes else {}
    return [row if row.size else replace(row, size=sizes.get(row.video, entry.size)) for row in rows]


def read_sizes(path: Path, name: str) -> dict[str, tuple[int, int]]:
    """Read width and height by video; raise `UserError` with the row, in the file as the user calls it."""
    sizes: dict[str, tuple[int, int]] = {}
    for number, row in enumerate(storage.read_table(path), start=2):
        where = f"{name}: row {number}"
        if missing := [column for column in ("video", "width", "height") if not row.get(column)]:
            raise UserError(f"{where}: no {missing[0]}; needed: video, width, height")
        sides = [row["width"], row["height"]]
        if not all(side.isascii() and side.isdigit() and int(side) for side in sides):
            raise UserError(f"{where}: {sides[0]} x {sides[1]}; allowed: whole numbers of pixels, 1 or more")
        if row["video"] in sizes:
            raise UserError(f"{where}: {row['video']!r} is there already")
        sizes[row["video"]] = (int(sides[0]), int(sides[1]))
    return sizes


def convert(source: Path, videos: Videos, entry: AnnotationParameters, *, tested: Set[str], where: str) -> list[BoxRow]:
    """Return the checked boxes of one annotator; `where` names the annotator in messages.

    Raises `UserError` when a normal video has boxes, or when no id of the annotations is one of the videos. Boxes of
    unknown videos, and abnormal test videos (`tested`) without a box, are counted in the log; where no boxes were to be
    expected, that is all that it says.
    """
    # The table names rows as the user has them, wherever the source lies on this machine.
    rows = [replace(row, where=row.where.removeprefix(f"{source}/")) for row in read(source, videos, entry)]
    if entry.format == "none":
        log.info("annotate: no boxes by %s: nothing of localisation is measured", where)
        return []
    known = canonical.check([row for row in rows if row.video in videos])
    ignored = Counter(row.video for row in rows if row.video not in videos)
    if ignored:
        log.warning(
            "annotate: ignored %d of %d boxes, of %d videos that are not in videos.tsv, such as %r",
            ignored.total(),
            len(rows),
            len(ignored),
            next(iter(ignored)),
        )
        if not known:
            other = next(iter(ignored))
            near = [Path(other).stem] if Path(other).stem in videos else difflib.get_close_matches(other, videos, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; ids there look like {min(videos)}"
            raise UserError(f"{where}: none of its {len(ignored)} videos is in videos.tsv, such as {other!r}{hint}")
    _check_no_shares(known, where)
    boxed = {row.video for row in known}
    for video in unboxed(videos, boxed, tested):
        log.warning("annotate: abnormal test video %s has no box by %s: it cannot be localised", video, where)
    for video in sorted(boxed):
        if videos[video]["label"] == "normal":
            raise UserError(f"{where}: {video!r} is normal in videos.tsv, but it has boxes")
    return known


def _check_no_shares(rows: Sequence[BoxRow], where: str) -> None:
    """Raise `UserError` where all boxes of some rows that name no size lie between 0 and 1: they are no pixels."""
    if rows and all(row.size is None and min(row.box) >= 0 and max(row.box) <= 1 for row in rows):
        hint = "shares of the picture? then the annotator needs `size: [1, 1]`"
        raise UserError(f"{where}: all {len(rows)} boxes lie within 0..1, as {rows[0].where}: {hint}")


def unboxed(videos: Videos, boxed: Set[str], tested: Set[str]) -> list[str]:
    """Return the abnormal test videos that have no box, sorted."""
    return sorted(video for video in tested - boxed if videos[video]["label"] == "abnormal")
