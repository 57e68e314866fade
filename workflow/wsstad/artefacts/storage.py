"""The only reader and writer of result files: HDF5 artefacts, tables, JSON, tensors.

Every file appears whole or not at all (temporary name, fsync, rename, fsync of the folder), and has the same bytes
whenever its content is the same. An artefact carries its key (what it was made from), a digest of every array and
one of its whole content, and every read checks them; so do tensors.
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from wsstad import __version__
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json

Arrays = Mapping[str, np.ndarray]  # by name
SCHEMA = 2  # layout of the artefacts; raise it when a reader of the old layout would misread the new


class DamagedError(Exception):
    """An artefact is missing, cut, foreign or not what its digest says."""


@dataclass(frozen=True)
class Artefact:
    """Named arrays and JSON-able facts about one video, as one file holds them.

    `digest` is that of the content, which is `arrays` and `meta`. `origin` says how it was made and is no part of it:
    what was made in another way and came out the same changes nothing downstream.
    """

    arrays: dict[str, np.ndarray]
    meta: Json = field(default_factory=dict)
    key: str = ""
    digest: str = ""
    origin: Json = field(default_factory=dict)


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys, the same text for equal values; refuse NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success make it durable under its final name, else remove it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_artefact(path: Path, artefact: Artefact, *, kind: str, key: str) -> str:
    """Write an artefact of `kind` ("tubes", "features" ...) made under `key`; return the digest of its content."""
    digests = {name: array_digest(array) for name, array in artefact.arrays.items()}
    content = _content_digest(digests, artefact.meta)
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        for name in sorted(artefact.arrays):
            dataset = file.create_dataset(name, data=np.ascontiguousarray(artefact.arrays[name]))
            dataset.attrs["sha256"] = digests[name]
        file.attrs["kind"] = kind
        file.attrs["schema"] = SCHEMA
        file.attrs["version"] = __version__
        file.attrs["key"] = key
        file.attrs["meta"] = canonical_json(artefact.meta)
        file.attrs["digest"] = content
        file.attrs["origin"] = canonical_json(artefact.origin)
        file.attrs["seal"] = _seal(key, content, artefact.origin)
        file.attrs["complete"] = 1
    return content


def read_artefact(path: Path, *, kind: str, names: Iterable[str] | None = None) -> Artefact:
    """Read the arrays called `names` (default all) of an artefact and check them.

    Raises `DamagedError` when the file is missing, incomplete, of another kind, holds a float that is not finite, or
    when an array is not what its digest says.
    """
    try:
        with h5py.File(path, "r") as file:
            facts, digests = _read_facts(file, kind)
            wanted = digests.keys() if names is None else names
            arrays = {name: file[name][()] for name in wanted}
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise DamagedError(f"{path}: {error}") from error
    for name, array in arrays.items():
        if array_digest(array) != digests[name]:
            raise DamagedError(f"{path}: array {name!r} is not what its digest says")
        if array.dtype.kind == "f" and not _all_finite(array):
            raise DamagedError(f"{path}: array {name!r} holds a value that is not finite")
    return Artefact(arrays, **facts)


def read_facts(path: Path, *, kind: str) -> Artefact:
    """Return an artefact without its arrays, which are not read; raise `DamagedError` as `read_artefact`."""
    try:
        with h5py.File(path, "r") as file:
            facts, _ = _read_facts(file, kind)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise DamagedError(f"{path}: {error}") from error
    return Artefact({}, **facts)


def array_digest(array: np.ndarray) -> str:
    """Return the sha256 over dtype, shape and bytes of an array."""
    array = np.ascontiguousarray(array)
    sha = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    sha.update(array.reshape(-1).view(np.uint8).data if array.size else b"")
    return sha.hexdigest()


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, value: object) -> None:
    """Write JSON with sorted keys, indented; refuse NaN."""
    write_text(path, json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_table(path: Path, rows: Iterable[Facts], columns: Sequence[str]) -> None:
    """Write rows as tab-separated values under a header of `columns`."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_table(path: Path) -> list[dict[str, str]]:
    """Read tab-separated values with a header; raise `UserError` naming the row that has too many or too few cells."""
    if not path.exists():
        raise UserError(f"{path}: no such table")
    rows: list[dict[str, str]] = []
    try:
        # With or without the mark that Windows puts first.
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", strict=True)
        header = reader.fieldnames or []
        rows.extend(reader)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is no UTF-8; allowed: text saved as UTF-8") from error
    except csv.Error as error:
        hint = "a quote that opens a cell must be closed, or doubled where it is meant"
        raise UserError(f"{path}: row {len(rows) + 2}: {error}; {hint}") from error
    if len(header) == 1 and "," in header[0]:
        raise UserError(f"{path}: row 1 has commas between its cells; allowed: tabs")
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise UserError(f"{path}: row {number} has not the {len(header)} cells of the header")
    return rows


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], meta: Facts, *, key: str) -> str:
    """Write named arrays as safetensors, with meta, key and digest in the header; return the digest of the content."""
    from safetensors.numpy import save

    digest = _tensors_digest(tensors, meta)
    # One entry: safetensors writes several in an order that changes from run to run.
    facts = {"meta": dict(meta), "key": key, "digest": digest, "version": __version__}
    content = save(
        {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)},
        metadata={"wsstad": canonical_json(facts)},
    )
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return digest


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], Json, str]:
    """Return the arrays, meta and key that `write_tensors` wrote.

    Raises `DamagedError` when the file is missing, cut, or not what its digest says.
    """
    facts, arrays = _open_tensors(path, with_arrays=True)
    if _tensors_digest(arrays, facts["meta"]) != facts["digest"]:
        raise DamagedError(f"{path}: the content is not what its digest says")
    return arrays, facts["meta"], facts["key"]


