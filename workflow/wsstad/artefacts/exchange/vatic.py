"""VATIC text: ``id xmin ymin xmax ymax frame lost occluded generated "label" "attribute" ...`` a box, a file a video.

So VATIC's README has it, and UCFCrime2Local. Frames and pixels count from 0. A box that is ``lost`` is outside of the
picture, and left out; one that is ``generated`` was interpolated. We write a score as the attribute ``"score=0.5"``.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.artefacts.exchange import collecting
from wsstad.artefacts.exchange.collecting import Box, Collector, number, whole
from wsstad.errors import UserError
from wsstad.structures.tracks import UNTRACKED, VideoTracks

PLACES = ("{video}.txt",)
NUMBERS = ("id", "xmin", "ymin", "xmax", "ymax", "frame", "lost", "occluded", "generated")
WORD = re.compile(r'"([^"]*)"|(\S+)')
SCORE = "score="
NO_ID = "-1"


def files(path: Path) -> dict[str, Path]:
    """Return the file of each video."""
    return collecting.find(path, PLACES)


def read(path: Path, videos: Collection[str] | None = None) -> list[VideoTracks]:
    """Read the boxes of all videos at `path`, or of `videos` alone; raise `UserError` naming a bad row."""
    return [_read(file, video) for video, file in files(path).items() if videos is None or video in videos]


def _read(path: Path, video: str) -> VideoTracks:
    collector = Collector(f"{path}: row")
    for place, line in enumerate(collecting.read_text(path).splitlines(), start=1):
        where = f"{path}: row {place}"
        words = [quoted or plain for quoted, plain in WORD.findall(line)]
        if not words:
            continue
        if len(words) <= len(NUMBERS):
            raise UserError(f'{where}: {len(words)} words; allowed: {" ".join(NUMBERS)} "label"')
        flags = {name: _flag(words[NUMBERS.index(name)], name, where) for name in ("lost", "occluded", "generated")}
        if flags["lost"]:
            continue
        x1, y1, x2, y2 = (number(words[i], NUMBERS[i], where) for i in range(1, 5))
        score = next((word.removeprefix(SCORE) for word in words[10:] if word.startswith(SCORE)), "1")
        name, frame = whole(words[0], "id", where), whole(words[5], "frame", where)
        box = Box(place, frame, x1, y1, x2, y2, number(score, "score", where), not flags["generated"])
        collector.add(UNTRACKED if name < 0 else str(name), words[9], box)
    return VideoTracks(video, collector.tracks())


def _flag(text: str, name: str, where: str) -> bool:
    if text not in ("0", "1"):
        raise UserError(f"{where}: {name} {text!r}; allowed: 0, 1")
    return text == "1"


def write(folder: Path, videos: Sequence[VideoTracks]) -> list[Path]:
    """Write ``<video>.txt`` for each video; return their paths.

    Raises `UserError` for a label with a quotation mark.
    """
    paths = [folder / f"{video.video}.txt" for video in videos]
    for video, path in zip(videos, paths, strict=True):
        storage.write_text(path, "".join(_lines(video)))
    return paths


def _lines(video: VideoTracks) -> list[str]:
    if quoted := [label for label in video.labels if '"' in label]:
        raise UserError(f"{video.video}: label {quoted[0]!r}; allowed in VATIC: no quotation mark")
    numbers = collecting.numbers_of(video)
    lines = []
    for track in video.tracks:  # VATIC lists track by track
        name = numbers.get(track.name, NO_ID)
        for i, frame in enumerate(track.frames.tolist()):
            corners = " ".join(map(collecting.decimal, track.boxes[i].tolist()))
            score = f'"{SCORE}{collecting.score_text(track.scores[i])}"'
            flags = f"0 0 {0 if track.observed[i] else 1}"
            lines.append(f'{name} {corners} {frame} {flags} "{track.label}" {score}\n')
    return lines
