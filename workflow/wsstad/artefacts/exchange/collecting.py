"""Boxes as a file lists them, one after another, checked and put together into tracks; and what all formats share."""

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wsstad.artefacts import foreign
from wsstad.errors import UserError
from wsstad.structures.tracks import UNTRACKED, Track, VideoTracks

DECIMALS = 4  # of coordinates: half a step is a tenth of what a round trip may lose, and 1/16 px is exact
SUFFIXES = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".ts", ".m2ts", ".mts"}  # of videos that files name
LAST_FRAME = 2**31 - 1  # of a video of two years
MOST_DIGITS = 18  # Python refuses to read more than 4300
OBJECT = "object"  # the label where a file has none


class Box(NamedTuple):
    """A box as a file lists it; `place` numbers it in the file."""

    place: int
    frame: int
    x1: float
    y1: float
    x2: float
    y2: float
    score: float = 1.0
    observed: bool = True


@dataclass
class Collector:
    """The boxes of one video, by track and label; `where` is the file and the noun that places are numbered by."""

    where: str
    boxes: dict[tuple[str, str], list[Box]] = field(default_factory=dict)

    def add(self, name: str, label: str, box: Box) -> None:
        """Add a box to a track; raise `UserError` for a bad box."""
        check(box, f"{self.where} {box.place}")
        self.boxes.setdefault((name, label), []).append(box)

    def tracks(self) -> tuple[Track, ...]:
        """Return the tracks in the order of the file; raise `UserError` for one with two boxes in a frame."""
        return tuple(self._track(name, label, boxes) for (name, label), boxes in self.boxes.items())

    def _track(self, name: str, label: str, boxes: Sequence[Box]) -> Track:
        columns = list(zip(*sorted(boxes, key=lambda box: box.frame), strict=True))
        places, frames = np.array(columns[0], dtype=np.int64), np.array(columns[1], dtype=np.int64)
        twice = np.flatnonzero(np.diff(frames) == 0)
        if len(twice) and name != UNTRACKED:
            where = f"{self.where} {places[twice[0] + 1]}"
            raise UserError(
                f"{where}: track {name!r} has two boxes in frame {frames[twice[0]]}, counted from 0; allowed: one"
            )
        corners = np.array(columns[2:6], dtype=np.float64).T
        scores, observed = np.array(columns[6], dtype=np.float64), np.array(columns[7], dtype=bool)
        return Track(name, label, frames, corners, scores, observed, self.where, places)


def check(box: Box, where: str) -> None:
    """Raise `UserError` unless a box has a frame from 0 on, finite corners in order, and a score from 0 to 1."""
    if not 0 <= box.frame <= LAST_FRAME:
        allowed = "0 or more" if box.frame < 0 else f"{LAST_FRAME} at most"
        raise UserError(f"{where}: frame {box.frame}, counted from 0; allowed: {allowed}")
    corners = box[2:6]
    if not all(map(math.isfinite, corners)) or box.x2 <= box.x1 or box.y2 <= box.y1:
        numbers = " ".join(f"{value:g}" for value in corners)
        raise UserError(f"{where}: box {numbers}; allowed: finite, x1 < x2, y1 < y2")
    if not 0 <= box.score <= 1:
        raise UserError(f"{where}: score {box.score:g}; allowed: 0 to 1")


def number(text: str, name: str, where: str) -> float:
    """Return a number that a file holds as text; raise `UserError` for another text."""
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{where}: {name} {text!r}; allowed: a number") from None


def whole(text: str, name: str, where: str) -> int:
    """Return a whole number that a file holds as text, such as 12 or 12.0; raise `UserError` for another text."""
    value = number(text, name, where)
    if not value.is_integer():
        raise UserError(f"{where}: {name} {text!r}; allowed: a whole number")
    return int(value)


def digits(text: str) -> int | None:
    """Return the number that a text of decimal digits is; None for another text, or more digits than any count has."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def read_text(path: Path) -> str:
    """Return the text of a file; raise `UserError` where there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text: {error}") from error


def read_rows(path: Path) -> list[list[str]]:
    """Return the cells of a file of values with commas between them; raise `UserError` where there is none."""
    with foreign.reading(path, "no table with commas"):  # of a cell of more than 131,072 characters
        return list(csv.reader(read_text(path).splitlines()))


def find(path: Path, patterns: Iterable[str], *, left_out: Sequence[str] = ()) -> dict[str, Path]:
    """Return the file of each video at `path`: a file that is named like its video, or a folder of such.

    `patterns` say where in a folder the files lie, such as ``{video}/gt/gt.txt``; of several files of a video, that of
    the first pattern. Raises `UserError` where there is nothing.
    """
    patterns = list(patterns)
    if path.is_file():
        return {path.stem: path}
    if not path.is_dir():
        raise UserError(f"{path}: no such file or folder")
    files: dict[str, Path] = {}
    for pattern in patterns:
        form = re.compile(re.escape(pattern).replace(re.escape("{video}"), "([^/]+)"))
        for file in sorted(path.glob(pattern.replace("{video}", "*"))):
            if file.name not in left_out and (match := form.fullmatch(file.relative_to(path).as_posix())):
                files.setdefault(match[1], file)
    if not files:
        allowed = ", ".join(pattern.replace("{video}", "<video>") for pattern in patterns)
        raise UserError(f"{path}: no file of boxes; allowed: {allowed}")
    return files


def video_name(text: str) -> str:
    """Return the id of the video that a file names by a path.

    >>> video_name("train/Fighting003_x264.mp4"), video_name("MOT17-02/img1")
    ('Fighting003_x264', 'img1')
    """
    path = Path(text.replace("\\", "/"))
    return path.stem if path.suffix.lower() in SUFFIXES else path.name


def decimal(value: float) -> str:
    """Return a coordinate as text.

    >>> decimal(3), decimal(0.0625), decimal(1 / 3)
    ('3', '0.0625', '0.3333')
    """
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def score_text(value: float) -> str:
    """Return a score as text, exact for a number of single precision.

    >>> score_text(1.0), score_text(0.25)
    ('1', '0.25')
    """
    return f"{value:.9g}"


def by_frame(video: VideoTracks) -> list[tuple[int, Track, int]]:
    """Return frame, track and index of every box, by frame and then in the order of the tracks."""
    rows = [(frame, n, i) for n, track in enumerate(video.tracks) for i, frame in enumerate(track.frames.tolist())]
    return [(frame, video.tracks[n], i) for frame, n, i in sorted(rows)]


def numbers_of(video: VideoTracks) -> Mapping[str, int]:
    """Return a number for the name of each track: the name itself where all are whole numbers, else from 0 on."""
    names = list(dict.fromkeys(track.name for track in video.tracks if track.name != UNTRACKED))
    if all(name.isdecimal() and str(int(name)) == name for name in names):
        return {name: int(name) for name in names}
    return {name: n for n, name in enumerate(names)}
