"""UCSD pedestrian masks: the official ``*_gt`` folders of .bmp (or .png, .tif), or one packed .npz a video.

An .npz holds `packed`, the masks (frames, height, width) through `numpy.packbits` along the last axis, and `shape`.
Every 8-connected component of at least `min_area` pixels becomes a box. Components of consecutive frames are linked to
objects, one to one, so that the sum of the IoUs of their pixels is the greatest; each object is an event. Objects that
touch are one component: it goes on as the one whose pixels it shares most, and the other is a new object afterwards.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from wsstad.errors import UserError
from wsstad.evaluation.annotations.parameters import UcsdMasksParameters
from wsstad.evaluation.annotations.table import BoxRow

SUFFIXES = (".bmp", ".png", ".tif", ".tiff")  # of masks: nothing that is blurred by being packed
Box = tuple[float, float, float, float]


def read(path: Path, videos: Sequence[str], parameters: UcsdMasksParameters) -> list[BoxRow]:
    """Read the masks of those of `videos` that have ``<video>.npz`` or ``<video>_gt/`` in the folder `path`."""
    if not path.is_dir():
        raise UserError(f"{path}: no such folder of masks")
    rows = []
    _check_some(path, videos)
    for video in sorted(videos):
        for frame, parts in enumerate(link(_masks(path, video), parameters.min_area)):
            for event, box, size in parts:
                rows.append(BoxRow(video, f"{event:02d}", frame, box, "none", size, f"{path}/{video}: frame {frame}"))
    return rows


def _check_some(folder: Path, videos: Sequence[str]) -> None:
    """Raise `UserError` where no video has masks: what was looked for, and what is there."""
    if not videos or any((folder / f"{video}{ending}").exists() for video in videos for ending in (".npz", "_gt")):
        return
    there = sorted(path.name for path in folder.iterdir())
    shown = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "") or "nothing"
    looked = f"<video>.npz and <video>_gt/, such as {videos[0]}_gt/"
    raise UserError(f"{folder}: masks of none of {len(videos)} videos; looked for {looked}; there is {shown}")


def link(masks: Iterable[np.ndarray], min_area: int) -> Iterator[list[tuple[int, Box, tuple[int, int]]]]:
    """Yield for each of `masks` (height, width) uint8 its components: number of the object, box, width and height."""
    before, n_objects = np.zeros((0, 0), dtype=np.int32), 0
    for mask in masks:
        labels, boxes = _components(mask, min_area)
        numbers = {}
        for old, new in _matched(before, labels):
            numbers[new] = old
        for label in boxes.keys() - numbers.keys():
            n_objects += 1
            numbers[label] = n_objects
        place = np.zeros(max(boxes, default=0) + 1, dtype=np.int32)
        place[list(numbers)] = list(numbers.values())
        before = place[labels]
        size = (mask.shape[1], mask.shape[0])
        yield [(numbers[label] - 1, box, size) for label, box in boxes.items()]


def _masks(folder: Path, video: str) -> Iterator[np.ndarray]:
    """Yield the masks of a video, (height, width) uint8, one a frame; nothing where it has none."""
    packed, images = folder / f"{video}.npz", folder / f"{video}_gt"
    if packed.is_file():
        yield from _unpack(packed)
    elif images.is_dir():
        # "frame12.bmp" follows "frame2.bmp"; the official folders mix "001.bmp" and "frame001.bmp".
        found = [file for file in images.iterdir() if not file.name.startswith(".")]
        files = [file for file in found if file.suffix.lower() in SUFFIXES]
        if not files:
            raise UserError(f"{images}: holds {len(found)} files and no {', '.join(SUFFIXES)}")
        files.sort(key=lambda file: [int(part) for part in re.findall(r"\d+", file.name)])
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


def _components(mask: np.ndarray, min_area: int) -> tuple[np.ndarray, dict[int, Box]]:
    """Return the label of each pixel and the box of each label; 0 is what is in no component of `min_area` pixels."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(mask), connectivity=8)
    large = np.flatnonzero(statistics[:, cv2.CC_STAT_AREA] >= min_area)
    boxes: dict[int, Box] = {}
    for label in large[large > 0].tolist():
        x, y, width, height = statistics[label, :4].tolist()
        boxes[label] = float(x), float(y), float(x + width), float(y + height)
    return np.where(np.isin(labels, list(boxes)), labels, 0), boxes


def _matched(before: np.ndarray, labels: np.ndarray) -> list[tuple[int, int]]:
    """Return pairs of an object of the frame before and a label that share pixels, the sum of their IoUs greatest."""
    from scipy.optimize import linear_sum_assignment

    if before.shape != labels.shape:
        return []
    n = int(labels.max(initial=0)) + 1
    counts = np.bincount((before * n + labels).ravel(), minlength=n * (int(before.max(initial=0)) + 1)).reshape(-1, n)
    unions = counts.sum(axis=1, keepdims=True) + counts.sum(axis=0) - counts
    iou = (counts / np.maximum(unions, 1))[1:, 1:]  # without the background
    pairs = zip(*linear_sum_assignment(-iou), strict=True)
    return [(int(i) + 1, int(j) + 1) for i, j in pairs if iou[i, j] > 0]
