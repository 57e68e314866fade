"""Objects in masks: components of each frame, linked over time, or the values of the masks.

Components of consecutive frames are linked one to one, so that the sum of the IoUs of their pixels is the greatest.
Objects that touch are one component: it goes on as the one whose pixels it shares most, and the other is a new object
afterwards.
"""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

Corners = tuple[float, float, float, float]
Parts = list[tuple[int, Corners]]  # number of the object, and its box


def link(masks: Iterable[np.ndarray], min_area: int) -> Iterator[tuple[tuple[int, int], Parts]]:
    """Yield for each of `masks` (height, width), nonzero where an object is, width and height, and the objects in it.

    Components of fewer than `min_area` pixels are left out.
    """
    before, n_objects = np.zeros((0, 0), dtype=np.int32), 0
    for mask in masks:
        labels, boxes = _components(mask, min_area)
        numbers = {new: old for old, new in _matched(before, labels)}
        for label in boxes.keys() - numbers.keys():
            n_objects += 1
            numbers[label] = n_objects
        place = np.zeros(max(boxes, default=0) + 1, dtype=np.int32)
        place[list(numbers)] = list(numbers.values())
        before = place[labels]
        yield (mask.shape[1], mask.shape[0]), [(numbers[label] - 1, box) for label, box in boxes.items()]


def by_value(masks: Iterable[np.ndarray], min_area: int) -> Iterator[tuple[tuple[int, int], Parts]]:
    """Yield the same for masks whose values are objects: the object of value v is called v - 1."""
    for mask in masks:
        values, areas = np.unique(mask[mask > 0], return_counts=True)
        parts: Parts = []
        for value in values[areas >= min_area].tolist():
            rows, columns = (np.flatnonzero((mask == value).any(axis=axis)) for axis in (1, 0))
            parts.append((value - 1, (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))))
        yield (mask.shape[1], mask.shape[0]), parts


def _components(mask: np.ndarray, min_area: int) -> tuple[np.ndarray, dict[int, Corners]]:
    """Return the label of each pixel and the box of each label; 0 is what is in no component of `min_area` pixels."""
    picture = np.ascontiguousarray(mask != 0).astype(np.uint8)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(picture, connectivity=8)
    large = np.flatnonzero(statistics[:, cv2.CC_STAT_AREA] >= min_area)
    boxes: dict[int, Corners] = {}
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
