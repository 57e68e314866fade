"""Datasets whose training clips are all normal, and whose test clips all have an anomaly.

Their own split has no abnormal clip to train on, so it is a cross-validation: in each of the two groups, clip i (from
0, by name) is tested in fold i mod 4.
"""

from collections.abc import Sequence
from pathlib import Path

from wsstad.errors import UserError
from wsstad.jsonable import Facts
from wsstad.planning.drafts import folds
from wsstad.planning.drafts.draft import Draft, Labelled

FOLDS = 4


def draft(
    title: str,
    normal: Sequence[Labelled],
    abnormal: Sequence[Labelled],
    *,
    source: Path,
    annotations: Facts,
    statement: str,
    notes: dict[str, str],
) -> Draft:
    """Return the tables of such clips; raise `UserError` where there are fewer of a kind than folds."""
    for clips, what in ((normal, "training"), (abnormal, "test")):
        if len(clips) < FOLDS:
            raise UserError(f"{source}: {len(clips)} {what} clips; the layout of {title} has {FOLDS} or more")
    tested = {clip.video: i % FOLDS for clips in (normal, abnormal) for i, clip in enumerate(clips)}
    words = {
        "label": "training clips are normal, test clips abnormal",
        "group": "none: the layout names no sources",
        "split": "cv4: the published split has no abnormal clip to train on; clip i is tested in fold i mod 4",
        **notes,
    }
    return Draft(
        title=title,
        videos=[*normal, *abnormal],
        splits={"cv4": folds.make(tested, FOLDS)},
        annotations=annotations,
        statement=f"{title}: {statement} Its terms are those of its publisher.",
        notes=words,
    )


def clip(path: Path, source: Path, label: str, video: str, group: str = "") -> Labelled:
    """Return a clip at `path` below the source."""
    kind = "Normal" if label == "normal" else "Anomaly"
    return Labelled(path.relative_to(source).as_posix(), label, kind, group=group, video=video)
