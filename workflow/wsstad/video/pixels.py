"""Turn decoded frames into upright yuv420p of even size, and that into RGB.

Every frame, whether it comes from a store or from its source, passes through the same two conversions, so a lossless
store gives exactly the pixels of its source.
"""

import math
from typing import Any, NamedTuple

import av
import numpy as np
from av.video.reformatter import Interpolation

# The slow exact conversion where a store is made: its bytes do not depend on the processor's vector instructions.
_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT


def from_rgb(rgb: np.ndarray) -> av.VideoFrame:
    """Return an RGB uint8 frame (height, width, 3) as yuv420p, padded to even sides by its last row and column."""
    height, width = rgb.shape[:2]
    even = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
    return picture.reformat(format="yuv420p", interpolation=_EXACT, threads=1)


def to_rgb(image: av.VideoFrame, width: int, height: int) -> np.ndarray:
    """Return a yuv420p frame of even size as RGB uint8 (height, width, 3), without its padding."""
    return image.to_ndarray(format="rgb24", interpolation=Interpolation.BILINEAR, threads=1)[:height, :width]


class Orientation(NamedTuple):
    """How a picture is to be shown: mirrored left to right or not, then turned by quarters counterclockwise."""

    mirrored: bool = False
    turns: int = 0

    @property
    def is_upright(self) -> bool:
        """Whether there is nothing to do."""
        return not self.mirrored and not self.turns

    def apply(self, rgb: np.ndarray) -> np.ndarray:
        """Return a picture (height, width, 3) as it is to be shown."""
        return np.rot90(rgb[:, ::-1] if self.mirrored else rgb, self.turns)


def orientation(frame: av.VideoFrame) -> Orientation:
    """Return how a frame is to be shown by its display matrix, the nearest of the eight ways in which that can be.

    The matrix takes a pixel (x, y), y downwards, to (ax + cy, bx + dy).
    """
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return Orientation()
    a, b, _, c, d = np.frombuffer(matrix, dtype=np.int32)[:5].astype(float).tolist()
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b  # what is left when the picture has been mirrored first
    return Orientation(mirrored, round(math.atan2(-b, a) / (math.pi / 2)) % 4)


def to_even_yuv(frame: av.VideoFrame, shown: Orientation) -> tuple[av.VideoFrame, int, int]:
    """Return a frame as it is to be shown as yuv420p of even size, and its true size."""
    if not shown.is_upright or frame.format.is_rgb or frame.format.has_palette:
        rgb = shown.apply(frame.to_ndarray(format="rgb24", interpolation=_EXACT, threads=1))
        return from_rgb(rgb), rgb.shape[1], rgb.shape[0]
    if frame.format.name != "yuv420p":
        frame = frame.reformat(format="yuv420p", interpolation=_EXACT, threads=1)
    if frame.width % 2 or frame.height % 2:
        return _pad(frame), frame.width, frame.height
    return frame, frame.width, frame.height


def _pad(frame: av.VideoFrame) -> av.VideoFrame:
    """Repeat the last luma row or column of an odd side; the chroma planes have their sample for it already."""
    padded = av.VideoFrame(frame.width + frame.width % 2, frame.height + frame.height % 2, "yuv420p")
    padded.colorspace, padded.color_range = frame.colorspace, frame.color_range
    for old, new in zip(frame.planes, padded.planes, strict=True):
        source, target = _view(old), _view(new)
        extra = ((0, target.shape[0] - source.shape[0]), (0, target.shape[1] - source.shape[1]))
        target[:] = np.pad(source, extra, mode="edge")
    return padded


def _view(plane: av.video.plane.VideoPlane) -> np.ndarray:
    """Return the samples of a plane, shape (height, width), without the filling at the ends of its lines."""
    lines = np.frombuffer(memoryview(plane), dtype=np.uint8)[: plane.height * plane.line_size]
    return lines.reshape(plane.height, plane.line_size)[:, : plane.width]
