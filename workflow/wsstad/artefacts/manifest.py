"""Manifests: what became of each video of a shard in one stage, one row a video, without time stamps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wsstad import names
from wsstad.artefacts import cells, seals, storage

COLUMNS = ("video", "status", "code", "reason", "key", "digest")
ARTEFACT_SUFFIX = ".h5"
STORE_SUFFIX = ".mp4"  # of the frames that decode keeps beside their artefact
KEY_LENGTH = 12  # of the part of a key that stands in the names of files
SIZE = "_bytes"  # ends the name of a column with the size of a file: h5_bytes is that of the artefact


@dataclass(frozen=True)
class Row:
    """One video's outcome: its artefact's key and content digest, or why it is quarantined; and its counts.

    `sizes` are the bytes of the artefact and of the files beside it, by suffix.
    """

    video: str
    key: str
    digest: str = ""
    code: str = ""
    reason: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there is an artefact."""
        return not self.code


@dataclass(frozen=True)
class Manifest:
    """The rows of one or several shards of a stage, by video, and the folder that holds their artefacts."""

    folder: Path
    rows: dict[str, Row]

    def path(self, video: str, suffix: str = ARTEFACT_SUFFIX) -> Path:
        """Return where the artefact of `video` lies."""
        return artefact_path(self.folder, video, self.rows[video].key, suffix)

    def ok(self) -> list[str]:
        """Return the videos that have an artefact."""
        return [video for video, row in self.rows.items() if row.ok]


def artefact_path(folder: Path, video: str, key: str, suffix: str = ARTEFACT_SUFFIX) -> Path:
    """Return the path of an artefact: the key is part of the name, so results of other settings stay beside it.

    Raises `UserError` when one of them would lead out of the folder.
    """
    short = names.check(key[:KEY_LENGTH], f"{folder}: key of {video[:80]!r}")
    return folder / f"{names.check(video, folder)}.{short}{names.check_suffix(suffix, folder)}"


def write_manifest(path: Path, rows: Iterable[Row], count_names: Iterable[str]) -> None:
    """Write and seal the rows sorted by video, with a column for every count and for the size of every kind of file."""
    rows, counted = sorted(rows, key=lambda row: row.video), list(count_names)
    suffixes = sorted({suffix for row in rows for suffix in row.sizes})
    written = [
        {
            "video": row.video,
            "status": "ok" if row.ok else "quarantined",
            "code": row.code,
            "reason": cells.as_text(" ".join(row.reason.split())),
            "key": row.key,
            "digest": row.digest,
            **{name: row.counts.get(name, "") for name in counted},
            **{size_column(suffix): row.sizes.get(suffix, "") for suffix in suffixes},
        }
        for row in rows
    ]
    storage.write_table(path, written, [*COLUMNS, *counted, *map(size_column, suffixes)])
    seals.seal(path)


def read_manifest(*paths: Path) -> Manifest:
    """Read the manifests of one stage's shards as one; their artefacts lie in the folder above ``manifests/``."""
    rows = {}
    for path in paths:
        for noted in storage.read_table(path):
            sizes = sizes_of(noted)
            known = {*COLUMNS, *map(size_column, sizes)}
            counts = {name: int(value) for name, value in noted.items() if name not in known and value}
            text = {name: noted[name] for name in ("video", "key", "digest", "code", "reason")}
            rows[noted["video"]] = Row(**text, counts=counts, sizes=sizes)
    return Manifest(paths[0].parent.parent, rows)


def size_column(suffix: str) -> str:
    """Return the column with the sizes of the files with a suffix.

    >>> size_column(".h5")
    'h5_bytes'
    """
    return f"{suffix[1:]}{SIZE}"


def sizes_of(cells: Mapping[str, str]) -> dict[str, int]:
    """Return the sizes that a row of a table notes, by suffix."""
    return {f".{name.removesuffix(SIZE)}": int(value) for name, value in cells.items() if name.endswith(SIZE) and value}
