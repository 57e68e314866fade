"""TAD, the traffic anomaly dataset of Lv et al., TIP 2021: folders of frames.

Known from public code that reads the archives: ``frames/abnormal/01_Accident_106.mp4/0.jpg`` ... and
``frames/normal/Normal_001.mp4/0.jpg`` ..., where what ends in .mp4 is a folder. The test videos are those of a JSON,
tad_test_anno.json, a list of objects with video_path, class_name and anomaly_span; all others train.
"""

import json
import re
from pathlib import Path, PurePosixPath

from wsstad.errors import UserError
from wsstad.planning.drafts.draft import Draft, Labelled
from wsstad.planning.layouts import named

LABELS = ("abnormal", "normal")


def read(source: Path) -> Draft:
    """Return the tables of the clips below `source`; raise `UserError` where a kind is missing."""
    file = named.find(source, "tad_test_anno.json")
    tested = _tested(file) if file else set()
    videos = []
    for name, path in sorted(named.scan(source).items()):
        label = PurePosixPath(path).parent.name
        if label in LABELS:
            kind = re.sub(r"^\d+_|_\d+$", "", name) if label == "abnormal" else "Normal"
            part = ("test" if name in tested else "train") if tested else ""
            videos.append(Labelled(path, label, kind, part=part, video=name))
    return named.draft(
        "TAD",
        videos,
        n_listed=len(tested - {video.video for video in videos}) + len(videos) if tested else 0,
        source=source,
        statement="traffic seen by surveillance cameras.",
        notes={
            "label": "by folder: abnormal/ and normal/; the class is the name without its numbers",
            "group": "none: the names tell of no sources",
            "boxes": "none: the annotations are intervals",
        },
    )


def _tested(file: Path) -> set[str]:
    """Return the test videos of the JSON."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return {named.stem(entry["video_path"], *named.VIDEO_SUFFIXES) for entry in entries}
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{file}: no list of objects with video_path: {error!r}") from error
