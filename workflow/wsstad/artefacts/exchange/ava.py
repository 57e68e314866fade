"""AVA csv: ``video,timestamp,x1,y1,x2,y2,action,person`` a box, without a header, one file for all videos.

Corners are shares of the width and height. Timestamps are seconds: `fps` and `start` turn them into frames; without
`fps` they are the numbers of frames themselves, as we write them, since AVA's evaluation cuts decimals off. The eighth
column is the person in annotations and the score in detections: `eighth` names which.

We write both: ``tracks.csv`` with persons and ``scores.csv`` with scores, row by row the same boxes; the rows of
``interpolated.csv`` are those of ``tracks.csv`` that were interpolated. ``labels.pbtxt`` names the actions, and
``videos.txt`` lists the videos, as one without a box has no row.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.artefacts.exchange import collecting
from wsstad.artefacts.exchange.collecting import Box, Collector, number, whole
from wsstad.errors import UserError
from wsstad.structures.tracks import UNTRACKED, VideoTracks, labels_of

TRACKS, SCORES, INTERPOLATED = "tracks.csv", "scores.csv", "interpolated.csv"
LABELS, VIDEOS = "labels.pbtxt", "videos.txt"
UNIT = 1_000_000  # boxes are kept in a picture of so many pixels: shares of 1 would lose decimals in tables
COLUMNS = ("video", "timestamp", "x1", "y1", "x2", "y2", "action")
SHARES = 9  # decimals of a corner: far below 0.0005 px of any frame
ITEM = re.compile(r'name:\s*"([^"]*)"\s*(?:label_)?id:\s*(\d+)')


def files(path: Path) -> dict[str, Path]:
    """Return the file of each video: one file has them all."""
    return {video.video: _file(path) for video in read(path)}


def read(
    path: Path,
    videos: Collection[str] | None = None,
    *,
    fps: float | None = None,
    start: float = 0,
    eighth: str = "person",
) -> list[VideoTracks]:
    """Read the boxes of all videos of a file or folder, or of `videos` alone, in a picture of `UNIT` x `UNIT` pixels.

    Raises `UserError` naming a bad row.
    """
    file = _file(path)
    names = _names(file.with_name(LABELS))
    interpolated = {tuple(cells) for _, cells in _rows(file.with_name(INTERPOLATED))} if path.is_dir() else set()
    scores = [cells[7] for _, cells in _rows(file.with_name(SCORES))] if path.is_dir() else []
    collectors = {video: Collector(f"{file}: row") for video in _listed(file.with_name(VIDEOS))}
    for n, (place, cells) in enumerate(_rows(file)):
        where = f"{file}: row {place}"
        video = collecting.video_name(cells[0])
        collector = collectors.setdefault(video, Collector(f"{file}: row"))
        if videos is not None and video not in videos:
            continue
        last = cells[7] if len(cells) == 8 else ""
        score = scores[n] if n < len(scores) else last if eighth == "score" else ""
        person = last if eighth == "person" else ""
        frame = _frame(cells[1], fps, start, where)
        x1, y1, x2, y2 = (_share(cells[i], COLUMNS[i], where) * UNIT for i in range(2, 6))
        value = number(score, "score", where) if score else 1.0
        box = Box(place, frame, x1, y1, x2, y2, value, tuple(cells) not in interpolated)
        action = whole(cells[6], "action", where)
        if names and action not in names:
            raise UserError(f"{where}: action {action}; allowed: those of {LABELS}")
        name = UNTRACKED if person in ("", "-1") else str(whole(person, "person", where))
        collector.add(name, names.get(action, str(action)), box)
    wanted = [video for video in collectors if videos is None or video in videos]
    return [VideoTracks(video, collectors[video].tracks(), (UNIT, UNIT)) for video in wanted]


def _file(path: Path) -> Path:
    return path / TRACKS if path.is_dir() else path


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    for place, cells in enumerate(collecting.read_rows(path), start=1):
        if not cells:
            continue
        if len(cells) not in (7, 8):
            raise UserError(
                f"{path}: row {place}: {len(cells)} columns; allowed: {','.join(COLUMNS)} and perhaps one more"
            )
        yield place, cells


def _frame(text: str, fps: float | None, start: float, where: str) -> int:
    if fps is None:
        return whole(text, "timestamp", where)
    return round((number(text, "timestamp", where) - start) * fps)


def _share(text: str, name: str, where: str) -> float:
    value = number(text, name, where)
    if not 0 <= value <= 1:
        raise UserError(f"{where}: {name} {text!r}; allowed: a share of the frame, 0 to 1")
    return value


def _names(path: Path) -> dict[int, str]:
    """Return the names of the actions, by their numbers."""
    return {int(n): name for name, n in ITEM.findall(collecting.read_text(path))} if path.is_file() else {}


def _listed(path: Path) -> list[str]:
    return collecting.read_text(path).split() if path.is_file() else []


def write(folder: Path, videos: Sequence[VideoTracks]) -> list[Path]:
    """Write the five files of all videos, whose sizes must be known; return their paths."""
    actions = {label: n for n, label in enumerate(labels_of(videos), start=1)}
    tracks, scores, interpolated = [], [], []
    for video in videos:
        if video.size is None:
            raise ValueError(f"{video.video}: no size")
        numbers = collecting.numbers_of(video)
        for frame, track, i in collecting.by_frame(video):
            corners = (value / video.size[k % 2] for k, value in enumerate(track.boxes[i].tolist()))
            row = f"{video.video},{frame},{','.join(map(_decimals, corners))},{actions[track.label]}"
            tracks.append(f"{row},{numbers.get(track.name, -1)}\n")
            scores.append(f"{row},{collecting.score_text(track.scores[i])}\n")
            interpolated += [] if track.observed[i] else [tracks[-1]]
    texts = {
        TRACKS: "".join(tracks),
        SCORES: "".join(scores),
        INTERPOLATED: "".join(interpolated),
        LABELS: "".join(f'item {{\n  name: "{label}"\n  id: {n}\n}}\n' for label, n in actions.items()),
        VIDEOS: "".join(f"{video.video}\n" for video in videos),
    }
    for name, text in texts.items():
        storage.write_text(folder / name, text)
    return [folder / name for name in texts]


def _decimals(share: float) -> str:
    return f"{min(max(share, 0.0), 1.0):.{SHARES}f}".rstrip("0").rstrip(".") or "0"
