"""UCSD pedestrian masks: the official ``*_gt`` folders of .bmp (or .png, .tif), or one packed .npz a video.

An .npz holds `packed`, the masks (frames, height, width) through `numpy.packbits` along the last axis, and `shape`.
Every 8-connected component of at least `min_area` pixels becomes a box. Components of consecutive frames are linked to
objects, one to one, so that the sum of the IoUs of their pixels is the greatest; each object is an event. Objects that
touch are one component: it goes on as the one whose pixels it shares most, and the other is a new object afterwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from wsstad.artefacts.exchange import mask_objects, masks
from wsstad.errors import UserError
from wsstad.evaluation.annotations.parameters import UcsdMasksParameters
from wsstad.evaluation.annotations.table import BoxRow

Box = tuple[float, float, float, float]


def read(path: Path, videos: Sequence[str], parameters: UcsdMasksParameters) -> list[BoxRow]:
    """Read the masks of those of `videos` that have ``<video>.npz`` or ``<video>_gt/`` in the folder `path`."""
    if not path.is_dir():
        raise UserError(f"{path}: no such folder of masks")
    _check_some(path, videos)
    rows = []
    for video in sorted(videos):
        linked = list(link(_masks(path, video), parameters.min_area))
        for frame, parts in enumerate(linked):
            for event, box, size in parts:
                where = f"{path}/{video}: frame {frame}"
                rows.append(BoxRow(video, f"{event:02d}", frame, box, "none", size, where, len(linked)))
    return rows


def _check_some(folder: Path, videos: Sequence[str]) -> None:
    """Raise `UserError` where no video has masks: what was looked for, and what is there."""
    if not videos or any((folder / f"{video}{ending}").exists() for video in videos for ending in (".npz", "_gt")):
        return
    there = sorted(path.name for path in folder.iterdir())
    shown = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "") or "nothing"
    looked = f"<video>.npz and <video>_gt/, such as {videos[0]}_gt/"
    raise UserError(
        f"{folder}: no masks of any of the {len(videos)} videos; looked for {looked}; the folder has {shown}"
    )


def link(masks: Iterable[np.ndarray], min_area: int) -> Iterator[list[tuple[int, Box, tuple[int, int]]]]:
    """Yield for each of `masks` (height, width) uint8 its components: number of the object, box, width and height."""
    for size, parts in mask_objects.link(masks, min_area):
        yield [(number, box, size) for number, box in parts]


def _masks(folder: Path, video: str) -> Iterator[np.ndarray]:
    """Yield the masks of a video, (height, width) uint8, one a frame; nothing where it has none."""
    for place in (folder / f"{video}.npz", folder / f"{video}_gt"):
        if place.exists():
            yield from masks.masks_of(place)
            return
