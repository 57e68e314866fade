"""UCFCrime2Local, of Landi et al. 2019: videos of UCF-Crime with boxes around the anomaly in every frame.

Known from public code that reads it: ``videos/<video>_x264.mp4``, ``readme/Train_split_AD.txt`` and
``readme/Test_split_AD.txt``, a video a line, ``readme/Txt annotations/<video>.txt`` in VATIC's format. Normal videos
have Normal in their name.
"""

from pathlib import Path

from wsstad.errors import UserError
from wsstad.planning.drafts.draft import Draft, Labelled, boxes_at
from wsstad.planning.layouts import named

LISTS = {"train": ("Train_split_AD.txt",), "test": ("Test_split_AD.txt",)}
BOXES = "Txt annotations"
ENDING = "_x264"


def read(source: Path) -> Draft:
    """Return the tables of the listed videos below `source`; raise `UserError` where lists or videos are missing."""
    parts = named.listed(source, LISTS, _name)
    if not parts:
        raise UserError(
            f"{source}: not the layout of UCFCrime2Local: no Train_split_AD.txt and Test_split_AD.txt in it"
        )
    videos = []
    for name, path in sorted(named.scan(source).items()):
        video = _name(name)
        if video in parts:
            label = "normal" if "Normal" in video else "abnormal"
            kind = "Normal" if label == "normal" else video.rstrip("0123456789")
            videos.append(Labelled(path, label, kind, part=parts[video], video=video))
    boxes = next((path for path in sorted(source.rglob(BOXES)) if path.is_dir()), None)
    return named.draft(
        "UCFCrime2Local",
        videos,
        n_listed=len(parts),
        source=source,
        annotations=boxes_at(boxes, source, "vatic"),
        statement="surveillance videos of UCF-Crime, with real people in view.",
        notes={
            "label": "normal where the name says so",
            "group": "none: the lists name no sources",
            "boxes": "vatic" if boxes else f"none: there is no folder {BOXES}/",
        },
    )


def _name(word: str) -> str:
    return named.stem(word, f"{ENDING}.mp4", ".mp4", ".txt", ENDING)
