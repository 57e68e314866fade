"""Times: when each frame of a video begins, in seconds since the first one, and when the last frame is over.

`edges` (n_frames + 1,) float64 rise strictly; frame i is shown from edges[i] to edges[i + 1]. Whatever counts hours,
gaps or seconds uses them: a frame rate is wrong for a camera that idles at one frame a second and bursts at 25.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

EXACT = 1e-6  # seconds by which an edge may move when it is kept as a knot between two others


def regular(n_frames: int, fps: Fraction | float) -> np.ndarray:
    """Return the edges (n_frames + 1,) of a video of constant rate.

    >>> regular(3, 10).tolist()
    [0.0, 0.1, 0.2, 0.3]
    """
    rate = Fraction(fps)
    return np.arange(n_frames + 1, dtype=np.float64) * rate.denominator / rate.numerator


def is_regular(edges: np.ndarray, fps: Fraction | float) -> bool:
    """Tell whether these are the edges of a video of the constant rate `fps`."""
    return bool(np.abs(edges - edges[0] - regular(len(edges) - 1, fps)).max() < EXACT)


def true_rate(edges: np.ndarray, fps: Fraction) -> Fraction:
    """Return the nominal rate `fps` of a video where its frames keep to it, else how many they are a second."""
    if is_regular(edges, fps):
        return fps
    return mean_rate(edges)


def mean_rate(edges: np.ndarray) -> Fraction:
    """Return how many frames are shown a second; the exact rate where that is constant.

    >>> mean_rate(regular(50, Fraction(30000, 1001)))
    Fraction(30000, 1001)
    """
    mean = Fraction((len(edges) - 1) / float(edges[-1] - edges[0]))
    return mean.limit_denominator(1001) if mean >= 1 else 1 / (1 / mean).limit_denominator(1001)


def to_knots(edges: np.ndarray) -> np.ndarray:
    """Return the edges that the others lie on straight lines between, (k, 2) float64: frame and seconds.

    >>> to_knots(np.array([0.0, 0.5, 1.0, 3.0, 5.0])).tolist()
    [[0.0, 0.0], [2.0, 1.0], [4.0, 5.0]]
    """
    bends = 1 + np.flatnonzero(np.abs(np.diff(edges, n=2)) > EXACT / 10)
    frames = np.unique([0, *bends, len(edges) - 1])
    knots = np.stack([frames, edges[frames]], axis=1)
    if np.abs(from_knots(knots) - edges).max() > EXACT:  # many bends too small to be seen add up
        knots = np.stack([np.arange(len(edges)), edges], axis=1)
    return knots


def from_knots(knots: np.ndarray) -> np.ndarray:
    """Return the edges (n_frames + 1,) that `knots` (k, 2) stand for."""
    frames, seconds = knots.T
    return np.interp(np.arange(int(frames[-1]) + 1), frames, seconds)


def to_arrays(videos: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Return the edges of several videos as arrays: the knots of all, and how many each has."""
    knots = [to_knots(edges) for edges in videos]
    return {
        "knots": np.concatenate([np.zeros((0, 2)), *knots]),
        "n_knots": np.array([len(rows) for rows in knots], dtype=np.int32),
    }


def from_arrays(arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return the edges of the videos that `to_arrays` was given."""
    ends = np.cumsum(arrays["n_knots"])
    return [from_knots(rows) for rows in np.split(arrays["knots"], ends[:-1])] if len(ends) else []
