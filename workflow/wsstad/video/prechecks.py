"""Checks before a path is opened, or a picture decoded, which could hang or fill memory."""

import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from wsstad.errors import QuarantineError

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")  # of which the head is read; nothing else is a frame
MOST_PAGES = 100_000
LARGEST_PIXEL = 16  # bytes: four samples of 32 bits
HEAD = 1 << 20  # bytes that a picture may have beside its pixels, such as a colour profile
KINDS = {
    stat.S_IFIFO: "a FIFO", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFSOCK: "a socket",
}  # fmt: skip


def special(path: Path) -> str:
    """Return what a path is that is neither a file nor a folder, nor a link to one; empty for those.

    To open such a thing may wait for ever, and to read it may never end.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a link to nothing" if path.is_symlink() else "missing"
    except OSError as error:  # a loop of links
        return f"no file: {error.strerror}"
    return KINDS.get(stat.S_IFMT(mode), "")


def check_picture(path: Path, max_pixels: int) -> bool:
    """Return whether a file is a picture by its head; raise `QuarantineError` when it is larger than allowed."""
    if special(path) or path.is_dir():
        return False
    largest = 0
    try:
        for width, height in _sizes(path):
            if width * height > max_pixels:
                raise QuarantineError("V109", f"{path.name}: {width}x{height} is more than {max_pixels} pixels")
            largest += width * height
    except QuarantineError:
        raise
    except Exception:  # PIL has no list of what it raises for a bad head: of a TIFF without a size it is a TypeError
        return False
    if (n_bytes := path.stat().st_size) > LARGEST_PIXEL * largest + HEAD:
        raise QuarantineError("V109", f"{path.name}: {n_bytes} bytes for {largest} pixels")
    return True


def _sizes(path: Path) -> Iterator[tuple[int, int]]:
    """Yield width and height of every page of a picture, from its head."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of many pixels, and of tags of no matter here
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(path, formats=FORMATS) as image:
                pages = min(getattr(image, "n_frames", 1), MOST_PAGES) if image.format == "TIFF" else 1
                for page in range(pages):
                    image.seek(page)
                    yield image.size
        finally:
            Image.MAX_IMAGE_PIXELS = limit
