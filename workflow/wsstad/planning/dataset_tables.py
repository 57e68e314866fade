"""A dataset's tables: its videos, its splits, its annotators; checked, or one line that says what is wrong."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from wsstad import config, names
from wsstad.artefacts import storage
from wsstad.artefacts.tables import read as read_limited
from wsstad.errors import UserError
from wsstad.evaluation.annotations import FORMATS
from wsstad.evaluation.annotations.parameters import AnnotationParameters
from wsstad.jsonable import Json

MOST_VIDEOS = 1_000_000
# Time, size and inode of a file, or nothing. The plan asks for the same tables again for every run, and every job of a
# cluster makes the plan anew: what has not changed is read and checked once.
State = tuple[int, int, int] | None


def read_videos(tables: Path) -> dict[str, dict[str, str]]:
    """Return the rows of ``videos.tsv`` by video; refuse ids that differ in nothing but case, and unknown values."""
    return _read_videos(tables, _state(tables / "videos.tsv"))


@lru_cache(maxsize=16)
def _read_videos(tables: Path, state: State) -> dict[str, dict[str, str]]:
    path = tables / "videos.tsv"
    videos: dict[str, dict[str, str]] = {}
    first_row: dict[str, int] = {}
    for number, row in config.check_rows(read_limited(path, MOST_VIDEOS), "videos", path):
        folded = row["video"].lower()
        if folded in first_row:
            raise UserError(f"{path}: row {number}: video {row['video']!r} is already in row {first_row[folded]}")
        first_row[folded] = number
        names.check_below(row["path"], f"{path}: row {number}: path")
        videos[row["video"]] = row
    if not videos:
        raise UserError(f"{path}: no videos")
    return videos


def row_names(tables: Path) -> dict[str, str]:
    """Return for each video the row that lists it, as an error names it."""
    return {video: f"{tables / 'videos.tsv'}: row {row}" for row, video in enumerate(read_videos(tables), start=2)}


def source_paths(tables: Path, source: Path, videos: Iterable[str]) -> dict[str, Path]:
    """Return where under the folder `source` each of `videos` lies; raise `UserError` for one that is not there."""
    listed = read_videos(tables)
    rows = row_names(tables)
    paths = {}
    for video in videos:
        if video not in listed:
            raise UserError(f"{tables / 'videos.tsv'}: video {video!r} of the shard map is not listed")
        paths[video] = source / listed[video]["path"]
        # A dangling link is a video that is not there now.
        if not paths[video].exists() and not paths[video].is_symlink():
            path = listed[video]["path"]
            raise UserError(f"{rows[video]}: path: {path!r} of video {video!r} is not under {source}")
    return paths


def read_split(tables: Path, split: str) -> dict[int, dict[str, str]]:
    """Return for every fold of ``splits/<split>.tsv`` the part, train or test, of each of its videos."""
    return _read_split(tables, split, _state(tables / "videos.tsv"), _state(tables / "splits" / f"{split}.tsv"))


@lru_cache(maxsize=64)
def _read_split(tables: Path, split: str, *states: State) -> dict[int, dict[str, str]]:
    path = tables / "splits" / f"{split}.tsv"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.tsv"))) or "none is there"
        raise UserError(f"{path}: no such split; allowed: {known}")
    videos = read_videos(tables)
    folds: dict[int, dict[str, str]] = {}
    for number, row in config.check_rows(storage.read_table(path), "split", path):
        if row["video"] not in videos:
            raise UserError(f"{path}: row {number}: video {row['video']!r} is not in videos.tsv")
        fold = folds.setdefault(int(row["fold"]), {})
        if row["video"] in fold:
            raise UserError(f"{path}: row {number}: video {row['video']!r} stands in fold {row['fold']} already")
        fold[row["video"]] = row["part"]
    return dict(sorted(folds.items()))


def tests_of(tables: Path, split: str) -> frozenset[tuple[int, str]]:
    """Return the test cases of a split: fold and video."""
    folds = read_split(tables, split)
    return frozenset((fold, video) for fold, parts in folds.items() for video, part in parts.items() if part == "test")


def tested(tables: Path) -> set[str]:
    """Return the videos that some split tests; all of them where there is no split."""
    splits = sorted((tables / "splits").glob("*.tsv"))
    return {video for path in splits for _, video in tests_of(tables, path.stem)} if splits else {*read_videos(tables)}


def check_labels(tables: Path, split: str, part: str) -> None:
    """Raise `UserError` unless every fold of a split has normal and abnormal videos in `part`."""
    videos, path = read_videos(tables), tables / "splits" / f"{split}.tsv"
    for fold, parts in read_split(tables, split).items():
        labels = {videos[video]["label"] for video, name in parts.items() if name == part}
        if "" in labels:
            video = next(video for video in parts if not videos[video]["label"])
            raise UserError(f"{row_names(tables)[video]}: label of {video!r} is empty, and {path} has it")
        if labels != {"normal", "abnormal"}:
            present = f"only {labels.pop()}" if labels else "no"
            raise UserError(f"{path}: fold {fold} has {present} {part} videos; it needs normal and abnormal ones")


def read_dataset(tables: Path) -> Json:
    """Return ``dataset.yaml``, checked."""
    return _read_dataset(tables, _state(tables / "dataset.yaml"))


@lru_cache(maxsize=16)
def _read_dataset(tables: Path, state: State) -> Json:
    return config.check(config.load_yaml(tables / "dataset.yaml"), "dataset", tables / "dataset.yaml")


def read_features(tables: Path, source: Path) -> Json | None:
    """Return how the features that a dataset comes as are written, with the digest of the list of lengths.

    None for a dataset of videos. `source` is where the paths in videos.tsv start.
    """
    path = tables / "dataset.yaml"
    options = read_dataset(tables).get("features") if path.is_file() else None
    if not options or not options.get("lengths"):
        return options
    names.check_below(options["lengths"], f"{path}: features.lengths")
    lengths = source / options["lengths"]
    if not lengths.is_file():
        raise UserError(f"{path}: features.lengths: no {lengths}")
    return {**options, "lengths_sha256": storage.file_digest(lengths)}


def read_annotator(tables: Path, annotator: str) -> AnnotationParameters:
    """Return what dataset.yaml says of an annotator, with the defaults of its format."""
    path, known = tables / "dataset.yaml", read_dataset(tables)["annotations"]
    if annotator not in known:
        raise UserError(f"{path}: annotations: no {annotator!r}; allowed: {', '.join(known)}")
    name = known[annotator]["format"]
    if name not in FORMATS:
        raise UserError(f"{path}: annotations.{annotator}.format: {name!r} is unknown; allowed: {', '.join(FORMATS)}")
    return config.parse(known[annotator], FORMATS[name].parameters, f"{path}: annotations.{annotator}")


def _state(path: Path) -> State:
    if not path.exists():
        return None
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
