"""Snakemake's records of what each result was made from: the only place that knows how it keeps them."""

import ast
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wsstad.jsonable import Json

ROOT = Path(".snakemake")
RECORDS = ROOT / "metadata"
FOLDERS = ("log", "iocache")  # that it writes to even when it only looks
DATABASE = ROOT / "metadata.db"  # with `--persistence-backend db`, whose records are not looked into
MAX_NAME = 255  # of a file; Snakemake cuts longer names into folders


@contextmanager
def unchanged() -> Iterator[None]:
    """Remove in the end the files and folders that Snakemake adds to its own, although it only looked."""
    folders = [ROOT, *(ROOT / name for name in FOLDERS)]
    before = {path for folder in folders for path in (folder, *folder.glob("*"))}
    before = {path for path in before if path.exists()}
    caches = {path: (path.read_bytes(), path.stat()) for path in (ROOT / "iocache").glob("*") if path.is_file()}
    try:
        yield
    finally:
        for path in (path for name in FOLDERS for path in (ROOT / name).glob("*") if path not in before):
            if path.is_file():
                path.unlink()
        for path, (content, state) in caches.items():
            path.write_bytes(content)
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        for folder in (path for path in [*ROOT.glob("*"), ROOT] if path.is_dir() and path not in before):
            with suppress(OSError):  # not empty: somebody else's by now
                folder.rmdir()


def exists(output: Path) -> bool:
    """Tell whether there is a record of an output."""
    return path(output).exists() or DATABASE.exists()


def settings(output: Path) -> Json:
    """Return the `params.settings` that an output was made with; empty when there is no record."""
    try:
        record = json.loads(path(output).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return next(_objects(record["params"]), {})


def _objects(params: list[str]) -> Iterator[Json]:
    """Yield the params, recorded by their `repr` and without names, that are JSON objects."""
    for param in params:
        value = ast.literal_eval(param)
        if isinstance(value, str) and value.startswith("{"):
            yield json.loads(value)


def path(output: Path) -> Path:
    """Return where the record of an output lies: under its path in base64, cut to names of files."""
    name = urlsafe_b64encode(str(output).encode()).decode()
    parts = [name[i : i + MAX_NAME - 1] for i in range(0, len(name), MAX_NAME - 1)]
    return RECORDS.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
