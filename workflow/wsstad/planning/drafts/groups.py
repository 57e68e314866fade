"""Groups of videos, such as cameras or sources, guessed from folders and names of files.

Two clips of one camera on both sides of a fold make every method look better than it is, so that a group is better
guessed than not. A wrong guess costs little as long as the groups are many: it only keeps unrelated videos together.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from wsstad.planning.drafts.draft import Labelled
from wsstad.planning.drafts.file_names import stem, words

CAMERA = re.compile(
    r"(?<![a-z])(?:cam(?:era)?|scene|site|source|src|loc(?:ation)?|place|view|channel|ch)[ _-]?(\d+|[a-z](?![a-z]))",
    re.IGNORECASE,
)
# A name and the number of a piece of it: `market_007`, `7q6KJoSgxmY-clip3`; `film__#00-01-23_...` of XD-Violence.
PIECE = re.compile(r"^(?P<whole>.+?)(?:__#.*|[ _.-]+(?:part|clip|seg|segment|shot)?[ _.-]*\d+)$", re.IGNORECASE)
CODEC = re.compile(r"_x26[45]$")
MOST = 0.5  # share of a label's videos that a group may have: more would leave nothing to test or to train


def guess(videos: Sequence[Labelled]) -> tuple[dict[str, str], str]:
    """Return the group of each path, and where it was read; nothing, and why, where nothing tells of groups.

    A video of which nothing is known is a group of its own.
    """
    readings: tuple[tuple[str, Callable[[Labelled], str]], ...] = (
        ("folders", lambda video: video.place),
        ("cameras in the names", _camera),
        ("names up to a last number", _whole),
    )
    rejected = []
    for source, read in readings:
        groups = {video.path: group for video in videos if (group := read(video))}
        example = next(iter(groups.items()), ("", ""))
        reason = _reason_against(videos, groups)
        if not reason:
            shared = len(set(groups.values()))
            return groups, f"{shared} from the {source}, such as {example[1]!r} of {example[0]}"
        if reason != "none":
            rejected.append(f"the {source}, such as {example[1]!r}, were not taken: {reason}")
    return {}, "; ".join(["nothing in folders or names tells of cameras or sources", *rejected])


def _camera(video: Labelled) -> str:
    match = CAMERA.search(stem(video.path))
    return match[0].lower() if match else ""


def _whole(video: Labelled) -> str:
    """Return the name of what a video is a piece of; the name of its label or class is none."""
    match = PIECE.match(CODEC.sub("", stem(video.path)))
    whole = match["whole"] if match else ""
    labels = {video.label, "normal", "abnormal", "anomaly", "videos", "video", *words(video.kind)}
    return whole if {*words(whole)} - labels else ""


def _reason_against(videos: Sequence[Labelled], groups: dict[str, str]) -> str:
    """Return why groups are no use: "none" where no two videos share one; "" for nothing."""
    if len(set(groups.values())) == len(groups):
        return "none"
    for label in ("normal", "abnormal"):
        paths = [video.path for video in videos if video.label == label]
        group, count = Counter(groups.get(path, path) for path in paths).most_common(1)[0]
        if count > 1 and count > MOST * len(paths):
            return f"{group!r} has {count} of {len(paths)} {label} videos"
    return ""
