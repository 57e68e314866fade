"""Which videos lie in a folder, at any depth, and how many other files: they are counted by kind.

A file is a video by its suffix, or else by its first bytes. A folder of images is a video where no video lies in it:
beside videos, images are snapshots and covers.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

VIDEOS = {
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob", ".m2v", ".flv",
    ".wmv", ".asf", ".3gp", ".3g2", ".h264", ".264", ".h265", ".265", ".hevc", ".dav", ".ogv", ".ivf", ".mxf",
}  # fmt: skip
# Never opened to see: some begin as videos do, and of others there may be very many.
NO_VIDEOS = {
    ".m4a", ".m4b", ".aac", ".mp3", ".wav", ".wma", ".mka", ".ogg", ".oga", ".opus", ".flac", ".heic", ".heif", ".avif",
    ".cr3", ".mks", ".txt", ".csv", ".tsv", ".json", ".yaml", ".yml", ".xml", ".html", ".md", ".log", ".srt", ".vtt",
    ".sha256", ".md5", ".pdf", ".zip", ".gz", ".tar", ".npy", ".npz", ".mat", ".h5", ".pt", ".onnx", ".py", ".db",
}  # fmt: skip
# What network storage, Windows, macOS and Linux leave behind: previews, deleted files, fragments.
JUNK = {
    "@eadir", "@recycle", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "recycler", "lost+found", "__macosx",
    "system volume information",
}  # fmt: skip


@dataclass
class Scan:
    """The videos of a folder, as paths in it, and how many other files of each kind lie there."""

    root: Path
    videos: list[Path] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Count the folders above as seen: a link to one of them leads back."""
        for folder in self.root.resolve().parents:
            stat = folder.stat()
            self._seen.add((stat.st_dev, stat.st_ino))

    def walk(self, below: Path = Path()) -> bool:
        """Look at a folder and all below it; tell whether there is a video."""
        images, folders, before = 0, [], len(self.videos)
        for path in self._entries(below):
            place = below / path.name
            if path.name.startswith("."):
                self.passed_over["hidden"] += 1
            elif path.is_dir():
                folders.append(place)
            elif _is_image(path):
                images += 1
            elif kind := _why_not(path):
                self.passed_over[kind] += 1
            else:
                self.videos.append(place)
        for place in folders:
            if place.name.lower() in JUNK:
                self.passed_over[f"{place.name}/"] += 1
            else:
                self.walk(place)
        if images and len(self.videos) == before:
            self.videos.append(below)
        elif images:
            self.passed_over["images beside videos"] += images
        return len(self.videos) > before

    def _entries(self, below: Path) -> Iterator[Path]:
        """Yield what lies in a folder, once: a link may lead back to it."""
        try:
            stat = (self.root / below).stat()
            paths = sorted((self.root / below).iterdir())
        except OSError as error:
            self.passed_over[f"{below.as_posix()}/ ({error.strerror})"] += 1
            return
        if (stat.st_dev, stat.st_ino) in self._seen:
            self.passed_over["links to folders that were looked at"] += 1
            return
        self._seen.add((stat.st_dev, stat.st_ino))
        yield from paths


def scan(root: Path) -> Scan:
    """Return the videos below a folder, and the counts of other files."""
    result = Scan(root)
    result.walk()
    return result


def has_images(folder: Path) -> bool:
    """Return whether there is an image in a folder."""
    return folder.is_dir() and any(map(_is_image, folder.iterdir()))


def _is_image(path: Path) -> bool:
    from wsstad.video.images import IMAGE_SUFFIXES  # with it comes the decoder, which only footage needs here

    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def _why_not(path: Path) -> str:
    """Return the kind of what is no video, or nothing."""
    from wsstad.video import containers

    suffix = path.suffix.lower()
    if not path.is_file():
        dangling = path.is_symlink() and not path.exists()
        return "" if dangling and suffix in VIDEOS else "links that lead nowhere" if dangling else "special files"
    if suffix in VIDEOS:
        return ""
    kind = suffix or "without suffix"
    if suffix in NO_VIDEOS or not os.access(path, os.R_OK):
        return kind
    return "" if containers.sniff(path) else kind
