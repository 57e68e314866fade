"""What all extractors share: the crop of a region, the fixed batch, the answer to a full GPU."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception import device_pixels
from wsstad.perception.extractors.parameters import ExtractorParameters

log = logging.getLogger(__name__)

Pixels = np.ndarray | torch.Tensor  # on the CPU, or on a device

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
        self._threads = threads
        self.begin()
        cv2.setNumThreads(threads)
        if self.device == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
            torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
        self._micro_batch = self.batch
        self._load(weights_folder)

    def begin(self) -> None:
        """Make this thread of Python one in which the network may run: each has a number of threads of its own."""
        torch.set_num_threads(self._threads)

    @abstractmethod
    def _load(self, weights_folder: Path) -> None:
        """Make the network."""

    @abstractmethod
    def prepare_image(self, frames: Pixels) -> Pixels:
        """Return what `features` takes, uint8, for the whole image of a clip: frames (16, h, w, 3) RGB uint8."""

    @abstractmethod
    def prepare_region(self, frames: Pixels, boxes: np.ndarray) -> Pixels:
        """Return what `features` takes, uint8, for each frame's own box, `boxes` (16, 4)."""

    @property
    def crops_on_device(self) -> bool:
        """Whether inputs are made on a GPU, of clips that lie there: where scaling is linear, to the same bytes."""
        return self.device != "cpu" and self.parameters.interpolation == "linear"

    def on_device(self, frames: np.ndarray) -> torch.Tensor:
        """Return the frames of a clip (16, h, w, 3) uint8 where the network is; `prepare_*` take them there too."""
        return torch.tensor(frames, device=self.device)

    def prepare_regions(self, frames: Pixels, boxes: np.ndarray) -> Iterator[Pixels]:
        """Yield what `prepare_region` returns for each of `boxes` (n, 16, 4) in the same clip."""
        return (self.prepare_region(frames, one) for one in boxes)

    def _scaled(self, frames: Pixels, size: tuple[int, int]) -> Pixels:
        """Return whole frames (n, h, w, 3) scaled to `size`, width and height."""
        if isinstance(frames, torch.Tensor):
            return device_pixels.cut(frames, device_pixels.whole(frames), size)
        how = INTERPOLATIONS[self.parameters.interpolation]
        return np.stack([cv2.resize(frame, size, interpolation=how) for frame in frames])

    def _warp(self, frames: Pixels, size: int) -> Pixels:
        """Return whole frames (n, h, w, 3) warped to (n, size, size, 3)."""
        return self._scaled(frames, (size, size))

    def _crops(self, frames: Pixels, boxes: np.ndarray, size: int) -> Pixels:
        """Return the crops of `boxes` (n, 4) from frames (n, h, w, 3), warped to (n, size, size, 3)."""
        options = self.parameters
        if isinstance(frames, torch.Tensor):
            sides = (frames.shape[2], frames.shape[1])
            places = torch.from_numpy(crop_places(boxes, margin=options.margin, sides=sides))
            return device_pixels.cut(frames, places, (size, size))
        return crops(frames, boxes, margin=options.margin, size=size, interpolation=options.interpolation)

    @abstractmethod
    def _forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Return features (n, dimension) float32 of n prepared clips, uint8."""

    def facts(self) -> Json:
        """Return what made the features, preprocessing and weights included, as JSON."""
        return {**self.parameters.model_dump(), "dimension": self.dimension, "device": self.device}

    def features_of(self, clips: Sequence[Pixels]) -> np.ndarray:
        """Return the `features` of clips that need not be in one array or tensor."""
        if isinstance(clips, np.ndarray):
            return self.features(clips)
        return self.features((torch if isinstance(clips[0], torch.Tensor) else np).stack(list(clips)))

    def features(self, clips: Pixels) -> np.ndarray:
        """Return features (n, dimension) float32 of up to `batch` prepared clips; the batch is filled up with zeros."""
        if len(clips) > self.batch:
            raise ValueError(f"{len(clips)} clips for a batch of {self.batch}")
        filled = torch.as_tensor(clips)
        if len(clips) < self.batch:
            filled = torch.cat([filled, filled.new_zeros((self.batch - len(clips), *clips.shape[1:]))])
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


def crops(
    frames: Sequence[np.ndarray] | np.ndarray, boxes: np.ndarray, *, margin: float, size: int, interpolation: str
) -> np.ndarray:
    """Return (n, size, size, 3): of each of n frames the part in its box, (n, 4), grown by `margin` of its sides.

    A box is clipped to the frame and rounded outwards to whole pixels; of one that is empty or lies outside, the
    nearest pixel is left.
    """
    places = crop_places(boxes, margin=margin, sides=frames[0].shape[1::-1]).tolist()
    how = INTERPOLATIONS[interpolation]
    done = np.empty((len(places), size, size, 3), dtype=np.uint8)
    for frame, (left, top, right, bottom), crop in zip(frames, places, done, strict=True):
        cv2.resize(frame[top:bottom, left:right], (size, size), dst=crop, interpolation=how)
    return done


def crop_places(boxes: np.ndarray, *, margin: float, sides: tuple[int, ...]) -> np.ndarray:
    """Return left, top, right, bottom (n, 4) of the crops of `boxes` (n, 4); `sides` are a frame's width and height."""
    low, high = boxes[:, :2].astype(np.float64), boxes[:, 2:].astype(np.float64)
    grow = margin * np.maximum(high - low, 0)
    ends = np.array(sides)
    # Not `np.clip`, which takes several times as long for numbers so few.
    first = np.maximum(np.minimum(np.floor(low - grow).astype(np.int64), ends - 1), 0)
    stop = np.maximum(np.minimum(np.ceil(high + grow).astype(np.int64), ends), first + 1)
    return np.concatenate([first, stop], axis=1)
