"""A dataset's tables before they are written: videos, splits, annotations, and why they are as they are."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from wsstad.artefacts import storage
from wsstad.jsonable import Facts, Json
from wsstad.planning.drafts.folds import Folds

COLUMNS = ("video", "path", "label", "class", "group")
NO_BOXES: Facts = {"labels": {"format": "none"}}


def boxes_at(path: Path | None, source: Path, kind: str, *, name: str = "", **options: str) -> Facts:
    """Return the annotations of format `kind` at a path below the source, or those of no boxes where there is none.

    They are called as their format, or `name`; `options` are further keys of the format.
    """
    if path is None:
        return NO_BOXES
    return {name or kind: {"format": kind, **options, "path": path.relative_to(source).as_posix()}}


@dataclass(frozen=True)
class Labelled:
    """A video of a dataset: its path below the source, label and class, and where they are known its group and part.

    `place` is the folders of its path that say neither label nor class nor part: perhaps a camera.
    """

    path: str
    label: str
    kind: str
    group: str = ""
    part: str = ""
    place: str = ""
    video: str = ""


@dataclass(frozen=True)
class Draft:
    """The tables of a dataset; `notes` says by subject what was chosen and why.

    `features` says how the features are written that it comes as, and is empty for one of videos.
    """

    title: str
    videos: Sequence[Labelled]
    splits: Mapping[str, Folds]
    annotations: Facts = field(default_factory=lambda: dict(NO_BOXES))
    statement: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    features: Facts = field(default_factory=dict)

    @property
    def has_boxes(self) -> bool:
        """Whether anybody has drawn boxes."""
        return any(entry["format"] != "none" for entry in self.annotations.values())

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of ``videos.tsv``, sorted by video; the group is a column where any video has one."""
        grouped = any(video.group for video in self.videos)
        rows = []
        for video in sorted(self.videos, key=lambda video: video.video):
            row = {"video": video.video, "path": video.path, "label": video.label, "class": video.kind}
            rows.append({**row, "group": video.group} if grouped else row)
        return rows

    def write(self, folder: Path) -> list[Path]:
        """Write ``videos.tsv``, ``splits/`` and ``dataset.yaml`` into a folder; return what was written."""
        rows = self.rows()
        storage.write_table(folder / "videos.tsv", rows, list(rows[0]))
        written = [folder / "videos.tsv"]
        for name, folds in self.splits.items():
            written.append(folder / "splits" / f"{name}.tsv")
            write_split(written[-1], folds)
        written.append(folder / "dataset.yaml")
        storage.write_text(written[-1], self._dataset())
        return written

    def _dataset(self) -> str:
        content: Json = {"title": self.title, **({"statement": self.statement} if self.statement else {})}
        content["annotations"] = {name: dict(entry) for name, entry in self.annotations.items()}
        content |= {"features": dict(self.features)} if self.features else {}
        notes = [
            textwrap.fill(f"{subject}: {text}", 110, initial_indent="# ", subsequent_indent="#   ") + "\n"
            for subject, text in self.notes.items()
        ]
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
        return "".join(["# Written by `wsstad init`; every key is explained in config/README.md.\n", *notes, text])


def write_split(path: Path, folds: Folds) -> None:
    """Write a split: fold by fold the part of every video."""
    rows = [
        {"fold": fold, "video": video, "part": part}
        for fold, parts in sorted(folds.items())
        for video, part in sorted(parts.items())
    ]
    storage.write_table(path, rows, ["fold", "video", "part"])
