"""MSAD, the Multi-Scenario Anomaly Detection dataset, blurred, with the weakly supervised lists.

Known from public code that reads it: ``MSAD_anomaly_blur/<Class>/<Class>_1.mp4``, ``MSAD_normal_training_blur/`` and
``MSAD_normal_testing_blur/`` at any depth; anomaly_annotation.csv with columns name, scenario, total frames, starting
and ending frame of anomaly; MSAD_I3D_WS_Train.list and MSAD_I3D_WS_Test.list, lines ``.../<video>_i3d.npy``, in which
normal videos may have MSAD_normal_ before their name. Boxes: merged_MSAD.json of SST-WSVADL.
"""

from pathlib import Path

from wsstad.planning.drafts.draft import Draft, Labelled, boxes_at
from wsstad.planning.layouts import named

LISTS = {"train": ("MSAD_I3D_WS_Train.list",), "test": ("MSAD_I3D_WS_Test.list",)}
PREFIX = "MSAD_normal_"


def read(source: Path) -> Draft:
    """Return the tables of the videos below `source`, at any depth; raise `UserError` where a kind is missing."""
    parts = named.listed(source, LISTS, lambda word: named.stem(word, "_i3d.npy", ".npy").removeprefix(PREFIX))
    videos = []
    for name, path in sorted(named.scan(source).items()):
        abnormal = "MSAD_anomaly_blur" in path.split("/")
        video = name.removeprefix(PREFIX)
        if (abnormal or PREFIX in path) and (not parts or video in parts):
            kind = name.rpartition("_")[0] if abnormal else "Normal"
            label = "abnormal" if abnormal else "normal"
            videos.append(Labelled(path, label, kind, part=parts.get(video, ""), video=video))
    merged = named.find(source, "merged_MSAD.json")
    return named.draft(
        "MSAD",
        videos,
        n_listed=len(parts),
        source=source,
        annotations=boxes_at(merged, source, "sst"),
        statement="surveillance videos of many scenes, faces blurred.",
        notes={
            "label": "by folder: MSAD_anomaly_blur and MSAD_normal_...; the class is the name without its number",
            "group": "none: the names tell of no sources",
            "boxes": "sst"
            if merged
            else "none: the annotations are intervals; merged_MSAD.json of SST-WSVADL has boxes",
        },
    )
