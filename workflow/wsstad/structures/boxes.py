"""Boxes, and the one convention for them.

A box is ``(x1, y1, x2, y2)`` in float pixels of the upright frame, half-open: a box that covers the whole of a
``width x height`` frame is ``(0, 0, width, height)``. Frames are counted from 0. Arrays of boxes have shape ``(n, 4)``.
Other conventions (1-based, inclusive, ``xywh``, normalised) live in `wsstad.evaluation.annotations` and
`wsstad.artefacts.exchange` alone.
"""

import numpy as np

# Boxes are kept on a grid of 1/16 px: far below what any detector resolves, and coarse enough that the last bits of a
# different machine's floating point do not change a cache key.
GRID = 16


def quantise(boxes: np.ndarray) -> np.ndarray:
    """Round boxes of shape (..., 4) to the 1/16 px grid, as float32."""
    return (np.round(np.asarray(boxes, dtype=np.float64) * GRID) / GRID).astype(np.float32)


def clip(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """Clip boxes of shape (..., 4) to a frame of `width` x `height` pixels."""
    return np.clip(boxes, 0, np.array([width, height, width, height], dtype=np.float32))


def area(boxes: np.ndarray) -> np.ndarray:
    """Return the areas of boxes of shape (..., 4) in square pixels; 0 for inverted boxes."""
    boxes = np.asarray(boxes, dtype=np.float64)
    return np.clip(boxes[..., 2] - boxes[..., 0], 0, None) * np.clip(boxes[..., 3] - boxes[..., 1], 0, None)


def intersection(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the pairwise overlap areas, shape (n, m), of boxes (n, 4) and (m, 4)."""
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.prod(np.clip(bottom_right - top_left, 0, None), axis=-1)


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the pairwise intersection over union, shape (n, m), of boxes (n, 4) and (m, 4); 0 for empty boxes.

    >>> iou(np.array([[0, 0, 10, 10]]), np.array([[5, 0, 15, 10], [20, 0, 30, 10]])).round(3)
    array([[0.333, 0.   ]])
    """
    overlap = intersection(first, second)
    union = area(first)[:, None] + area(second)[None, :] - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def paired_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the intersection over union, shape (n,), of row i of `first` with row i of `second`, both (n, 4)."""
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    overlap = np.prod(np.clip(sides, 0, None), axis=-1)
    union = area(first) + area(second) - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def enclose(boxes: np.ndarray) -> np.ndarray:
    """Return the smallest box, shape (4,), that encloses all boxes (n, 4), n >= 1."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
