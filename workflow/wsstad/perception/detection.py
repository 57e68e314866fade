"""Detection: every frame of a video becomes the boxes that a detector sees in it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wsstad import video
from wsstad.artefacts import shards
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.storage import Artefact
from wsstad.perception.detectors.base import Detector
from wsstad.progress import Progress
from wsstad.structures import detections


def detect_all(
    detector: Detector, videos: Sequence[str], frames: Manifest, paths: Mapping[str, Path], *, label: str
) -> Iterator[shards.Outcome]:
    """Yield the detections of each of `videos`, whose raw files are `paths`."""
    total = sum(frames.rows[video].counts["frames"] for video in videos)
    with Progress(label, total, "frames") as progress:
        yield from shards.one_by_one(videos, lambda name: detect(detector, frames, name, paths[name], progress))


def detect(detector: Detector, frames: Manifest, name: str, path: Path, progress: Progress) -> Artefact:
    """Return the detections in all frames of one video."""
    pixels = video.open_frames(frames, name, path)
    detected = list(progress.each(detector.detect(pixels)))
    arrays = detections.to_arrays(detected, width=pixels.width, height=pixels.height)
    meta = {"classes": detector.classes, "boxes": len(arrays["score"])}
    return Artefact(arrays, meta, origin={"detector": detector.parameters.model_dump()})
