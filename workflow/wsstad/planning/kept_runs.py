"""Runs kept by name in ``results/kept/<name>``: tables, metrics, manifests and costs, laid out as in ``results``.

The artefacts that they name stay where they are, under their keys, and `gc` leaves them there.
"""

import re
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.jsonable import Facts

KEPT = "kept"
SETTINGS = ".settings.json"  # what each of its jobs went by
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def folder(results: Path, name: str) -> Path:
    """Return where a run is kept, or would be."""
    return results / KEPT / name


def names(results: Path) -> list[str]:
    """Return the names of the runs that are kept, sorted."""
    return sorted(path.name for path in (results / KEPT).glob("*/") if NAME.fullmatch(path.name))


def settings(results: Path, name: str) -> dict[str, Facts]:
    """Return what the jobs of a kept run went by, by their outputs in ``results``; nothing where none was written."""
    path = folder(results, name) / SETTINGS
    return storage.read_json(path) if path.is_file() else {}


def check_new(results: Path, name: str) -> None:
    """Raise `UserError` unless a run can be kept by this name."""
    if not NAME.fullmatch(name):
        raise UserError(f"--name: {name!r}; allowed: letters, digits, . _ and -, the first a letter or a digit")
    if folder(results, name).exists():
        raise UserError(f"--name: {folder(results, name)} is there already; take another name, or delete it")


def store_of(folder: Path) -> Path:
    """Return the folder that holds the artefacts which the files of a folder of results name.

    >>> store_of(Path("results")).as_posix(), store_of(Path("results/kept/before")).as_posix()
    ('results', 'results')
    """
    return folder.parent.parent if folder.parent.name == KEPT else folder
