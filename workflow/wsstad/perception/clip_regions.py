"""Regions: the boxes that a tube has in each clip of the grid, and a name for each that survives other tubes."""

import hashlib

import numpy as np

from wsstad.structures import clips
from wsstad.structures.boxes import GRID
from wsstad.structures.tubes import Tube, VideoTubes


def regions(tubes: VideoTubes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tube (n,), clip (n,) and boxes (n, 16, 4) of every clip of every tube, sorted by tube, then clip.

    The tubes' video must have a clip.
    """
    n_clips = clips.count_clips(tubes.n_frames)
    pairs = [
        (t, k) for t, tube in enumerate(tubes.tubes) for k in range(*clips.clip_span(tube.start, tube.stop, n_clips))
    ]
    rows = [clip_boxes(tubes.tubes[t], k, tubes.n_frames) for t, k in pairs]
    numbers = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    return numbers[:, 0], numbers[:, 1], np.array(rows, dtype=np.float32).reshape(-1, clips.CLIP_FRAMES, 4)


def clip_boxes(tube: Tube, clip: int, n_frames: int) -> np.ndarray:
    """Return the boxes (16, 4) of a tube in the frames of a clip.

    Paper is silent on frames of the clip outside the tube: they get the tube's nearest box.
    """
    frames = clips.clip_frames(clip, n_frames)
    return tube.boxes[np.maximum(np.minimum(frames - tube.start, len(tube.boxes) - 1), 0)]


def hashes(clip: np.ndarray, boxes: np.ndarray | None) -> np.ndarray:
    """Return (n, 16) uint8 that names each clip and its boxes on the 1/16 px grid; `boxes` is None for whole images."""
    numbers = clip.astype("<i4")[:, None]
    if boxes is not None:
        on_grid = np.round(boxes.astype(np.float64) * GRID).astype("<i4")
        numbers = np.concatenate([numbers, on_grid.reshape(-1, clips.CLIP_FRAMES * 4)], axis=1)
    digests = [list(hashlib.sha256(row.tobytes()).digest()[:16]) for row in numbers]
    return np.array(digests, dtype=np.uint8).reshape(-1, 16)
