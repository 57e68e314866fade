"""What layouts share that know a video by its name, wherever it lies, and its part by lists of names."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from wsstad.errors import UserError
from wsstad.jsonable import Facts
from wsstad.planning import footage_folder
from wsstad.planning.drafts import folds
from wsstad.planning.drafts.draft import NO_BOXES, Draft, Labelled
from wsstad.planning.drafts.folds import Folds

VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv")


def find(source: Path, *names: str) -> Path | None:
    """Return the first file with one of these names below a folder, at any depth; ``*`` stands for anything."""
    return next((path for name in names for path in sorted(source.rglob(name)) if path.is_file()), None)


def scan(source: Path) -> dict[str, str]:
    """Return the path of every video below a folder, or folder of images, by its name without the ending of videos."""
    paths: dict[str, str] = {}
    for path in footage_folder.scan(source).videos:
        name = path.name
        stem = name[: -len(path.suffix)] if path.suffix.lower() in VIDEO_SUFFIXES else name
        if stem in paths:
            raise UserError(f"{source}: {stem!r} lies there twice: {paths[stem]} and {path.as_posix()}")
        paths[stem] = path.as_posix()
    return paths


def rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return number and words of every line of a list that is not empty."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text: {error}") from error
    return [(number, line.split()) for number, line in enumerate(lines, start=1) if line.split()]


def listed(source: Path, patterns: Mapping[str, Sequence[str]], name_of: Callable[[str], str]) -> dict[str, str]:
    """Return the part of each video by the lists of names below a folder, or nothing where one of them is missing.

    `patterns` are the names that the list of each part may have; `name_of` makes a video's name of a line's first word.
    """
    files = {part: find(source, *names) for part, names in patterns.items()}
    parts: dict[str, str] = {}
    for part, path in files.items():
        if path is None:
            return {}
        for _, words in rows(path):
            parts[name_of(words[0])] = part
    return parts


def stem(word: str, *endings: str) -> str:
    """Return the name in a path of a list without the first of the endings that it has.

    >>> stem("i3d/train/01_0014_i3d.npy", "_i3d.npy"), stem("Abuse001_x264.mp4", "_i3d.npy", ".mp4")
    ('01_0014', 'Abuse001_x264')
    """
    name = PurePosixPath(word.replace("\\", "/")).name
    return next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), name)


def draft(
    title: str,
    videos: Sequence[Labelled],
    *,
    n_listed: int,
    statement: str,
    notes: Mapping[str, str],
    annotations: Facts = NO_BOXES,
    source: Path,
) -> Draft:
    """Return the tables of videos whose parts are those of the lists, or with a split that suits where they have none.

    `n_listed` is how many videos the lists have. Raises `UserError` unless there are normal and abnormal videos.
    """
    for label in ("normal", "abnormal"):
        if not any(video.label == label for video in videos):
            raise UserError(f"{source}: not the layout of {title}: there is no {label} video of its names in it")
    splits: dict[str, Folds]
    if all(video.part for video in videos):
        counts = Counter(video.part for video in videos)
        missing = f"; {n_listed - len(videos)} that are listed are not there" if n_listed > len(videos) else ""
        splits = {"official": {0: {video.video: video.part for video in videos}}}
        why = f"official: {counts['train']} videos train, {counts['test']} test{missing}"
    else:
        name, chosen, reason = folds.choose(Draft(title, videos, {}).rows())
        splits = {name: chosen}
        why = f"{name}: {reason}; the lists of the published split are not there, seed {folds.SEED}"
    return Draft(
        title=title,
        videos=videos,
        splits=splits,
        annotations=annotations,
        statement=f"{title}: {statement} Its terms are those of its publisher.",
        notes={**notes, "split": why},
    )
