"""XD-Violence: labels are in the names of the videos, parts in the lists of their features.

Known from public code that reads it: a video is called ``<film or v=YouTube id>__#<from>_<to>_label_<code>.mp4``; the
code is A for normal, else up to three of B1, B2, B4, B5, B6 and G, with 0 for none. The lists of the authors' code have
a line ``.../RGB/<video>__0.npy`` for each of five crops of a training video, and RGBTest for test videos.
annotations.txt has the abnormal test videos, each with its intervals. Videos of one film are one group.
"""

from collections import Counter
from pathlib import Path

from wsstad.errors import UserError
from wsstad.planning.drafts.draft import Draft, Labelled
from wsstad.planning.drafts.file_names import name_videos
from wsstad.planning.layouts import named

CODES = {"A": "Normal", "B1": "Fighting", "B2": "Shooting", "B4": "Riot", "B5": "Abuse", "B6": "Car accident"}
CODES |= {"G": "Explosion"}
LISTS = {
    "train": ("rgb.list", "xd-i3d.list", "xd-i3d-train*.list", "*train*.list"),
    "test": ("rgbtest.list", "xd-i3d-test.list", "*test*.list"),
}
MARK = "_label_"
CROPS = tuple(f"__{crop}.npy" for crop in range(10))  # how the files of a video's crops end


def read(source: Path) -> Draft:
    """Return the tables of the videos below `source`, at any depth; raise `UserError` where a kind is missing."""
    parts = named.listed(source, LISTS, name_of)
    paths, videos = named.scan(source), []
    ids = name_videos(list(paths.values()))
    for name, path in sorted(paths.items()):
        if MARK in name and (not parts or name in parts):
            label, kind = label_of(name)
            # The published split has parts of one film on both sides; the groups are for splits of one's own.
            group = "" if parts else name.partition("__#")[0]
            videos.append(Labelled(path, label, kind, group=group, part=parts.get(name, ""), video=ids[path]))
    kinds = Counter(video.kind for video in videos if video.label == "abnormal")
    groups = {video.group for video in videos}
    return named.draft(
        "XD-Violence",
        videos,
        n_listed=len(parts),
        source=source,
        statement="scenes of films and of public videos.",
        notes={
            "label": "by the codes in the names",
            "class": ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common()),
            "group": "none: the published split has parts of one film on both sides"
            if parts
            else f"{len(groups)}, the film or the video that a name begins with",
            "boxes": "none: the annotations are intervals",
        },
    )


def label_of(name: str) -> tuple[str, str]:
    """Return label and class of a video by its name; raise `UserError` for a code that is unknown.

    >>> label_of("Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6")
    ('abnormal', 'Explosion')
    """
    code = name.rpartition(MARK)[2].split("-")[0]
    if code not in CODES:
        raise UserError(f"{name}: label {code!r} is unknown; allowed: {', '.join(CODES)}")
    return ("normal" if code == "A" else "abnormal"), CODES[code]


def name_of(word: str) -> str:
    """Return the video of a line of a list; the crop is left out.

    >>> name_of("RGB/Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6__4.npy")
    'Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6'
    """
    return named.stem(word, *CROPS, ".npy", ".mp4")
