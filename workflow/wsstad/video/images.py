"""Folders of images, each a frame of a video."""

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from wsstad.errors import QuarantineError
from wsstad.video.pixels import from_rgb
from wsstad.video.source import Picture, Source

IMAGE_SUFFIXES = {".tif", ".tiff", ".png", ".jpg", ".jpeg"}


class FolderSource(Source):
    """A folder of images, one a frame, in natural order."""

    container = "images"

    def __init__(self, path: Path, max_pixels: int) -> None:
        super().__init__(path, max_pixels)
        self.files = list_images(path)
        if not self.files:
            raise QuarantineError("V102", f"no image ({', '.join(sorted(IMAGE_SUFFIXES))}) in the folder")

    def _decode(self) -> Iterator[Picture]:
        for file in self.files:
            content = np.fromfile(file, dtype=np.uint8)
            bgr = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
            if bgr is None:
                self.errors += 1
                continue
            height, width = bgr.shape[:2]
            self._check_pixels(width, height)
            yield Picture(from_rgb(bgr[:, :, ::-1]), width, height)


def list_images(folder: Path) -> list[Path]:
    """Return the images of a folder in natural order, so that 2.png comes before 10.png; hidden files are left out."""
    names = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".")]
    return sorted(names, key=lambda p: (natural_key(p.name), p.name))


def natural_key(name: str) -> list[int | str]:
    """Return a sort key in which runs of digits count as numbers.

    >>> sorted(["a10", "a9", "b1"], key=natural_key)
    ['a9', 'a10', 'b1']
    """
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
