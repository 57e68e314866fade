"""Checks against the official lists of a public dataset: names, labels, parts, published numbers of frames."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from wsstad.commands.linting.finding import ERROR, WARNING, Facts, Finding
from wsstad.errors import UserError
from wsstad.planning import dataset_tables
from wsstad.planning.layouts import ucf_crime


def check_ucf_crime(tables: Path, splits: Sequence[str], facts: Facts, lists: Path) -> Iterator[Finding]:
    """Yield where videos, labels, classes, parts or frames differ from UCF-Crime's lists in the folder `lists`."""
    official = ucf_crime.read_lists(lists)
    counts = Counter(part for _, part in official.values())
    train, test = ucf_crime.PUBLISHED.values()
    if counts != ucf_crime.PUBLISHED:
        text = f"{counts['train']} and {counts['test']} names; published are {train} and {test}"
        yield Finding(ERROR, "official list", str(lists), text)
    where = str(tables / "videos.tsv")
    missing = [video for video in official if video not in facts]
    if missing:
        text = f"{len(missing)} of {len(official)} official videos are not listed, such as {missing[0]!r}"
        yield Finding(ERROR, "official videos", where, text)
    for name, video in facts.items():
        if name not in official:
            yield Finding(WARNING, "not official", video.where, f"{name!r} is in no official list")
            continue
        label = "normal" if official[name][0] == "Normal" else "abnormal"
        if video.row["label"] != label:
            yield Finding(ERROR, "official label", video.where, f"{name!r} is {video.row['label']}; officially {label}")
    yield from _check_frames(facts, ucf_crime.read_frames(lists))
    for split in splits:
        yield from _check_parts(tables, split, {video: part for video, (_, part) in official.items()})


def _check_frames(facts: Facts, published: Mapping[str, int]) -> Iterator[Finding]:
    for name, video in facts.items():
        n_frames = published.get(name, video.n_frames)
        if video.truth and abs(video.n_frames - n_frames) > video.slack(n_frames):
            text = f"{name!r} has {video.n_frames} frames ({video.truth}); published are {n_frames}"
            yield Finding(WARNING, "official frames", video.where, text)


def _check_parts(tables: Path, split: str, official: Mapping[str, str]) -> Iterator[Finding]:
    """Yield where a split of one fold has a video in the other part; a cross-validation is no official split."""
    try:
        folds = dataset_tables.read_split(tables, split)
    except UserError:  # a finding of the checks of splits
        return
    path = str(tables / "splits" / f"{split}.tsv")
    if len(folds) > 1:
        yield Finding(WARNING, "official parts", path, f"{len(folds)} folds; the official split has one")
        return
    for parts in folds.values():
        for video, part in parts.items():
            if video in official and part != official[video]:
                yield Finding(ERROR, "official parts", path, f"{video!r} is in {part}; officially in {official[video]}")


Check = Callable[[Path, Sequence[str], Facts, Path], Iterator[Finding]]
OFFICIAL: dict[str, Check] = {"ucf_crime": check_ucf_crime}
