"""MOTChallenge text: ``frame,id,left,top,width,height,conf,class,visibility`` a box, a file a video.

The benchmark's own instructions: frames, ids and pixels count from 1, so the first pixel's left edge is 1; an id of -1
means no track; in a ground truth a `conf` of 0 leaves a row out. Files of results have -1 from the class on. Many
trackers write pixels from 0: `first_pixel` is for those. We write a tenth column, which every reader known to us skips:
1 for a box that was interpolated, else 0; and beside the files ``labels.txt`` with the name of each class, a line each,
as CVAT reads and writes it.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.artefacts.exchange import collecting
from wsstad.artefacts.exchange.collecting import Box, Collector, number, whole
from wsstad.errors import UserError
from wsstad.structures.tracks import UNTRACKED, VideoTracks, labels_of

PLACES = ("{video}.txt", "{video}/gt/gt.txt", "{video}/det/det.txt")
LABELS = "labels.txt"
NO_ID = "-1"
COLUMNS = 6  # at least


def files(path: Path) -> dict[str, Path]:
    """Return the file of each video."""
    return collecting.find(path, PLACES, left_out=(LABELS, "seqinfo.ini"))


def read(
    path: Path, videos: Collection[str] | None = None, *, first_frame: int = 1, first_pixel: int = 1
) -> list[VideoTracks]:
    """Read the boxes of all videos at `path`, or of `videos` alone; raise `UserError` naming a bad row."""
    wanted = {video: file for video, file in files(path).items() if videos is None or video in videos}
    return [_read(file, video, first_frame, first_pixel) for video, file in wanted.items()]


def _read(path: Path, video: str, first_frame: int, first_pixel: int) -> VideoTracks:
    labels = _labels(path)
    collector = Collector(f"{path}: row")
    for place, cells in enumerate(collecting.read_rows(path), start=1):
        where = f"{path}: row {place}"
        if not cells or cells == [""]:
            continue
        if len(cells) < COLUMNS:
            raise UserError(f"{where}: {len(cells)} columns; allowed: frame,id,left,top,width,height,conf,class,...")
        conf = number(cells[6], "conf", where) if len(cells) > COLUMNS else 1.0
        if conf == 0:  # not to be considered
            continue
        left, top, width, height = (
            number(cells[i], ("left", "top", "width", "height")[i - 2], where) for i in range(2, 6)
        )
        frame = whole(cells[0], "frame", where) - first_frame
        x1, y1 = left - first_pixel, top - first_pixel
        identifier = whole(cells[1], "id", where)
        interpolated = len(cells) > 9 and cells[9].strip() == "1"
        score = 1.0 if conf == -1 else conf  # -1: unknown
        box = Box(place, frame, x1, y1, x1 + width, y1 + height, score, not interpolated)
        name = UNTRACKED if identifier < 0 else str(identifier)
        collector.add(name, _label(cells, labels, where), box)
    return VideoTracks(video, collector.tracks())


def _label(cells: Sequence[str], labels: Sequence[str], where: str) -> str:
    """Return the name of a row's class, or its number where no name is listed; results have none."""
    n = collecting.digits(cells[7].strip()) if len(cells) > 7 else None
    if not n:
        return collecting.OBJECT
    if labels and n > len(labels):
        raise UserError(f"{where}: class {n}; allowed: 1 to {len(labels)}, the lines of {LABELS}")
    return labels[n - 1] if labels else str(n)


def _labels(path: Path) -> list[str]:
    """Return the lines of the list of classes beside a file."""
    beside = path.with_name(LABELS)
    return (
        [line.strip() for line in collecting.read_text(beside).splitlines() if line.strip()] if beside.is_file() else []
    )


def write(folder: Path, videos: Sequence[VideoTracks]) -> list[Path]:
    """Write ``<video>.txt`` for each video, and ``labels.txt``; return their paths."""
    if any(f"{video.video}.txt" == LABELS for video in videos):
        raise UserError(f"{folder}: a video called 'labels' would have the file of the classes; allowed: other ids")
    labels = labels_of(videos)
    classes = {label: n for n, label in enumerate(labels, start=1)}
    paths = [folder / f"{video.video}.txt" for video in videos]
    for video, path in zip(videos, paths, strict=True):
        storage.write_text(path, "".join(_lines(video, classes)))
    storage.write_text(folder / LABELS, "".join(f"{label}\n" for label in labels))
    return [*paths, folder / LABELS]


def _lines(video: VideoTracks, classes: dict[str, int]) -> list[str]:
    numbers = collecting.numbers_of(video)
    lines = []
    for frame, track, i in collecting.by_frame(video):
        x1, y1, x2, y2 = track.boxes[i].tolist()
        corners = ",".join(map(collecting.decimal, (x1 + 1, y1 + 1, x2 - x1, y2 - y1)))
        name = numbers.get(track.name, NO_ID)
        # A conf of 0 would leave the box out.
        score = collecting.score_text(max(float(track.scores[i]), 1e-6))
        lines.append(f"{frame + 1},{name},{corners},{score},{classes[track.label]},1,{0 if track.observed[i] else 1}\n")
    return lines
