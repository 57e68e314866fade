"""The only reader and writer of result files: HDF5 artefacts, tables, JSON, tensors.

Every file appears whole or not at all (`atomic`), and has the same bytes whenever its content is the same. An artefact
carries its key (what it was made from), a digest of every array, one of its whole content and one of all its bytes, and
every read checks those of what it reads; so do tensors.
"""

import csv
import errno
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from wsstad import __version__
from wsstad.artefacts import header, tables
from wsstad.artefacts.atomic import atomic as atomic
from wsstad.artefacts.header import Header, Place, array_digest
from wsstad.errors import DamagedError, UserError
from wsstad.jsonable import Facts, Json

Arrays = Mapping[str, np.ndarray]  # by name
# Errors of the system that mean a missing or damaged file; all others are no fault of the file.
DAMAGE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EIO}


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


def write_artefact(path: Path, artefact: Artefact, *, kind: str, key: str) -> str:
    """Write an artefact of `kind` ("tubes", "features" ...) made under `key`; return the digest of its content.

    Raises `ValueError` for an array of anything but numbers.
    """
    if others := [name for name, array in artefact.arrays.items() if array.dtype.kind not in header.KINDS]:
        raise ValueError(f"{path}: {', '.join(others)}: no array of numbers")
    digests = {name: array_digest(array) for name, array in artefact.arrays.items()}
    content = _content_digest(digests, artefact.meta)
    facts = {"kind": kind, "version": __version__, "key": key, "digest": content, "meta": artefact.meta}
    facts["origin"] = artefact.origin
    places = {name: Place(0, array.dtype.str, array.shape, digests[name]) for name, array in artefact.arrays.items()}
    size = Header(facts, places).room()
    file = io.BytesIO()  # libhdf5 on a full disk raises what tells nothing
    offsets = _write_hdf5(file, artefact.arrays, {**facts, "schema": header.SCHEMA}, digests, size)
    places = {name: replace(place, offset=offsets[name]) for name, place in places.items()}
    rest = header.rest_digest(file, size)
    block = Header(facts, places, file.tell() - size, rest).to_bytes(size)
    file.seek(0)
    file.write(block)
    with file.getbuffer() as buffer:  # given back even where the disk is full
        _write_bytes(path, buffer)
    return content


def read_artefact(path: Path, *, kind: str, names: Iterable[str] | None = None) -> Artefact:
    """Read the arrays called `names` (default all) of an artefact and check them.

    Raises `DamagedError` when the file is missing, cut, of another kind, holds a float that is not finite, or when what
    is read does not match its digest.
    """
    with _damage(path), open_file(path) as file:
        read = header.read(path, file)
        facts = _facts(path, read, kind)
        wanted = sorted(read.places) if names is None else names
        arrays = {name: header.read_array(path, file, name, read.places[name]) for name in wanted}
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not _all_finite(array):
            raise DamagedError(path, f"array {name!r} holds a value that is not finite")
    return Artefact(arrays, **facts)


def read_facts(path: Path, *, kind: str) -> Artefact:
    """Return an artefact without its arrays, which are not read; raise `DamagedError` as `read_artefact`."""
    with _damage(path), open_file(path) as file:
        return Artefact({}, **_facts(path, header.read(path, file), kind))


def check_artefact(path: Path, *, kind: str = "") -> Artefact:
    """Read all bytes of an artefact, those that only other programs look at too; return it without its arrays.

    Raises `DamagedError` when one of them has changed, or when it is of another kind than `kind`, if one is named.
    """
    with _damage(path), open_file(path) as file:
        read = header.read(path, file)
        if not header.is_rest_whole(file, read):
            raise DamagedError(path, "has changed")
        return Artefact({}, **_facts(path, read, kind))


def open_file(path: Path) -> io.BufferedReader:
    """Open a result to be read; raise `DamagedError` where there is no such file, or where it is no plain file."""
    if not path.is_file():
        raise DamagedError(path, "is no file" if path.exists() else "is missing")
    return open(path, "rb")