def tensors_digest(path: Path) -> str:
    """Return the digest that tensors have in their header, all that is read; raise `DamagedError` as `read_tensors`."""
    return _open_tensors(path, with_arrays=False)[0]["digest"]


def _open_tensors(path: Path, *, with_arrays: bool) -> tuple[Json, dict[str, np.ndarray]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            facts = json.loads((file.metadata() or {})["wsstad"])
            names = file.keys() if with_arrays else ()
            return {name: facts[name] for name in ("meta", "key", "digest")}, {n: file.get_tensor(n) for n in names}
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise DamagedError(f"{path}: {error}") from error


def _tensors_digest(tensors: Mapping[str, np.ndarray], meta: Facts) -> str:
    digests = {name: array_digest(array) for name, array in tensors.items()}
    return _content_digest(digests, json.loads(canonical_json(dict(meta))))  # as it will be read: all keys are text


def _read_facts(file: h5py.File, kind: str) -> tuple[Json, dict[str, str]]:
    attributes = file.attrs
    if attributes["complete"] != 1 or attributes["schema"] != SCHEMA:
        raise ValueError("incomplete, or of another schema")
    if attributes["kind"] != kind:
        raise ValueError(f"holds {attributes['kind']!r}, not {kind!r}")
    digests = {name: str(dataset.attrs["sha256"]) for name, dataset in file.items()}
    meta = json.loads(attributes["meta"])
    if _content_digest(digests, meta) != attributes["digest"]:
        raise ValueError("the content is not what its digest says")
    facts = {"key": str(attributes["key"]), "digest": str(attributes["digest"])}
    origin = json.loads(attributes["origin"])
    if _seal(facts["key"], facts["digest"], origin) != attributes["seal"]:
        raise ValueError("key or origin are not what its seal says")
    return {**facts, "meta": meta, "origin": origin}, digests


def _seal(key: str, digest: str, origin: Facts) -> str:
    """Return a digest of what an artefact says of itself beside its content."""
    return hashlib.sha256(canonical_json([key, digest, dict(origin)]).encode()).hexdigest()


def _content_digest(digests: Mapping[str, str], meta: Facts) -> str:
    return hashlib.sha256(canonical_json([dict(digests), dict(meta)]).encode()).hexdigest()


def _all_finite(array: np.ndarray) -> bool:
    """Return whether every float is finite; float16 by its bits, since numpy converts each value first (7x slower)."""
    if array.dtype == np.float16:
        return not array.size or int((array.view(np.uint16) & 0x7FFF).max()) < 0x7C00
    return bool(np.isfinite(array).all())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
