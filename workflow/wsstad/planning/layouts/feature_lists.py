"""Lists of features, as RTFM, UR-DMU and MGFN have them: a path a line, several for the crops of one video.

In a list only the order implies labels; here they are read from the names that the datasets give: XD-Violence's end
with ``_label_<code>``; ShanghaiTech's ``01_001`` (three digits) are training clips and normal, ``01_0014`` (four) have
an anomaly; all others are normal where Normal is in their name, as UCF-Crime's and MSAD's.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from wsstad.errors import UserError
from wsstad.jsonable import Facts
from wsstad.planning import footage
from wsstad.planning.drafts.draft import Draft, Labelled
from wsstad.planning.layouts import msad, named, shanghaitech, xd_violence

ENDINGS = ("_i3d.npy", *xd_violence.CROPS, "_x264_C.txt", "_C.txt", ".npy", ".txt")


def read(source: Path, lists: Mapping[str, Path]) -> list[Labelled]:
    """Return the videos of the lists of both parts, each with the first of its files below `source`, sorted.

    A path is taken as it is, from `source`, or by its name anywhere below it. Raises `UserError` for one that is not
    there, for a video in both parts, and where a part lacks a label.
    """
    source = source.resolve()
    by_name: dict[str, Path] = {}
    for file in sorted([*source.rglob("*.npy"), *source.rglob("*.txt")]):
        by_name.setdefault(file.name, file)
    videos: dict[str, Labelled] = {}
    for part, file in lists.items():
        for number, words in named.rows(file):
            name = named.stem(words[0], *ENDINGS)
            path = _file_of(source, words[0], by_name, f"{file}: row {number}")
            label, kind = label_of(name)
            made = Labelled(path, label, kind, part=part, video=footage.slug(name.removeprefix(msad.PREFIX)))
            if videos.setdefault(made.video, made).part != part:
                raise UserError(f"{file}: row {number}: {name!r} is in both lists")
        present = {video.label for video in videos.values() if video.part == part}
        if lacking := {"normal", "abnormal"} - present:
            raise UserError(f"{file}: no {lacking.pop()} videos, by their names; both labels are needed")
    return [videos[video] for video in sorted(videos)]


def draft(title: str, source: Path, lists: Mapping[str, Path], features: Facts) -> Draft:
    """Return the tables of the videos of the lists; `features` says how theirs are written."""
    videos = read(source, lists)
    notes = {
        "label": "by the names of the videos",
        "split": f"official: that of {lists['train'].name} and {lists['test'].name}",
        "boxes": "none, as features have no places: VAUC and false alarms are measured, nothing of localisation",
    }
    split = {"official": {0: {video.video: video.part for video in videos}}}
    return Draft(title, videos, split, notes=notes, features=features)


def label_of(name: str) -> tuple[str, str]:
    """Return label and class of a video by its name.

    >>> label_of("Abuse001_x264"), label_of("Normal_Videos_003_x264"), label_of("01_0014"), label_of("01_001")
    (('abnormal', 'Abuse'), ('normal', 'Normal'), ('abnormal', 'Anomaly'), ('normal', 'Normal'))
    """
    if xd_violence.MARK in name:
        return xd_violence.label_of(name)
    if shanghaitech.CLIP.fullmatch(name):
        return ("abnormal", "Anomaly") if len(name.partition("_")[2]) == 4 else ("normal", "Normal")
    if "normal" in name.lower() and "abnormal" not in name.lower():
        return "normal", "Normal"
    kind = re.match(r"[A-Za-z]+(?:_[A-Za-z]+)*", name)
    return "abnormal", kind[0] if kind else "Anomaly"


def _file_of(source: Path, word: str, by_name: Mapping[str, Path], where: str) -> str:
    """Return the path of a line's file, relative to `source`."""
    path = Path(word)
    candidates = (path if path.is_relative_to(source) else source / path, by_name.get(path.name))
    try:
        file = next((candidate for candidate in candidates if candidate and candidate.is_file()), None)
    except (OSError, ValueError):  # no path can be so long, or hold a NUL
        file = None
    if file is None or not file.is_relative_to(source):
        raise UserError(f"{where}: {word!r:.80} is not below {source}")
    return file.relative_to(source).as_posix()
