"""Small grey pictures of regions, as they are: what a method that learns from pixels takes instead of features.

Paper is silent on what its rival ALOCC sees; ALOCC's own pictures are grey, of 45x45 pixels [Sabokrou 2018].
"""

from pathlib import Path

import cv2
import numpy as np
import torch

from wsstad.jsonable import Json
from wsstad.perception.extractors.base import Extractor, Pixels
from wsstad.perception.extractors.parameters import PatchesParameters

# The frame of a clip that is looked at. A mean over all 16 would blur whatever moves, and ALOCC sees single frames.
MIDDLE = 8


class PatchesExtractor(Extractor):
    """Gives the grey levels, in [0, 1] and row by row, of the picture in a clip's middle frame; there is no network."""

    parameters: PatchesParameters
    crops_on_device = False  # there is no network

    def _load(self, weights_folder: Path) -> None:
        self.dimension = self.parameters.size**2

    def prepare_image(self, frames: Pixels) -> np.ndarray:
        """Return the warped middle frame (1, size, size) grey uint8."""
        return _grey(np.asarray(self._warp(frames[MIDDLE : MIDDLE + 1], self.parameters.size)))

    def prepare_region(self, frames: Pixels, boxes: np.ndarray) -> np.ndarray:
        """Return the warped crop of the middle frame (1, size, size) grey uint8."""
        middle = slice(MIDDLE, MIDDLE + 1)
        return _grey(np.asarray(self._crops(frames[middle], boxes[middle], self.parameters.size)))

    def _forward(self, clips: torch.Tensor) -> torch.Tensor:
        return clips.flatten(1).float() / 255

    def facts(self) -> Json:
        """Return what made the features."""
        return {**super().facts(), "layer": "pixels", "frame": MIDDLE, "channel_order": "grey", "mean": 0, "std": 255}


def _grey(images: np.ndarray) -> np.ndarray:
    return np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images])
