"""UCSD pedestrians, Ped1 and Ped2, as published in UCSD_Anomaly_Dataset.v1p2.

Known from the README of the archive and from its public copies: ``UCSDped2/Train/Train001/*.tif`` and
``Test/Test001/*.tif``, masks of the test clips in ``Test/Test001_gt/*.bmp``. All training clips are normal, and each
test clip has abnormal frames. All 12 test clips of Ped2 have masks, 10 of the 36 of Ped1. The cross-validation is that
of config/datasets/ucsd_ped2.
"""

from pathlib import Path

from wsstad.errors import UserError
from wsstad.planning.drafts.draft import Draft, boxes_at
from wsstad.planning.footage_folder import has_images
from wsstad.planning.layouts import one_class

LABELS = {"Train": "normal", "Test": "abnormal"}


def read(source: Path, name: str) -> Draft:
    """Return the tables of the folder `name`, such as UCSDped2, which is `source` or lies in it.

    Raises `UserError` where it has not the layout.
    """
    root = source / name if (source / name).is_dir() else source
    if not (root / "Train").is_dir() or not (root / "Test").is_dir():
        raise UserError(f"{source}: not the layout of {name}: there is no folder Train/ and Test/ in it")
    normal, abnormal = (
        [
            one_class.clip(path, source, label, path.name)
            for path in sorted((root / part).iterdir())
            if path.name.startswith(part) and not path.name.endswith("_gt") and has_images(path)
        ]
        for part, label in LABELS.items()
    )
    masked = [folder for folder in (root / "Test").glob("Test*_gt") if any(folder.glob("*.bmp"))]
    return one_class.draft(
        f"UCSD {name.removeprefix('UCSD').title()}",
        normal,
        abnormal,
        source=source,
        annotations=boxes_at(root / "Test" if masked else None, source, "ucsd_masks", name="masks"),
        statement="a fixed camera above a campus walkway, with real people in view.",
        notes={
            "label": "the clips of Train/ are normal, those of Test/ abnormal",
            "group": "none: all clips are of one camera",
            "boxes": f"masks: {len(masked)} of {len(abnormal)} abnormal clips have them",
        },
    )
