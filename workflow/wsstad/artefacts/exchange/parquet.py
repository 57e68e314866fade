"""Parquet: a table of boxes, for pandas, polars, DuckDB and the like; a row a box, a file for all videos.

``boxes.parquet`` has the columns `video`, `frame` (from 0), `track` (text, null for none), `label`, `x1`, `y1`, `x2`,
`y2` (edges in pixels), `score` and `interpolated`; all but `video`, `frame` and the corners may be left out.
``videos.parquet`` beside it has `video`, `width`, `height`, `frames` and `fps` of each video, also of those without a
box.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from wsstad.artefacts import foreign, storage
from wsstad.artefacts.exchange import collecting
from wsstad.artefacts.exchange.collecting import Box, Collector
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json
from wsstad.structures.tracks import UNTRACKED, VideoTracks

BOXES, VIDEOS = "boxes.parquet", "videos.parquet"
CORNERS = ("x1", "y1", "x2", "y2")
NEEDED = ("video", "frame", *CORNERS)


def files(path: Path) -> dict[str, Path]:
    """Return the file of each video: one file has them all."""
    return {video.video: _file(path) for video in read(path)}


def read(path: Path, videos: Collection[str] | None = None) -> list[VideoTracks]:
    """Read the boxes of all videos of a file or folder, or of `videos` alone; raise `UserError` naming a bad row."""
    file = _file(path)
    about = {str(row["video"]): row for row in _rows(file.with_name(VIDEOS), ("video",))} if path.is_dir() else {}
    collectors = {video: Collector(f"{file}: row") for video in about}
    for place, row in enumerate(_rows(file, NEEDED)):
        where = f"{file}: row {place}"
        video = str(row["video"])
        collector = collectors.setdefault(video, Collector(f"{file}: row"))
        if videos is not None and video not in videos:
            continue
        frame, x1, y1, x2, y2 = (_number(row[name], name, where) for name in ("frame", *CORNERS))
        if not frame.is_integer():
            raise UserError(f"{where}: frame {row['frame']!r}; allowed: a whole number")
        score = _number(1.0 if row.get("score") is None else row["score"], "score", where)
        box = Box(place, int(frame), x1, y1, x2, y2, score, not row.get("interpolated"))
        track, label = row.get("track"), row.get("label")
        collector.add(
            UNTRACKED if track is None else str(track), collecting.OBJECT if label is None else str(label), box
        )
    wanted = [video for video in collectors if videos is None or video in videos]
    return [_video(video, collectors[video], about.get(video, {})) for video in wanted]


def _video(video: str, collector: Collector, about: Facts) -> VideoTracks:
    size = (about["width"], about["height"]) if about.get("width") and about.get("height") else None
    return VideoTracks(video, collector.tracks(), size, about.get("frames"), about.get("fps"))


def _file(path: Path) -> Path:
    return path / BOXES if path.is_dir() else path


def _rows(path: Path, needed: Sequence[str]) -> list[Json]:
    import polars as pl

    foreign.try_out(path, "parquet", "no Parquet")
    with foreign.reading(path, "no Parquet"):
        table = pl.read_parquet(path)
    if missing := [name for name in needed if name not in table.columns]:
        raise UserError(f"{path}: no column {missing[0]!r}; needed: {', '.join(needed)}")
    with foreign.reading(path, "no Parquet"):
        return table.to_dicts()


def _number(value: object, name: str, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UserError(f"{where}: {name} {value!r}; allowed: a number")
    return float(value)


def write(folder: Path, videos: Sequence[VideoTracks]) -> list[Path]:
    """Write ``boxes.parquet`` and ``videos.parquet`` of all videos; return their paths."""
    import polars as pl

    rows = [
        (
            video.video,
            frame,
            track.name or None,
            track.label,
            *track.boxes[i].tolist(),
            float(track.scores[i]),
            not track.observed[i],
        )
        for video in videos
        for frame, track, i in collecting.by_frame(video)
    ]
    corners = dict.fromkeys(CORNERS, pl.Float64)
    texts = {"video": pl.String, "frame": pl.Int64, "track": pl.String, "label": pl.String}
    schema = {**texts, **corners, "score": pl.Float64, "interpolated": pl.Boolean}
    about = [(video.video, *(video.size or (None, None)), video.n_frames, video.fps) for video in videos]
    sizes = {"video": pl.String, "width": pl.Int64, "height": pl.Int64, "frames": pl.Int64, "fps": pl.Float64}
    for name, content, columns in ((BOXES, rows, schema), (VIDEOS, about, sizes)):
        with storage.atomic(folder / name) as temporary:
            pl.DataFrame(content, schema=columns, orient="row").write_parquet(temporary)
    return [folder / BOXES, folder / VIDEOS]
