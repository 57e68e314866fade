"""Names of files and folders: their words, and the ids of videos that are made of them."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from wsstad.planning import footage, footage_folder

Naming = Callable[[str], str]


def name_videos(paths: Sequence[str]) -> dict[str, str]:
    """Return the id of each path: the file's name where no other has it, else the whole path, made fit for an id.

    >>> name_videos(["normal/a b.mp4", "normal/1.mp4", "abnormal/1.mp4", "abnormal/2.mp4"])
    {'normal/a b.mp4': 'a-b', 'normal/1.mp4': 'normal-1', 'abnormal/1.mp4': 'abnormal-1', 'abnormal/2.mp4': '2'}
    """
    ids = {path: footage.slug(stem(path)) for path in paths}
    longer: tuple[Naming, ...] = (lambda path: footage.slug(without_suffix(path)), _with_digest)
    for naming in longer:
        alike = Counter(video.lower() for video in ids.values())
        ids = {path: naming(path) if alike[video.lower()] > 1 else video for path, video in ids.items()}
    return ids


def stem(path: str) -> str:
    """Return the name of a video without its suffix.

    >>> stem("a/b.mp4"), stem("a/scene.2")
    ('b', 'scene.2')
    """
    return PurePosixPath(without_suffix(path)).name


def without_suffix(path: str) -> str:
    """Return a path without the suffix of a video; any other dot is part of the name of a folder."""
    suffix = PurePosixPath(path).suffix
    return path.removesuffix(suffix) if suffix.lower() in footage_folder.VIDEOS else path


def words(name: str) -> list[str]:
    """Return the words of a name, in lower case; capitals, digits and signs begin new ones.

    >>> words("noFight"), words("Training_Normal_Videos"), words("CAM02")
    (['no', 'fight'], ['training', 'normal', 'videos'], ['cam', '02'])
    """
    return [word.lower() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+", name)]


def _with_digest(path: str) -> str:
    return f"{footage.slug(without_suffix(path))}_{footage.path_digest(Path(path))}"
