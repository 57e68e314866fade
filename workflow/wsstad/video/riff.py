"""The index of an AVI file: how many frames it lists. No decoder reports one that is missing.

The length in the header is no such count: it includes the frames that a recorder dropped.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

ENTRY = struct.Struct("<4sIII")  # chunk, flags, offset, size
FRAMES = (b"dc", b"db")  # end the names of chunks with pictures, compressed or not
MOST = 64 << 20  # bytes of an index that are read: of more than a day


def count_frames(path: Path, stream: int) -> int:
    """Return how many frames with something in them the index lists of a stream; 0 where there is no index."""
    names = {b"%02x%s" % (stream, kind) for kind in FRAMES}
    with open(path, "rb") as file:
        index = next((content for name, content in _chunks(file) if name == b"idx1"), b"")
    whole = index[: len(index) // ENTRY.size * ENTRY.size]
    return sum(name in names and size > 0 for name, _, _, size in ENTRY.iter_unpack(whole))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the index, and the name alone of what else lies beside it in the first RIFF."""
    file.seek(12)  # "RIFF", size, "AVI "
    while len(head := file.read(8)) == 8:
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"idx1":
            yield name, file.read(min(size, MOST))
            return
        yield name, b""
        file.seek(size + size % 2, 1)
