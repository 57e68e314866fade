"""ShanghaiTech Campus, with the weakly supervised split where its lists are there.

Known from public loaders, anomalib's among them: ``training/videos/01_001.avi`` (or ``training/frames/01_001/``),
``testing/frames/01_0014/*.jpg``, ``testing/test_pixel_mask/01_0014.npy`` (frames, height, width). The first number of a
name is the camera. The split is that of Zhong et al., CVPR 2019: SHANGHAI_train.txt and SHANGHAI_test.txt, a line
``<path>/<clip> <frames> <0 or 1> ...`` for each clip, 238 and 199 of them, or the lists of features that RTFM has,
whose lines name the same clips. Clips of training/ are normal, those of testing/ have an anomaly.
"""

import re
from dataclasses import replace
from pathlib import Path

from wsstad.errors import UserError
from wsstad.planning.drafts import folds
from wsstad.planning.drafts.draft import Draft, Labelled, boxes_at
from wsstad.planning.layouts import named, one_class

CLIP = re.compile(r"(\d\d)_\d{3,4}")
LISTS = {
    "train": ("SHANGHAI_train.txt", "shanghai-i3d-train*.list"),
    "test": ("SHANGHAI_test.txt", "SHANGHAI_Test.txt", "shanghai-i3d-test*.list"),
}
STATEMENT = "thirteen cameras on a campus, with real people in view."


def read(source: Path) -> Draft:
    """Return the tables of the clips below `source`; raise `UserError` where there is none, or lists say otherwise."""
    normal = _clips(source, "training", "normal")
    abnormal = _clips(source, "testing", "abnormal")
    masks = next(iter(sorted(source.rglob("test_pixel_mask"))), None)
    annotations = boxes_at(masks, source, "masks")
    n_masks = sum((masks / f"{clip.video}.npy").is_file() for clip in abnormal) if masks else 0
    notes = {
        "group": f"{len({clip.group for clip in [*normal, *abnormal]})} cameras, by the first number of the names",
        "boxes": f"masks: {n_masks} of {len(abnormal)} abnormal clips have them",
    }
    parts = named.listed(source, LISTS, lambda word: named.stem(word, "_i3d.npy", ".npy", ".avi"))
    if not parts:
        made = one_class.draft(
            "ShanghaiTech",
            normal,
            abnormal,
            source=source,
            annotations=annotations,
            statement=STATEMENT,
            notes=notes,
        )
        return _by_camera(made)
    # The published split has clips of one camera on both sides, so that cameras are no groups of it.
    clips = [clip for clip in [*normal, *abnormal] if clip.video in parts]
    return named.draft(
        "ShanghaiTech",
        [replace(clip, group="", part=parts[clip.video]) for clip in clips],
        n_listed=len(parts),
        source=source,
        annotations=annotations,
        statement=STATEMENT,
        notes={
            **notes,
            "label": "the clips of training/ are normal, those of testing/ abnormal",
            "group": "none: the weakly supervised split has clips of one camera in both parts",
        },
    )


def _by_camera(made: Draft) -> Draft:
    """Return the tables with folds that divide no camera, or without groups where cameras are too few."""
    no_list = "the lists of the weakly supervised split are not there"
    try:
        name, chosen, why = folds.choose(made.rows())
    except UserError:
        words = {"group": "none: of a camera there are clips in train and test, as too few cameras have both labels"}
        videos = [replace(video, group="") for video in made.videos]
        return replace(made, videos=videos, notes={**made.notes, **words})
    words = {"split": f"{name}: {no_list}; {why}; no camera is in train and test"}
    return replace(made, splits={name: chosen}, notes={**made.notes, **words})


def _clips(source: Path, part: str, label: str) -> list[Labelled]:
    """Return the clips of a part, videos before the frames of the same clip."""
    folders = [path for path in sorted(source.rglob(part)) if path.is_dir()]
    clips: dict[str, Labelled] = {}
    for path in sorted(
        path for folder in folders for kind in ("videos", "frames") for path in folder.glob(f"{kind}/*")
    ):
        match = CLIP.fullmatch(path.stem if path.suffix == ".avi" else path.name)
        if match and (path.is_dir() or path.suffix == ".avi") and (match[0] not in clips or path.suffix == ".avi"):
            clips[match[0]] = one_class.clip(path, source, label, match[0], group=match[1])
    if not clips:
        raise UserError(
            f"{source}: not the layout of ShanghaiTech: there is no clip such as {part}/frames/01_001 in it"
        )
    return [clips[name] for name in sorted(clips)]
