"""UCSD pedestrians, Ped1 and Ped2, as published in UCSD_Anomaly_Dataset.v1p2.

Known from the README of the archive and from its public copies: ``UCSDped2/Train/Train001/*.tif`` and
``Test/Test001/*.tif``, masks of the test clips in ``Test/Test001_gt/*.bmp``. All training clips are normal, and each
test clip has abnormal frames. All 12 test clips of Ped2 have masks, 10 of the 36 of Ped1.

The benchmark's own split has no abnormal clip to train on, so it is a cross-validation: in each of the two groups, clip
i (from 0, by name) is tested in fold i mod 4, as in config/datasets/ucsd_ped2.
"""

from pathlib import Path

from wsstad.errors import UserError
from wsstad.planning.drafts import folds
from wsstad.planning.drafts.draft import NO_BOXES, Draft, Labelled
from wsstad.planning.footage_folder import has_images

FOLDS = 4
LABELS = {"Train": "normal", "Test": "abnormal"}


def read(source: Path, name: str) -> Draft:
    """Return the tables of the folder `name`, such as UCSDped2, which is `source` or lies in it.

    Raises `UserError` where it has not the layout.
    """
    root = source / name if (source / name).is_dir() else source
    if not (root / "Train").is_dir() or not (root / "Test").is_dir():
        raise UserError(f"{source}: not the layout of {name}: there is no folder Train/ and Test/ in it")
    below = root.relative_to(source)
    videos, tested = [], {}
    for part, label in LABELS.items():
        clips = sorted(path for path in (root / part).iterdir() if path.name.startswith(part) and has_images(path))
        clips = [clip for clip in clips if not clip.name.endswith("_gt")]
        if len(clips) < FOLDS:
            raise UserError(
                f"{root / part}: {len(clips)} clips; the layout has {part}/{part}001/*.tif, {FOLDS} or more"
            )
        for i, clip in enumerate(clips):
            path = (below / part / clip.name).as_posix()
            kind = "Normal" if label == "normal" else "Anomaly"
            videos.append(Labelled(path, label, kind, video=clip.name))
            tested[clip.name] = i % FOLDS
    masked = [folder for folder in (root / "Test").glob("Test*_gt") if any(folder.glob("*.bmp"))]
    n_abnormal = sum(video.label == "abnormal" for video in videos)
    return Draft(
        title=f"UCSD {name.removeprefix('UCSD').title()}",
        videos=videos,
        splits={"cv4": folds.make(tested, FOLDS)},
        annotations={"masks": {"format": "ucsd_masks", "path": (below / "Test").as_posix()}} if masked else NO_BOXES,
        statement="UCSD Anomaly Detection Dataset: a fixed camera above a campus walkway, with real people in view. "
        "Its terms are those of its publisher.",
        notes={
            "label": "the clips of Train/ are normal, those of Test/ abnormal",
            "group": "none: all clips are of one camera",
            "split": "cv4: the published split has no abnormal clip to train on; clip i is tested in fold i mod 4",
            "boxes": f"masks: {len(masked)} of {n_abnormal} abnormal clips have them",
        },
    )
