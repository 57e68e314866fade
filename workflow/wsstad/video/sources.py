"""Read the frames of any source: a video file, or a folder of images."""

import hashlib
import sys
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import QuarantineError
from wsstad.video import prechecks
from wsstad.video.files import FileSource
from wsstad.video.images import FolderSource, list_images
from wsstad.video.source import Source


def open_source(path: Path, max_pixels: int = sys.maxsize) -> Source:
    """Return the source at `path`; raise `QuarantineError` when it is empty or of an unknown kind.

    Raises `OSError` where nothing is there, such as of a link that leads nowhere.
    """
    path.stat()
    if kind := prechecks.special(path):
        raise QuarantineError("V101", f"{kind}, not a file")
    return FolderSource(path, max_pixels) if path.is_dir() else FileSource(path, max_pixels)


def source_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes, or of the names and digests of a folder's images.

    What is no file is not read: of a FIFO or a device it is that of those words. Raises `OSError` where nothing is
    there, which may change.
    """
    path.stat()
    if kind := prechecks.special(path):
        return hashlib.sha256(kind.encode()).hexdigest()
    if not path.is_dir():
        return storage.file_digest(path)
    facts = [[file.name, prechecks.special(file) or storage.file_digest(file)] for file in list_images(path)]
    return hashlib.sha256(storage.canonical_json(facts).encode()).hexdigest()
