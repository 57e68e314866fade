"""UCSD pedestrian masks: the official ``*_gt`` folders of .bmp, or one packed .npz a video.

An .npz holds `packed`, the masks (frames, height, width) through `numpy.packbits` along the last axis, and `shape`.
Every 8-connected component of at least `min_area` pixels becomes a box; objects are not linked, so all boxes of a
video carry one event.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation.annotations.parameters import UcsdMasksParameters
from wsstad.evaluation.annotations.table import BoxRow


def read(path: Path, videos: Sequence[str], parameters: UcsdMasksParameters) -> list[BoxRow]:
    """Read the masks of those of `videos` that have ``<video>.npz`` or ``<video>_gt/*.bmp`` in the folder `path`."""
    if not path.is_dir():
        raise UserError(f"{path}: no such folder of masks")
    rows = []
    for video in sorted(videos):
        for frame, mask in enumerate(_masks(path, video)):
            for box in _boxes(mask, parameters.min_area):
                size = (mask.shape[1], mask.shape[0])
                rows.append(BoxRow(video, "0", frame, box, "none", size, f"{path}/{video}: frame {frame}"))
    return rows


def _masks(folder: Path, video: str) -> Iterator[np.ndarray]:
    """Yield the masks of a video, (height, width) uint8, one a frame; nothing where it has none."""
    packed, images = folder / f"{video}.npz", folder / f"{video}_gt"
    if packed.is_file():
        yield from _unpack(packed)
    elif images.is_dir():
        # "frame12.bmp" follows "frame2.bmp"; the official folders mix "001.bmp" and "frame001.bmp".
        files = sorted(images.glob("*.bmp"), key=lambda file: [int(part) for part in re.findall(r"\d+", file.name)])
        for file in files:
            mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            if mask is None:
                raise UserError(f"{file}: not an image")
            yield (mask > 0).astype(np.uint8)


def _unpack(path: Path) -> Iterator[np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            packed, (frames, height, width) = file["packed"], file["shape"].tolist()
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: no packed masks: {error}") from error
    if packed.dtype != np.uint8 or packed.shape != (frames, height, (width + 7) // 8):
        raise UserError(f"{path}: packed masks of shape {packed.shape} for {frames} frames of {width} x {height}")
    for mask in packed:
        yield np.unpackbits(mask, axis=-1)[:, :width]


def _boxes(mask: np.ndarray, min_area: int) -> Iterator[tuple[float, float, float, float]]:
    if not mask.any():
        return
    _, _, statistics, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask), connectivity=8)
    for x, y, width, height, area in statistics[1:].tolist():
        if area >= min_area:
            yield float(x), float(y), float(x + width), float(y + height)
