"""The boxes of a tube while a clip plays, few enough that a page can draw over its clips what every other run chose."""

import math

import numpy as np

from wsstad.structures.tubes import Tube

A_SECOND = 3  # boxes; the page moves its box evenly between them


def during(tube: Tube, edges: np.ndarray, clip: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return boxes of a tube, (k, 4) as shares of the frame, at even times from where a clip meets it to where it ends.

    `edges` (n + 1,) are the times of the frames, `clip` (2,) the first and the last second, `size` width and height. k
    is 0 where the two do not meet, and 1 where the box stands still.
    """
    first, last = max(edges[tube.start], clip[0]), min(edges[tube.stop], clip[1])
    if first >= last:
        return np.zeros((0, 4))
    times = np.linspace(first, last, math.ceil(A_SECOND * (last - first)) + 1)
    frames = np.clip(np.searchsorted(edges, times, side="right") - 1, tube.start, tube.stop - 1)
    boxes = np.clip(tube.boxes[frames - tube.start] / np.tile(size, 2), 0, 1)
    return boxes[:1] if (boxes == boxes[0]).all() else boxes
