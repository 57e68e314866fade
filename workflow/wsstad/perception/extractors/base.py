"""What all extractors share: the crop of a region, the fixed batch, the answer to a full GPU."""

import logging
import math
from abc import ABC, abstractmethod
from pathlib import Path

import cv2
import numpy as np
import torch

from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception.extractors.parameters import ExtractorParameters

log = logging.getLogger(__name__)

INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC, "area": cv2.INTER_AREA}


class Extractor(ABC):
    """Turns clips of 16 frames into one feature each.

    Attributes
    ----------
    dimension : length of a feature.
    batch : how many clips the network always runs at once, so that no bit of a feature depends on its neighbours.
    """

    dimension: int

    parameters: ExtractorParameters

    def __init__(
        self, parameters: ExtractorParameters, weights_folder: Path, *, device: str = "auto", threads: int = 1
    ) -> None:
        """Raise `UserError` for weights that are absent or not the ones named."""
        self.parameters, self.batch = parameters, parameters.batch
        self.device = pick_device(device)
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        if self.device == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
            torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
        self._micro_batch = self.batch
        self._load(weights_folder)

    @abstractmethod
    def _load(self, weights_folder: Path) -> None:
        """Make the network."""

    @abstractmethod
    def prepare_image(self, frames: np.ndarray) -> np.ndarray:
        """Return what `features` takes, uint8, for the whole image of a clip: frames (16, h, w, 3) RGB uint8."""

    @abstractmethod
    def prepare_region(self, frames: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Return what `features` takes, uint8, for each frame's own box, `boxes` (16, 4)."""

    @abstractmethod
    def _forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Return features (n, dimension) float32 of n prepared clips, uint8."""

    def facts(self) -> Json:
        """Return what made the features, preprocessing and weights included, as JSON."""
        return {**self.parameters.model_dump(), "dimension": self.dimension, "device": self.device}

    def features(self, clips: np.ndarray) -> np.ndarray:
        """Return features (n, dimension) float32 of up to `batch` prepared clips; the batch is filled up with zeros."""
        if len(clips) > self.batch:
            raise ValueError(f"{len(clips)} clips for a batch of {self.batch}")
        filled = torch.zeros((self.batch, *clips.shape[1:]), dtype=torch.uint8)
        filled[: len(clips)] = torch.from_numpy(clips)
        while True:
            try:
                with torch.inference_mode():
                    parts = [self._forward(part.to(self.device)).cpu() for part in filled.split(self._micro_batch)]
                return torch.cat(parts)[: len(clips)].numpy()
            except torch.OutOfMemoryError:
                if self._micro_batch == 1:
                    raise
                self._micro_batch //= 2
                log.warning("GPU out of memory: from here on in parts of %d clips", self._micro_batch)
                torch.cuda.empty_cache()


def pick_device(name: str) -> str:
    """Return the device to use: a GPU for "auto" where there is one; raise `UserError` for one that is not there."""
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise UserError("--device: 'cuda' is not available; allowed: cpu, auto")
    return "cuda" if available and name != "cpu" else "cpu"


def crop(frame: np.ndarray, box: np.ndarray, *, margin: float, size: int, interpolation: str) -> np.ndarray:
    """Return the part of a frame in `box`, grown by `margin` of its sides on each side, warped to `size` x `size`.

    The box is clipped to the frame and rounded outwards to whole pixels; of one that is empty or lies outside, the
    nearest pixel is left.
    """
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = (float(value) for value in box)
    grow_x, grow_y = margin * max(x2 - x1, 0), margin * max(y2 - y1, 0)
    left, right = _whole(x1 - grow_x, x2 + grow_x, width)
    top, bottom = _whole(y1 - grow_y, y2 + grow_y, height)
    return cv2.resize(frame[top:bottom, left:right], (size, size), interpolation=INTERPOLATIONS[interpolation])


def _whole(low: float, high: float, length: int) -> tuple[int, int]:
    """Return where the part of an axis from `low` to `high` begins and ends, in whole pixels, at least one."""
    first = min(max(math.floor(low), 0), length - 1)
    return first, min(max(math.ceil(high), first + 1), length)
