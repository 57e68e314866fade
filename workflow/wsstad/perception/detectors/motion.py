"""Motion: what differs from the empty scene of a fixed camera. It needs no weights."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from wsstad.perception.detectors.base import Pixels
from wsstad.perception.detectors.parameters import MotionParameters
from wsstad.structures.detections import Detections, canonical

# The gain between a frame and the background is measured on every 8th pixel of every 8th row.
GAIN_STEP = 8


class MotionDetector:
    """Compares every frame with the median of frames sampled evenly over the whole video."""

    def __init__(
        self, parameters: MotionParameters, weights_folder: Path, *, device: str = "auto", threads: int = 1
    ) -> None:
        """Take the parameters; there are no weights to look for, and no other device than the CPU."""
        self.parameters = parameters
        self.classes = ["moving"]
        cv2.setNumThreads(threads)

    def detect(self, frames: Pixels) -> Iterator[Detections]:
        """Yield the detections of every frame in order; the video is read twice, first for the background."""
        background = self._background(frames)
        for frame in frames.read():
            yield self._compare(frame, background)

    def _background(self, frames: Pixels) -> np.ndarray:
        """Return the median (height, width, 3) float32 of evenly spaced frames, blurred."""
        count = min(self.parameters.samples, frames.n_frames)
        chosen = set(np.linspace(0, frames.n_frames - 1, count).round().astype(int).tolist())
        sample = [frame for number, frame in enumerate(frames.read()) if number in chosen]
        return self._blur(np.median(np.stack(sample), axis=0).astype(np.float32))

    def _compare(self, frame: np.ndarray, background: np.ndarray) -> Detections:
        options = self.parameters
        picture = self._blur(frame.astype(np.float32))
        ratio = (picture[::GAIN_STEP, ::GAIN_STEP] + 1) / (background[::GAIN_STEP, ::GAIN_STEP] + 1)
        difference = np.abs(picture - background * np.float32(np.median(ratio))).max(axis=2)
        mask = (difference > options.threshold).astype(np.uint8)
        for operation, size in ((cv2.MORPH_OPEN, options.opening), (cv2.MORPH_CLOSE, options.closing)):
            mask = cv2.morphologyEx(mask, operation, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
        count, owners, stats, _ = cv2.connectedComponentsWithStats(mask)
        area = stats[:, cv2.CC_STAT_AREA]
        # Component 0 is everything else, which is nothing at all when the whole picture moves.
        strength = np.bincount(owners.ravel(), weights=difference.ravel(), minlength=count) / np.maximum(area, 1)
        large = 1 + np.flatnonzero(area[1:] >= options.min_area)
        corner, side = stats[large, :2], stats[large, 2:4]
        # A region that differs twice as much as it must is certain.
        scores = np.clip(strength[large] / (2 * options.threshold), 0, 1)
        detections = canonical(
            np.hstack([corner, corner + side]), scores, np.zeros(len(large)), size=(frame.shape[1], frame.shape[0])
        )
        most = options.max_detections
        return Detections(detections.boxes[:most], detections.scores[:most], detections.labels[:most])

    def _blur(self, picture: np.ndarray) -> np.ndarray:
        size = self.parameters.blur
        return cv2.GaussianBlur(picture, (size, size), 0)
