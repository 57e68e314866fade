"""Folders of images, each a frame of a video, or several where a file has several pages."""

import logging
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from wsstad.errors import QuarantineError
from wsstad.structures.natural_order import natural_key
from wsstad.video import prechecks
from wsstad.video.pixels import from_rgb
from wsstad.video.source import Picture, Source

log = logging.getLogger(__name__)

IMAGE_SUFFIXES = {".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp"}
COLOUR = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH  # upright, by the orientation that the file notes
PAGES = 8  # of a file, in memory at once
REDUCED, SUBFILE = 1, 254  # a page that is a smaller one of another, by this tag


class Layout(NamedTuple):
    """How a TIFF lists its pages: where the first offset stands, and what offsets, counts and entries look like."""

    first: int
    offset: struct.Struct
    entries: struct.Struct
    entry: struct.Struct


# By the first bytes: small and large files, of either order of bytes.
TIFFS = {
    magic: Layout(first, *(struct.Struct(f"{order}{layout}") for layout in formats))
    for magic, order, first, formats in (
        (b"II*\0", "<", 4, ("I", "H", "HHII")),
        (b"MM\0*", ">", 4, ("I", "H", "HHII")),
        (b"II+\0", "<", 8, ("Q", "Q", "HHQQ")),
        (b"MM\0+", ">", 8, ("Q", "Q", "HHQQ")),
    )
}


class FolderSource(Source):
    """A folder of images in natural order. Of 16 bits a sample, those count that the whole folder uses."""

    container = "images"

    def __init__(self, path: Path, max_pixels: int) -> None:
        super().__init__(path, max_pixels)
        self.files = list_images(path)
        if not self.files:
            raise QuarantineError("V102", f"no image ({', '.join(sorted(IMAGE_SUFFIXES))}) in the folder")

    def _decode(self) -> Iterator[Picture]:
        self.bits = self._bits_in_use()
        for file in self.files:
            for bgr in self._pages(file):
                if bgr is None:
                    self.errors += 1
                    continue
                height, width = bgr.shape[:2]
                self._check_pixels(width, height)
                yield Picture(from_rgb(_to_8_bits(bgr, self.bits)[:, :, ::-1]), width, height)

    def _bits_in_use(self) -> int:
        """Return how many bits of a sample the images use, 8 at least; all are read for it where the first has more."""
        first = next(self._pages(self.files[0]), None)
        if first is None or first.dtype == np.uint8:
            return 8
        images = (bgr for file in self.files for bgr in self._pages(file) if bgr is not None)
        highest = max((int(bgr.max()) for bgr in images), default=0)
        bits = max(8, highest.bit_length())
        log.info("%s: %d of 16 bits are in use: scaled to 8", self.path.name, bits)
        return bits

    def _pages(self, file: Path) -> Iterator[np.ndarray | None]:
        """Yield what `_pages` does of a file; raise `QuarantineError` when its header has a size over the limit."""
        if prechecks.check_picture(file, self.max_pixels):
            yield from _pages(file)
        else:
            yield None


def _to_8_bits(bgr: np.ndarray, bits: int) -> np.ndarray:
    """Return an image of `bits` bits a sample as uint8."""
    return bgr if bgr.dtype == np.uint8 else np.minimum(bgr >> (bits - 8), 255).astype(np.uint8)


def _pages(file: Path) -> Iterator[np.ndarray | None]:
    """Yield the pages of an image file, BGR of 8 or 16 bits (height, width, 3), None for one that cannot be read."""
    content = file.read_bytes()
    buffer = np.frombuffer(content, dtype=np.uint8)
    numbers = _whole_pages(content)
    if len(numbers) < 2:
        yield _checked(cv2.imdecode(buffer, COLOUR) if len(buffer) else None)
        return
    for start in range(0, max(numbers) + 1, PAGES):
        done, images = cv2.imdecodemulti(buffer, COLOUR, range=(start, min(start + PAGES, max(numbers) + 1)))
        for number in [number for number in numbers if start <= number < start + PAGES]:
            yield _checked(images[number - start] if done and number - start < len(images) else None)


def _checked(image: np.ndarray | None) -> np.ndarray | None:
    """Return an image of samples that have a known range, 8 or 16 bits without a sign."""
    return image if image is not None and image.dtype in (np.uint8, np.uint16) else None


def count_pages(file: Path) -> int:
    """Return how many frames an image file is: the pages of a TIFF, else one."""
    with open(file, "rb") as stream:
        if stream.read(4) not in TIFFS:
            return 1
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return max(1, len(_whole_pages(content)))


def _whole_pages(content: bytes | mmap.mmap) -> list[int]:
    """Return the numbers of the pages of a TIFF that are no smaller copies of others; nothing of other files."""
    if content[:4] not in TIFFS:
        return []
    layout = TIFFS[content[:4]]
    numbers: list[int] = []
    seen: set[int] = set()
    try:
        (at,) = layout.offset.unpack_from(content, layout.first)
        while at and at not in seen:
            seen.add(at)
            (entries,) = layout.entries.unpack_from(content, at)
            at += layout.entries.size
            tags = [layout.entry.unpack_from(content, at + layout.entry.size * number) for number in range(entries)]
            if not any(tag == SUBFILE and value & REDUCED for tag, _, _, value in tags):
                numbers.append(len(seen) - 1)
            (at,) = layout.offset.unpack_from(content, at + layout.entry.size * entries)
    except (struct.error, OverflowError):
        return numbers  # cut, or an offset that no file has: left to the decoder
    return numbers


def list_images(folder: Path) -> list[Path]:
    """Return the images of a folder in natural order: 2.png comes before 10.png; hidden ones and folders are left out.

    What is called an image and is no file, such as a link to nothing, is one that cannot be read.
    """
    names = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".")]
    names = [path for path in names if not path.is_dir()]
    return sorted(names, key=lambda p: (natural_key(p.name), p.name))
