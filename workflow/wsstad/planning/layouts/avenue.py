"""CUHK Avenue, as published in Avenue_Dataset.zip and ground_truth_demo.zip.

Known from public loaders, anomalib's among them: ``training_videos/01.avi`` to 16, ``testing_videos/01.avi`` to 21, and
``testing_label_mask/1_label.mat``, each with a cell array `volLabel` of a mask a frame, numbers without a zero before.
"""

from pathlib import Path

from wsstad.errors import UserError
from wsstad.planning.drafts.draft import Draft, boxes_at
from wsstad.planning.layouts import named, one_class


def read(source: Path) -> Draft:
    """Return the tables; raise `UserError` where there is no training_videos/ and testing_videos/ below `source`."""
    places = {name: next(iter(sorted(source.rglob(name))), None) for name in ("training_videos", "testing_videos")}
    if missing := [name for name, place in places.items() if place is None]:
        raise UserError(f"{source}: not the layout of CUHK Avenue: there is no folder {missing[0]}/ in it")
    # Ids of test clips end with the number that the masks have; those of training clips must not.
    normal, abnormal = (
        [
            one_class.clip(path, source, label, form.format(path.stem))
            for path in sorted(place.glob("*.avi") if place else ())
        ]
        for place, label, form in (
            (places["training_videos"], "normal", "{}_train"),
            (places["testing_videos"], "abnormal", "test{}"),
        )
    )
    first = named.find(source, "*_label.mat")
    n_masks = len(list(first.parent.glob("*_label.mat"))) if first else 0
    return one_class.draft(
        "CUHK Avenue",
        normal,
        abnormal,
        source=source,
        annotations=boxes_at(first and first.parent, source, "masks", file="{number}_label"),
        statement="a fixed camera before a university building, with real people in view.",
        notes={
            "group": "none: all clips are of one camera",
            "boxes": f"masks: {n_masks} of {len(abnormal)} abnormal clips have them",
        },
    )
