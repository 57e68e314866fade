"""The tables of a benchmark of made-up scenes: what `wsstad.commands.synthesize` writes beside the videos."""

from pathlib import Path

from wsstad.artefacts import storage
from wsstad.scenes.footage_plan import FootagePlan, video_name

COLUMNS = ("video", "event", "frame", "x1", "y1", "x2", "y2", "fill")
DATASET = """\
# Made by `wsstad synthesize`, whose annotations.tsv lies beside the videos.
title: Synthetic roads
statement: Drawn by wsstad.commands.synthesize from a seed; no road, vehicle or person in it is real.
annotations:
  exact:
    format: table
    path: annotations.tsv
"""


def write_tables(folder: Path, benchmark: FootagePlan, *, videos: int, folds: int) -> None:
    """Write ``videos.tsv``, ``splits/cv<folds>.tsv`` and ``dataset.yaml``; every video is tested in one fold."""
    names = [video_name(i) for i in range(videos)]
    kinds = [benchmark.kind(i) for i in range(videos)]
    rows = [
        {
            "video": name,
            "path": f"videos/{name}.mp4",
            "label": "normal" if kind == "normal" else "abnormal",
            "class": kind,
            "group": benchmark.group(i),
        }
        for i, (name, kind) in enumerate(zip(names, kinds, strict=True))
    ]
    columns = ["video", "path", "label", "class"] + ["group"] * any(row["group"] for row in rows)
    storage.write_table(folder / "videos.tsv", [{column: row[column] for column in columns} for row in rows], columns)
    tested = benchmark.folds(videos, folds)
    split = [
        {"fold": fold, "video": name, "part": "test" if tested[i] == fold else "train"}
        for fold in range(folds)
        for i, name in enumerate(names)
    ]
    storage.write_table(folder / "splits" / f"cv{folds}.tsv", split, ["fold", "video", "part"])
    storage.write_text(folder / "dataset.yaml", DATASET)


def write_annotations(folder: Path, benchmark: FootagePlan, *, videos: int) -> None:
    """Write ``annotations.tsv``, one row for every frame of every event, from the records of the videos."""
    rows = []
    for i, name in enumerate(map(video_name, range(videos))):
        for frame, box in storage.read_json(record_path(folder, name))["boxes"]:
            cells = dict(zip(("x1", "y1", "x2", "y2"), (f"{value:.3f}" for value in box), strict=True))
            rows.append({"video": name, "event": benchmark.event(i), "frame": frame, **cells, "fill": "none"})
    storage.write_table(folder / "annotations.tsv", rows, COLUMNS)


def record_path(folder: Path, name: str) -> Path:
    """Return the path of what is recorded of a video: key, sha256 and the boxes of its accident."""
    return folder / "records" / f"{name}.json"
