"""Lists that say of videos what their folders do not: labels, classes, groups, parts.

A list is a table with a header, separated by tabs, commas or semicolons, or lines of a path and a word. Columns are
known by several names, capitals and signs apart; what is in no list is left out.
"""

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from wsstad.artefacts import foreign
from wsstad.errors import UserError
from wsstad.planning.drafts.draft import Labelled
from wsstad.planning.drafts.file_names import stem, without_suffix
from wsstad.planning.drafts.folders import PARTS
from wsstad.planning.drafts.labels import label_names

COLUMNS = {
    "path": ("path", "video", "file", "filename", "clip", "name", "videoname", "videoid", "id"),
    "label": ("label", "anomaly", "isanomaly", "abnormal", "isabnormal", "target"),
    "class": ("class", "category", "type", "kind", "event"),
    "group": ("group", "source", "camera", "cam", "scene", "site", "location"),
    "part": ("part", "split", "subset", "set"),
}
NUMBERS = {"0": "normal", "1": "abnormal", "false": "normal", "true": "abnormal"}
Rows = list[tuple[int, dict[str, str]]]  # number of the row in the file, and its cells by column


def read(root: Path, file: Path, paths: Sequence[str]) -> tuple[list[Labelled], str]:
    """Return the listed ones of the videos at `paths` below `root`, and what says their labels.

    Raises `UserError` naming the row whose video is not there or comes twice, or whose label is not understood.
    """
    rows = _read(file, ("path", "label"))
    labels, why = _labels(file, rows)
    videos: list[Labelled] = []
    row_of: dict[str, int] = {}
    for (number, row), path in zip(rows, _matched(root, file, rows, paths), strict=True):
        if path in row_of:
            raise UserError(f"{file}: row {number}: {row['path']!r} is in row {row_of[path]} already")
        row_of[path] = number
        label = labels[row["label"]]
        is_class = row["label"].lower() not in NUMBERS and not label_names([row["label"]])
        word = row.get("class", "") or (row["label"] if is_class else "abnormal")
        kind = "normal" if label == "normal" else word
        part = _part(file, number, row.get("part", ""))
        videos.append(Labelled(path, label, kind, group=row.get("group", ""), part=part))
    for label in ("normal", "abnormal"):
        if label not in {video.label for video in videos}:
            raise UserError(f"{file}: no {label} videos; a benchmark needs normal and abnormal ones")
    left_out = len(paths) - len(videos)
    return videos, f"from {file}{why}" + (f"; {left_out} videos that are not in it are left out" if left_out else "")


def add_groups(root: Path, file: Path, videos: Sequence[Labelled]) -> tuple[list[Labelled], str]:
    """Return the videos with the groups of a list; one that it does not have is a group of its own."""
    rows = _read(file, ("path", "group"))
    matched = _matched(root, file, rows, [video.path for video in videos], skip=True)
    groups = {path: row["group"] for (_, row), path in zip(rows, matched, strict=True) if path}
    if not groups:
        raise UserError(f"{file}: none of its {len(rows)} videos, such as {rows[0][1]['path']!r}, is under {root}")
    alone = len(videos) - len(groups)
    rest = f"; {alone} videos that are not in it are each a group of their own" if alone else ""
    grouped = [replace(video, group=groups.get(video.path, "")) for video in videos]
    return grouped, f"{len(set(groups.values()))} from {file}{rest}"


def _read(file: Path, needed: Collection[str]) -> Rows:
    """Return the rows of a list under our names of columns."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise UserError(f"{file}: no such list") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: cannot be read as text: {error}") from error
    first = next(iter(lines), "")
    delimiter = next((sign for sign in "\t,;" if sign in first), " ")
    with foreign.reading(file, "not a list"):
        cells = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " "))
    header = _columns(cells[0]) if cells else []
    if not any(header):
        header = [*needed]
        numbered = list(enumerate(cells, start=1))
    elif missing := [name for name in needed if name not in header]:
        allowed = ", ".join(COLUMNS[missing[0]])
        raise UserError(f"{file}: row 1: there is no column for the {missing[0]}; allowed: {allowed}")
    else:
        numbered = list(enumerate(cells[1:], start=2))
    rows = []
    for number, row in numbered:
        named = {n: cell.strip() for n, cell in zip(header, row, strict=False) if n}
        if row and (len([cell for cell in row if cell]) < len(needed) or not named.keys() >= {*needed}):
            raise UserError(f"{file}: row {number}: {delimiter.join(row)!r:.80}; allowed: {' and '.join(needed)}")
        if row:
            rows.append((number, named))
    if not rows:
        raise UserError(f"{file}: no rows")
    return rows


def _columns(cells: Sequence[str]) -> list[str]:
    """Return our names of columns, each once: of several that may be meant, the one whose name is known first.

    >>> _columns(["id", "Path", "is_anomaly", "note"])
    ['', 'path', 'label', '']
    """
    plain = [re.sub(r"[^a-z]", "", cell.lower()) for cell in cells]
    columns = [""] * len(cells)
    for our, names in COLUMNS.items():
        meant = next((name for name in names if name in plain), None)
        if meant:
            columns[plain.index(meant)] = our
    return columns


def _labels(file: Path, rows: Rows) -> tuple[dict[str, str], str]:
    """Return the label of every word that a list has for one, and how words were understood that say none."""
    first = {row["label"]: number for number, row in reversed(rows)}
    labels = {word: NUMBERS[word.lower()] for word in first if word.lower() in NUMBERS} | label_names(first)
    others = sorted((word for word in first if word not in labels), key=lambda word: first[word])
    if others and {*labels.values()} == {"normal"}:  # a list of kinds of events, and of normal videos
        names = ", ".join(sorted(others)[:4])
        return labels | dict.fromkeys(others, "abnormal"), f"; what is not normal there is abnormal, such as {names}"
    if others:
        allowed = "normal and abnormal, 0 and 1, or words such as fight and noFight"
        raise UserError(f"{file}: row {first[others[0]]}: label {others[0]!r} is not understood; allowed: {allowed}")
    return labels, ""


def _part(file: Path, number: int, word: str) -> str:
    if word and word.lower() not in PARTS:
        raise UserError(f"{file}: row {number}: part {word!r} is unknown; allowed: {', '.join(PARTS)}")
    return PARTS[word.lower()] if word else ""


def _matched(root: Path, file: Path, rows: Rows, paths: Sequence[str], *, skip: bool = False) -> Iterator[str]:
    """Yield for each row the path of its video: the same path, with or without its suffix, or the only such name."""
    exact: Mapping[str, str] = {key: path for path in paths for key in (path, without_suffix(path))}
    names: dict[str, list[str]] = {}
    for path in paths:
        names.setdefault(stem(path), []).append(path)
    for number, row in rows:
        given = row["path"].removeprefix("./")
        alike = names.get(stem(given), [])
        if given in exact or len(alike) == 1:
            yield exact.get(given, "") or alike[0]
        elif skip and not alike:
            yield ""
        elif alike:
            raise UserError(f"{file}: row {number}: {given!r} may be {' or '.join(alike[:3])}; give the whole path")
        else:
            raise UserError(f"{file}: row {number}: {given!r} is not under {root}")
