"""The clips of videos that features are wanted of: what is read, what the network takes, what becomes of a video."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
import torch

from wsstad.artefacts import manifest, storage
from wsstad.artefacts.shards import Outcome
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError, QuarantineError
from wsstad.jsonable import Facts
from wsstad.perception.clip_regions import hashes
from wsstad.perception.extractors.base import Extractor, Pixels
from wsstad.video import Frames

log = logging.getLogger(__name__)

PART = 8  # clips that one process reads in one go
ClipPart = tuple[int, np.ndarray | None]  # a clip, and the boxes (n, 16, 4) in it of which features are missing


class VideoClips:
    """The clips of one video that features are wanted of, and the features that are there.

    Parameters
    ----------
    clip, boxes : (n,) and (n, 16, 4); `boxes` is None for whole images.
    known : features that need no computing, by hash.
    arrays, origin : go into the artefact beside the features; `origin` says how they are made.
    seekable : whether any clip can be read without those before it.
    cropper : the extractor, where it makes its inputs of whole clips on its device.
    """

    def __init__(
        self,
        video: str,
        clip: np.ndarray,
        boxes: np.ndarray | None,
        *,
        known: Mapping[bytes, np.ndarray],
        arrays: Mapping[str, np.ndarray],
        origin: Facts,
        seekable: bool = False,
        cropper: Extractor | None = None,
    ) -> None:
        self.video, self._clip, self._boxes = video, clip, boxes
        self._seekable, self._cropper = seekable, cropper
        self._arrays, self._origin = arrays, origin
        self._hash = hashes(clip, boxes)
        self._names = [row.tobytes() for row in self._hash]
        # Equal boxes in the same clip, such as a union box with one visible member, are one computation.
        first = {name: i for i, name in reversed(list(enumerate(self._names)))}
        self._features = {name: feature for name, feature in known.items() if name in first}
        self.missing = sorted(
            (i for name, i in first.items() if name not in self._features), key=lambda i: (clip[i], i)
        )
        self.reused = len(self._features)
        self._error: QuarantineError | None = None
        self._awaited = len(self.missing)

    def parts(self, *, divided: bool) -> list[list[ClipPart]]:
        """Return the clips of which a feature is missing, with the boxes; divided, where any clip can be sought."""
        clips = [(clip, self._boxes_of(rows)) for clip, rows in self._by_clip()]
        step = PART if divided and self._seekable else max(len(clips), 1)
        return [clips[first : first + step] for first in range(0, len(clips), step)]

    def place(self, arrays: Iterator[np.ndarray]) -> Iterator[tuple[int, Pixels, int]]:
        """Yield row and network input of each missing feature, and 1 with the first of a clip."""
        for _, rows in self._by_clip():
            inputs: Iterator[Pixels] = arrays
            if self._cropper:
                images = self._cropper.on_device(next(arrays))
                inputs = _inputs(self._cropper, images, self._boxes_of(rows))
            for row, pixels in zip(rows, inputs, strict=False):
                yield row, pixels, int(row == rows[0])

    def _by_clip(self) -> Iterator[tuple[int, list[int]]]:
        for clip, rows in groupby(self.missing, key=lambda i: int(self._clip[i])):
            yield clip, list(rows)

    def _boxes_of(self, rows: list[int]) -> np.ndarray | None:
        return None if self._boxes is None else self._boxes[rows]

    def take(self, row: int, feature: np.ndarray) -> None:
        """Take the feature (d,) float16 of a missing row."""
        self._features[self._names[row]] = feature
        self._awaited -= 1

    def fail(self, error: QuarantineError) -> None:
        """Give the video up."""
        self._error = error

    @property
    def complete(self) -> bool:
        """Whether nothing more will come."""
        return self._error is not None or not self._awaited

    def outcome(self) -> Outcome:
        """Return the artefact; or the error, if there was one or if a feature is not finite."""
        if self._error is not None:
            return self.video, self._error
        features = np.stack([self._features[name] for name in self._names])
        bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
        if len(bad):
            reason = f"{len(bad)} of {len(features)} features are not finite, the first of clip {self._clip[bad[0]]}"
            return self.video, QuarantineError("F201", reason)
        names = {} if self._boxes is None else {"hash": self._hash}
        arrays = {"features": features, **self._arrays, **names}
        return self.video, Artefact(arrays, {"clips": len(features)}, origin=dict(self._origin))


class ClipReader:
    """Reads the clips of videos, each of them once, and makes the network's inputs; `whole` leaves that to `place`."""

    def __init__(self, open_frames: Callable[[str], Frames], extractor: Extractor, *, whole: bool = False) -> None:
        self._open, self._extractor, self._whole = lru_cache(maxsize=1)(open_frames), extractor, whole

    def __call__(self, video: str, part: Sequence[ClipPart]) -> Iterator[np.ndarray]:
        """Yield what `VideoClips.place` takes for a part."""
        frames = self._open(video)
        for clip, boxes in part:
            images = frames.clip(clip)
            if self._whole:
                yield images
            else:
                yield from map(np.asarray, _inputs(self._extractor, images, boxes))


def _inputs(extractor: Extractor, images: Pixels, boxes: np.ndarray | None) -> Iterator[Pixels]:
    """Yield the network's input for a clip's whole images, or for each of its `boxes` (n, 16, 4)."""
    if boxes is None:
        yield extractor.prepare_image(images)
    else:
        yield from extractor.prepare_regions(images, boxes)


def in_half(features: np.ndarray) -> np.ndarray:
    """Return features as they are kept, in float16: what it cannot hold becomes infinite, and is found by `outcome`."""
    half: np.ndarray = torch.from_numpy(features).half().numpy()  # as NumPy does, in a fraction of the time
    return half


class KnownFeatures:
    """The features of regions that stand in artefacts below a folder, whichever detector and linker they were made for.

    They are taken over by the hash of clip and boxes, from artefacts with the same extraction key alone: same code,
    extractor, weights, frames and kind of device. The folder is looked into anew for each video, since jobs side by
    side may want the same regions.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, video: str, extraction_key: str) -> dict[bytes, np.ndarray]:
        """Return the features (d,) of a video's regions by hash."""
        known: dict[bytes, np.ndarray] = {}
        for path in sorted(self._folder.rglob(f"{video}.{'?' * manifest.KEY_LENGTH}{manifest.ARTEFACT_SUFFIX}")):
            try:
                origin = storage.read_facts(path, kind="region_features").origin
                if origin.get("extraction_key") != extraction_key:
                    continue
                arrays = storage.read_artefact(path, kind="region_features", names=["hash", "features"]).arrays
            except DamagedError as error:
                log.info("not taken over: %s", error)
                continue
            known.update(zip((row.tobytes() for row in arrays["hash"]), arrays["features"], strict=True))
        return known
