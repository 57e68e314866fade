"""Letterboxing as ultralytics does it: frames scaled to one side, with grey borders to a multiple of the stride."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

STRIDE = 32
GREY = 114


@dataclass(frozen=True)
class Letterbox:
    """Where frames of one size lie in the picture that a network takes.

    `height`, `width` are the picture's, `inner` (width, height) the scaled frame's, `left` and `top` its place, `scale`
    (of x, of y) how much larger it is than the frame.
    """

    height: int
    width: int
    inner: tuple[int, int]
    left: int
    top: int
    scale: tuple[float, float]

    @classmethod
    def of(cls, height: int, width: int, image_size: int, shape: tuple[int, int] | None = None) -> "Letterbox":
        """Return that of frames whose longer side becomes `image_size`, both sides padded to multiples of 32.

        For a network that takes one `shape` (height, width) alone, they are scaled and padded to that.
        """
        scale = image_size / max(height, width) if shape is None else min(shape[0] / height, shape[1] / width)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        spare = [-side % STRIDE for side in inner] if shape is None else [shape[1] - inner[0], shape[0] - inner[1]]
        left, top = round(spare[0] / 2 - 0.1), round(spare[1] / 2 - 0.1)
        return cls(inner[1] + spare[1], inner[0] + spare[0], inner, left, top, (scale, scale))

    @classmethod
    def stretched(cls, height: int, width: int, image_size: int, shape: tuple[int, int] | None = None) -> "Letterbox":
        """Return that of frames that fill a square of `image_size`, or a `shape` (height, width), without a border."""
        high, wide = shape or (image_size, image_size)
        return cls(high, wide, (wide, high), 0, 0, (wide / width, high / height))

    def empty(self, count: int) -> np.ndarray:
        """Return grey pictures (count, height, width, 3) uint8."""
        return np.full((count, self.height, self.width, 3), GREY, dtype=np.uint8)

    def draw(self, frame: np.ndarray, picture: np.ndarray) -> None:
        """Scale a frame (h, w, 3) uint8 into its place in an empty picture."""
        inside = picture[self.top : self.top + self.inner[1], self.left : self.left + self.inner[0]]
        if frame.shape == inside.shape:
            inside[:] = frame
        else:
            cv2.resize(frame, self.inner, dst=inside, interpolation=cv2.INTER_LINEAR)

    def draw_all(self, frames: "Tensor") -> "Tensor":
        """Return pictures (n, height, width, 3) of frames (n, h, w, 3) uint8 on their device, as `draw` would."""
        from wsstad.perception.device_pixels import cut, whole

        pictures = frames.new_full((len(frames), self.height, self.width, 3), GREY)
        inside = pictures[:, self.top : self.top + self.inner[1], self.left : self.left + self.inner[0]]
        inside.copy_(cut(frames, whole(frames), self.inner))
        return pictures

    def undo(self, boxes: np.ndarray) -> np.ndarray:
        """Return boxes (n, 4) float32 in pixels of the picture in pixels of the frame."""
        place = np.array([self.left, self.top, self.left, self.top], dtype=np.float32)
        return (boxes - place) / np.array([*self.scale, *self.scale], dtype=np.float32)