def file_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    _write_bytes(path, text.encode())


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
    """Read tab-separated values with a header; raise `UserError` naming what is wrong, and in which row."""
    return tables.read(path)


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], meta: Facts, *, key: str) -> str:
    """Write named arrays as safetensors, with meta, key and digest in the header; return the digest of the content."""
    from safetensors.numpy import save

    digest = _tensors_digest(tensors, meta)
    # One entry: safetensors writes several in an order that changes from run to run.
    facts = {"meta": dict(meta), "key": key, "digest": digest, "version": __version__}
    facts["seal"] = _seal(facts)
    content = save(
        {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)},
        metadata={"wsstad": canonical_json(facts)},
    )
    _write_bytes(path, content)
    return digest


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], Json, str]:
    """Return the arrays, meta and key that `write_tensors` wrote.

    Raises `DamagedError` when the file is missing, cut, or does not match its digest.
    """
    facts, arrays = _open_tensors(path, with_arrays=True)
    if _tensors_digest(arrays, facts["meta"]) != facts["digest"]:
        raise DamagedError(path, "the content does not match its digest")
    return arrays, facts["meta"], facts["key"]


def tensors_digest(path: Path) -> str:
    """Return the digest that tensors have in their header, all that is read; raise `DamagedError` as `read_tensors`."""
    return str(_open_tensors(path, with_arrays=False)[0]["digest"])


def _open_tensors(path: Path, *, with_arrays: bool) -> tuple[Json, dict[str, np.ndarray]]:
    from safetensors import SafetensorError, safe_open

    open_file(path).close()
    try:
        with _damage(path), safe_open(path, framework="numpy") as file:
            facts = json.loads((file.metadata() or {})["wsstad"])
            if facts["seal"] != _seal(facts):
                raise DamagedError(path, "the header does not match its seal")
            names = file.keys() if with_arrays else ()
            return facts, {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise DamagedError(path, str(error)) from error


def _tensors_digest(tensors: Mapping[str, np.ndarray], meta: Facts) -> str:
    digests = {name: array_digest(array) for name, array in tensors.items()}
    return _content_digest(digests, _as_read(meta))


def _write_bytes(path: Path, content: bytes | memoryview) -> None:
    with atomic(path, len(content)) as temporary:
        temporary.write_bytes(content)


def _write_hdf5(to: io.BytesIO, arrays: Arrays, facts: Facts, digests: Mapping[str, str], size: int) -> dict[str, int]:
    """Write an HDF5 file behind a block of `size` bytes; return the byte at which each array begins."""
    with h5py.File(to, "w", userblock_size=size) as file:
        for name in sorted(arrays):
            dataset = file.create_dataset(name, data=np.ascontiguousarray(arrays[name]))
            dataset.attrs["sha256"] = digests[name]
        for name, value in facts.items():
            file.attrs[name] = canonical_json(value) if name in ("meta", "origin") else value
        file.flush()
        return {name: file[name].id.get_offset() or 0 for name in arrays}  # an empty one lies nowhere


def _facts(path: Path, read: Header, kind: str) -> Json:
    """Return what a header says of its artefact, if it is of a kind."""
    facts = read.facts
    if kind and facts["kind"] != kind:
        raise DamagedError(path, f"holds {facts['kind']!r}, not {kind!r}")
    if _content_digest({name: place.sha256 for name, place in read.places.items()}, facts["meta"]) != facts["digest"]:
        raise DamagedError(path, "the content does not match its digest")
    return {name: facts[name] for name in ("key", "digest", "meta", "origin")}


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what goes wrong in the reading of a damaged file into `DamagedError`; what is no damage is one line."""
    try:
        yield
    except OSError as error:
        if error.errno in DAMAGE:
            raise DamagedError(path, error.strerror or str(error)) from error
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except UserError:
        raise
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise DamagedError(path, f"{type(error).__name__}: {error}") from error


def _seal(facts: Facts) -> str:
    """Return a digest of the header of tensors, of which their own digest covers a part."""
    sealed = {name: value for name, value in facts.items() if name != "seal"}
    return hashlib.sha256(canonical_json(_as_read(sealed)).encode()).hexdigest()


def _as_read(meta: Facts) -> Json:
    """Return facts as they will be read: all keys are text."""
    facts: Json = json.loads(canonical_json(dict(meta)))
    return facts


def _content_digest(digests: Mapping[str, str], meta: Facts) -> str:
    return hashlib.sha256(canonical_json([dict(digests), dict(meta)]).encode()).hexdigest()


def _all_finite(array: np.ndarray) -> bool:
    """Return whether every float is finite; float16 by its bits, since numpy converts each value first (7x slower)."""
    if array.dtype == np.float16:
        return not array.size or int((array.view(np.uint16) & 0x7FFF).max()) < 0x7C00
    return bool(np.isfinite(array).all())
