"""Snakemake's records of what each result was made from: the only place that knows how it keeps them."""

import ast
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

from wsstad.jsonable import Json

RECORDS = Path(".snakemake/metadata")
DATABASE = Path(".snakemake/metadata.db")  # with `--persistence-backend db`, whose records are not looked into
MAX_NAME = 255  # of a file; Snakemake cuts longer names into folders


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
