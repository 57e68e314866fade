"""Small pictures and clips for a page: WebP and H.264 as bytes, the same for the same frames."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from wsstad.video import playback

# The first of these that keeps a clip within its bytes is taken, else the last.
QUALITIES = (30, 34, 38, 42)


def shrink(frame: np.ndarray, width: int) -> np.ndarray:
    """Return an RGB frame scaled down to `width`, or as it is where it is no wider."""
    if frame.shape[1] <= width:
        return frame
    height = max(2, round(frame.shape[0] * width / frame.shape[1]))
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)


def encode_picture(rgb: np.ndarray, quality: int) -> bytes:
    """Return an RGB picture (height, width, 3) as WebP."""
    done, content = cv2.imencode(".webp", np.ascontiguousarray(rgb[:, :, ::-1]), [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {rgb.shape} cannot be encoded")
    return content.tobytes()


def encode_clip(frames: Sequence[np.ndarray], edges: np.ndarray, max_bytes: int) -> bytes:
    """Return RGB frames of one size as an mp4 that browsers play while it loads, of `max_bytes` where that can be.

    Frame i is shown from edges[i] to edges[i + 1], in seconds.
    """
    content = b""
    for crf in QUALITIES:
        content = _encode(frames, edges, crf)
        if len(content) <= max_bytes:
            break
    return content


def _encode(frames: Sequence[np.ndarray], edges: np.ndarray, crf: int) -> bytes:
    # The index is moved to the front by reading the file again, so there must be one.
    with TemporaryDirectory() as folder:
        file = Path(folder, "clip.mp4")
        playback.write(file, frames, edges=edges, crf=crf, preset="slow")
        return file.read_bytes()
