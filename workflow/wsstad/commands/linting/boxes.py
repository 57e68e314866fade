"""Checks of annotations: boxes inside frames, frames inside videos, and whether an annotator makes sense as a whole."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path, PurePosixPath

from wsstad.commands.linting.finding import ERROR, WARNING, Facts, Finding, VideoFacts
from wsstad.errors import UserError
from wsstad.evaluation.annotations import conversion
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.annotations.parameters import AnnotationParameters
from wsstad.evaluation.annotations.table import BoxRow

EDGE = 1.0  # pixels by which a box may lie over the edge: people draw so
MANY = 0.5  # share of an annotator's boxes from which a fault is one of the annotator


def read(source: Path, facts: Facts, entry: AnnotationParameters, where: str) -> tuple[list[BoxRow], list[Finding]]:
    """Return the boxes of an annotator, or why they cannot be read."""
    try:
        return conversion.read(source, _rows(facts), entry), []
    except (UserError, OSError) as error:
        return [], [Finding(ERROR, "annotations", where, str(error))]


def _rows(facts: Facts) -> dict[str, Mapping[str, str]]:
    """Return the rows of videos.tsv, by video."""
    return {name: video.row for name, video in facts.items()}


def check(rows: Sequence[BoxRow], facts: Facts, tested: Set[str], where: str) -> Iterator[Finding]:
    """Yield what is wrong with an annotator as a whole, then with single boxes."""
    known = [row for row in rows if row.video in facts]
    yield from _unknown(rows, facts, where)
    whole = list(_check_whole(known, facts, where))
    yield from whole
    kinds = {finding.kind for finding in whole}
    sound = []
    for row in known:
        try:
            sound += canonical.check([row])
        except UserError as error:
            if "corners" not in kinds:
                yield Finding(ERROR, "box", row.where, str(error).removeprefix(f"{row.where}: "))
    try:
        canonical.check(sound)
    except UserError as error:
        yield Finding(ERROR, "order", where, str(error))
    for row in sound:
        yield from _check_place(row, facts[row.video], kinds)
    boxed = {row.video for row in known}
    for video in sorted(boxed):
        if facts[video].row["label"] == "normal":
            yield Finding(ERROR, "boxes of normal videos", facts[video].where, f"{video!r} is normal, and has boxes")
    if known:
        for video in conversion.unboxed(_rows(facts), boxed, tested):
            text = f"abnormal test video {video!r} has no box by {where}: it cannot be localised"
            yield Finding(WARNING, "no box", facts[video].where, text)


def _unknown(rows: Sequence[BoxRow], facts: Facts, where: str) -> Iterator[Finding]:
    """Yield one finding on the boxes of videos that are not listed, with the listed id that is meant, if any is."""
    unknown = Counter(row.video for row in rows if row.video not in facts)
    if not unknown:
        return
    name = next(iter(unknown))
    stems = {PurePosixPath(video).stem.lower(): video for video in facts}
    meant = stems.get(PurePosixPath(name).stem.lower(), "")
    text = f"{unknown.total()} of {len(rows)} boxes are of {len(unknown)} videos that are not listed, such as {name!r}"
    text += f"; the id in videos.tsv is {meant!r}" if meant else ""
    every = unknown.total() == len(rows)
    yield Finding(ERROR if every or meant else WARNING, "unknown videos", where, text)


def _check_whole(rows: Sequence[BoxRow], facts: Facts, where: str) -> Iterator[Finding]:
    """Yield what is wrong with most boxes alike: units, corners, the size of the picture, the base of the frames."""
    if not rows:
        return
    if all(0 <= value <= 1 for row in rows for value in row.box):
        yield Finding(ERROR, "units", where, f"all {len(rows)} boxes lie within 0..1: shares of the frame, not pixels")
        return
    inverted = sum(row.box[2] <= row.box[0] or row.box[3] <= row.box[1] for row in rows)
    if inverted > MANY * len(rows):
        text = f"{inverted} of {len(rows)} boxes have x2 <= x1 or y2 <= y1: perhaps x, y, width, height"
        yield Finding(ERROR, "corners", where, text)
    sized = [(row, _picture(row, facts[row.video])) for row in rows]
    beyond = [row for row, size in sized if size and (row.box[2] > size[0] + EDGE or row.box[3] > size[1] + EDGE)]
    if len(beyond) > MANY * len(rows) and inverted <= MANY * len(rows):
        right, bottom = (max(row.box[n] for row in rows) for n in (2, 3))
        text = f"{len(beyond)} of {len(rows)} boxes reach over the frame, as far as {right:g} x {bottom:g}"
        yield Finding(ERROR, "picture", where, f"{text}: drawn on a larger picture? its `size` says which")
    last: dict[str, int] = {}
    for row in rows:
        last[row.video] = max(row.frame, last.get(row.video, 0))
    past = [
        video for video, frame in last.items() if facts[video].truth != "estimated" and frame == facts[video].n_frames
    ]
    if past and min(row.frame for row in rows) >= 1:
        text = f"no box is in frame 0, and {len(past)} videos, such as {past[0]!r}, have one just past their end"
        yield Finding(ERROR, "frame base", where, f"{text}: frames seem to count from 1; here they count from 0")


def _picture(row: BoxRow, video: VideoFacts) -> tuple[int, int] | None:
    """Return the size of the picture that a box was drawn on, if it is known."""
    return row.size or (video.size if video.truth else None)


def _check_place(row: BoxRow, video: VideoFacts, kinds: Set[str]) -> Iterator[Finding]:
    """Yield what is wrong with where and when a box is, unless the whole annotator has that fault."""
    if "frame base" not in kinds and video.is_beyond(row.frame + 1):
        text = f"frame {row.frame} of {row.video!r}, whose last is {video.n_frames - 1} ({video.truth}); it is left out"
        yield Finding(WARNING, "frame", row.where, text)
    size = _picture(row, video)
    if size is None or {"units", "picture", "corners"} & kinds:
        return
    (width, height), (x1, y1, x2, y2) = size, row.box
    text = f"box {x1:g} {y1:g} {x2:g} {y2:g} of {row.video!r} and a frame of {width} x {height}"
    if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
        yield Finding(ERROR, "box outside", row.where, f"{text}: outside")
    elif min(x1, y1) < -EDGE or x2 > width + EDGE or y2 > height + EDGE:
        yield Finding(WARNING, "box over the edge", row.where, f"{text}: cut at its edge")


def describe(name: str, entry: AnnotationParameters, rows: Sequence[BoxRow], facts: Facts, tested: Set[str]) -> str:
    """Return what the verdict says of an annotator."""
    if entry.format == "none":
        return f"{name}: no boxes, VAUC alone"
    abnormal = {video for video in tested if video in facts and facts[video].row["label"] == "abnormal"}
    boxed = {row.video for row in rows} & abnormal
    return f"{name}: {len(rows)} boxes, of {len(boxed)} of {len(abnormal)} abnormal test videos"
