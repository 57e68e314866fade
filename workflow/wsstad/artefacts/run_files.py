"""Where the models and predictions of a block lie: ``<block>/models/<method>/<seed>/fold<n>.<key>.safetensors``.

Tables of one block share them: a table lies at ``<block>/<table>/models.tsv`` or ``predictions.tsv``, and its rows name
method, seed, fold and key.
"""

from collections.abc import Mapping
from pathlib import Path

from wsstad import names
from wsstad.artefacts.manifest import ARTEFACT_SUFFIX, artefact_path

MODEL_SUFFIX = ".safetensors"
HISTORY_SUFFIX = ".history.tsv"  # of the course of a training, beside its model
SUFFIXES = {"models": MODEL_SUFFIX, "predictions": ARTEFACT_SUFFIX}


def folder(table: Path, kind: str, method: str, seed: str | int) -> Path:
    """Return the folder of all files of a `kind` ("models" or "predictions") of a method's seed.

    Raises `UserError` when one of them would lead elsewhere.
    """
    for name in (method, str(seed)):
        names.check(name, table)
    return table.parent.parent / kind / method / str(seed)


def stem(fold: str | int) -> str:
    """Return the name of a fold's file before the key."""
    return f"fold{fold}"


def path(table: Path, kind: str, row: Mapping[str, str], suffix: str = "") -> Path:
    """Return the file that a row of a table names; `suffix` where it is not the usual one of its kind."""
    where = folder(table, kind, row["method"], row["seed"])
    return artefact_path(where, stem(row["fold"]), row["key"], suffix or SUFFIXES[kind])
