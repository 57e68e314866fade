"""Detection: every frame of a video becomes the boxes that a detector sees in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from wsstad import video
from wsstad.artefacts import readers, shards
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.shards import Outcome
from wsstad.artefacts.storage import Artefact
from wsstad.errors import QuarantineError
from wsstad.perception.detectors.base import BatchDetector, Detector
from wsstad.perception.feeding import batches
from wsstad.progress import Progress
from wsstad.structures import detections
from wsstad.structures.detections import Detections
from wsstad.video import Frames

PART = 128  # frames that one process reads in one go


def detect_all(
    detector: Detector,
    videos: Sequence[str],
    frames: Manifest,
    paths: Mapping[str, Path],
    *,
    label: str,
    workers: int = 0,
) -> Iterator[Outcome]:
    """Yield the detections of each of `videos`, whose raw files are `paths`.

    `workers` processes read for a detector that looks at frames in batches; with 0 this one reads.
    """
    total = sum(frames.rows[video].counts["frames"] for video in videos)

    def open_frames(name: str) -> Frames:
        return video.open_frames(frames, name, paths[name])

    with Progress(label, total, "frames") as progress:
        if not isinstance(detector, BatchDetector):
            yield from shards.one_by_one(videos, lambda name: _detect(detector, open_frames(name), progress))
            return
        yield from batches.compute(
            (VideoFrames(detector, frames, name) for name in videos),
            FrameReader(open_frames),
            detector.detect_batch,
            size=detector.batch,
            seen=progress.add,
            workers=workers,
            spans=detector.spans,
            begin=detector.begin,
        )


def _detect(detector: Detector, frames: Frames, progress: Progress) -> Artefact:
    """Return the detections in all frames of one video."""
    return _artefact(detector, list(progress.each(detector.detect(frames))), frames.width, frames.height)


def _artefact(detector: Detector, detected: list[Detections], width: int, height: int) -> Artefact:
    arrays = detections.to_arrays(detected, width=width, height=height)
    meta = {"classes": detector.classes, "boxes": len(arrays["score"])}
    return Artefact(arrays, meta, origin={"detector": detector.parameters.model_dump()})


class FrameReader:
    """Reads spans of the frames of videos."""

    def __init__(self, open_frames: Callable[[str], Frames]) -> None:
        self._open = lru_cache(maxsize=1)(open_frames)

    def __call__(self, video: str, part: tuple[int, int]) -> Iterator[np.ndarray]:
        """Yield the frames from the first of a part up to its second."""
        return self._open(video).read(*part)


class VideoFrames:
    """The frames of one video, and the detections that are there."""

    def __init__(self, detector: Detector, frames: Manifest, name: str) -> None:
        self.video, self._detector = name, detector
        self._frames, self._n_frames = frames, frames.rows[name].counts["frames"]
        self._detected: dict[int, Detections] = {}
        self._error: QuarantineError | None = None

    def parts(self, *, divided: bool) -> list[tuple[int, int]]:
        """Return the spans to read; several where any frame can be sought."""
        step = PART if divided and video.is_seekable(self._frames, self.video) else self._n_frames
        return [(first, min(first + step, self._n_frames)) for first in range(0, self._n_frames, step)]

    def place(self, arrays: Iterator[np.ndarray]) -> Iterator[tuple[int, np.ndarray, int]]:
        """Yield the number of each frame, its pixels, and 1."""
        for number, pixels in enumerate(arrays):
            yield number, pixels, 1

    def take(self, row: int, result: Detections) -> None:
        """Take the detections of a frame."""
        self._detected[row] = result

    def fail(self, error: QuarantineError) -> None:
        """Give the video up."""
        self._error = error

    @property
    def complete(self) -> bool:
        """Whether nothing more will come."""
        return self._error is not None or len(self._detected) == self._n_frames

    def outcome(self) -> Outcome:
        """Return the artefact, or the error."""
        if self._error is not None:
            return self.video, self._error
        _, width, height = readers.read_arrays(self._frames, self.video, "frames", ["size"])["size"].tolist()
        detected = [self._detected[number] for number in range(self._n_frames)]
        return self.video, _artefact(self._detector, detected, width, height)
