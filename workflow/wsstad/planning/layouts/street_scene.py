"""Street Scene, of Ramachandra and Jones, WACV 2020: one camera above a street, folders of frames.

Known from public code that reads it: ``Train/Train001/*.jpg`` and ``Test/Test001/*.jpg``, and in each folder of a test
clip a text ``*_gt.txt`` with lines ``<path>/<frame from 1>.jpg <track> ...``. No public code was found that says what
the other numbers of a line are, so its boxes are not read: frames and tracks alone locate nothing.
"""

from pathlib import Path

from wsstad.errors import UserError
from wsstad.planning.drafts.draft import NO_BOXES, Draft
from wsstad.planning.footage_folder import has_images
from wsstad.planning.layouts import one_class


def read(source: Path) -> Draft:
    """Return the tables; raise `UserError` where there is no folder Train/ and Test/ in `source` or one below it."""
    root = next((path for path in (source, *sorted(source.iterdir())) if (path / "Train").is_dir()), source)
    if not (root / "Train").is_dir() or not (root / "Test").is_dir():
        raise UserError(f"{source}: not the layout of Street Scene: there is no folder Train/ and Test/ in it")
    normal, abnormal = (
        [
            one_class.clip(path, source, label, path.name)
            for path in sorted((root / part).glob(f"{part}[0-9]*"))
            if has_images(path)
        ]
        for part, label in (("Train", "normal"), ("Test", "abnormal"))
    )
    return one_class.draft(
        "Street Scene",
        normal,
        abnormal,
        source=source,
        annotations=NO_BOXES,
        statement="a fixed camera above a street, with real people in view.",
        notes={
            "group": "none: all clips are of one camera",
            "boxes": "none: what the numbers of *_gt.txt are is not known from public code; give boxes by an annotator",
        },
    )
