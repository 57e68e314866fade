"""The header of an artefact: all that its reader needs, in front of the HDF5 file, in what HDF5 calls the user block.

libhdf5 walks the structures of a file without a check of its bytes: one flipped bit and it may crash, or loop for ever.
So artefacts are written by it and never read by it. The header says where each array lies, and of which bytes header
and file are; libhdf5, for which the block does not count, sees an ordinary file.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wsstad.errors import DamagedError
from wsstad.jsonable import Json

# The first line, all of it of a fixed length: schema, bytes of the block, sha256 of the block without this line.
FIRST = "wsstad artefact {schema:03d} {size:010d} {sha256}\n"
FIRST_BYTES = len(FIRST.format(schema=0, size=0, sha256=64 * "0"))
SCHEMA = 3  # layout of the artefacts; raise it when a reader of the old layout would misread the new
SMALLEST = 512  # bytes of a user block, which are a power of 2
KINDS = "biuf"  # of dtypes: plain numbers
CHUNK = 1 << 20


@dataclass(frozen=True)
class Place:
    """Where the bytes of an array lie in the file, what they are, and their digest."""

    offset: int
    dtype: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def size(self) -> int:
        """The number of bytes."""
        return np.dtype(self.dtype).itemsize * math.prod(self.shape)


@dataclass(frozen=True)
class Header:
    """The header of a file: its facts, the places of its arrays, size and sha256 of all behind the block."""

    facts: Json
    places: Mapping[str, Place]
    rest_bytes: int = 0
    rest_sha256: str = 64 * "0"
    size: int = 0

    def room(self) -> int:
        """Return the bytes of a block that holds this header, however large its numbers become."""
        longest = {name: replace(place, offset=10**15) for name, place in self.places.items()}
        needed = FIRST_BYTES + len(_body(Header(self.facts, longest, rest_bytes=10**15)))
        return max(SMALLEST, 1 << (needed - 1).bit_length())

    def to_bytes(self, size: int) -> bytes:
        """Return the block, of `size` bytes."""
        body = _body(self).ljust(size - FIRST_BYTES, b"\0")
        return FIRST.format(schema=SCHEMA, size=size, sha256=hashlib.sha256(body).hexdigest()).encode() + body


def read(path: Path, file: BufferedReader) -> Header:
    """Read the header of an open file; raise `DamagedError` unless every byte of it is as it was written."""
    length = os.fstat(file.fileno()).st_size
    first = file.read(FIRST_BYTES)
    words = first.split()
    if len(words) != 5 or words[:2] != [b"wsstad", b"artefact"] or not words[3].isdigit():
        raise DamagedError(path, "is empty" if not length else "no artefact, or one of an earlier version")
    size = int(words[3])
    body = file.read(min(size, length) - FIRST_BYTES) if size > FIRST_BYTES else b""
    # Compared as it would be written: a case that is flipped in a hexadecimal digit is a change too.
    expected = FIRST.format(schema=SCHEMA, size=size, sha256=hashlib.sha256(body).hexdigest()).encode()
    if first != expected or len(body) != size - FIRST_BYTES:
        raise DamagedError(path, "the header does not match its digest, or is of another schema")
    content = json.loads(body.rstrip(b"\0"))
    places = {name: Place(**{**place, "shape": tuple(place["shape"])}) for name, place in content["places"].items()}
    if length != size + content["rest_bytes"]:
        raise DamagedError(path, f"has {length} bytes, not {size + content['rest_bytes']}")
    return Header(content["facts"], places, content["rest_bytes"], content["rest_sha256"], size)


def read_array(path: Path, file: BufferedReader, name: str, place: Place) -> np.ndarray:
    """Read an array of an open file; raise `DamagedError` unless it matches its digest."""
    end, length = place.offset + place.size, os.fstat(file.fileno()).st_size
    if np.dtype(place.dtype).kind not in KINDS or min(place.shape, default=0) < 0 or not 0 <= place.offset <= end:
        raise DamagedError(path, f"array {name!r} is no array of numbers")
    if end > length:  # before room is made for it
        raise DamagedError(path, f"array {name!r} ends at byte {end} of {length}")
    array = np.empty(place.shape, place.dtype)
    file.seek(place.offset)
    n_read = file.readinto(array.reshape(-1).view(np.uint8).data) if array.size else 0
    if n_read != array.nbytes or array_digest(array) != place.sha256:
        raise DamagedError(path, f"array {name!r} does not match its digest")
    return array


def is_rest_whole(file: BufferedReader, header: Header) -> bool:
    """Tell whether all that follows the block is as it was written."""
    return rest_digest(file, header.size) == header.rest_sha256


def rest_digest(file: BinaryIO, size: int) -> str:
    """Return the sha256 of all that follows the first `size` bytes of an open file."""
    file.seek(size)
    sha = hashlib.sha256()
    while chunk := file.read(CHUNK):
        sha.update(chunk)
    return sha.hexdigest()


def array_digest(array: np.ndarray) -> str:
    """Return the sha256 over dtype, shape and bytes of an array."""
    array = np.ascontiguousarray(array)
    sha = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    sha.update(array.reshape(-1).view(np.uint8).data if array.size else b"")
    return sha.hexdigest()


def _body(header: Header) -> bytes:
    places = {name: asdict(place) for name, place in sorted(header.places.items())}
    content = {
        "facts": header.facts,
        "places": places,
        "rest_bytes": header.rest_bytes,
        "rest_sha256": header.rest_sha256,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
