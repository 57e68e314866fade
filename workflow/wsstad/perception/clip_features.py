"""Features of clips on their way: asked for video by video, computed in batches of a fixed size that span videos."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from wsstad.artefacts import failures, manifest, storage
from wsstad.artefacts.shards import Outcome
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError, QuarantineError
from wsstad.jsonable import Facts
from wsstad.perception.clip_regions import hashes
from wsstad.perception.extractors.base import Extractor
from wsstad.video import Frames

log = logging.getLogger(__name__)


class VideoClips:
    """The clips of one video that features are wanted of, and the features that are there.

    Parameters
    ----------
    clip, boxes : (n,) and (n, 16, 4); `boxes` is None for whole images.
    open_frames : gives the video's frames; not called if every feature is known.
    known : features that need no computing, by hash.
    arrays, origin : go into the artefact beside the features; `origin` says how they are made.
    """

    def __init__(
        self,
        video: str,
        clip: np.ndarray,
        boxes: np.ndarray | None,
        *,
        open_frames: Callable[[], Frames],
        known: Mapping[bytes, np.ndarray],
        arrays: Mapping[str, np.ndarray],
        origin: Facts,
    ) -> None:
        self.video, self._clip, self._boxes, self._open_frames = video, clip, boxes, open_frames
        self._arrays, self._origin = arrays, origin
        self._hash = hashes(clip, boxes)
        # Equal boxes in the same clip, such as a union box with one visible member, are one computation.
        first = {row.tobytes(): i for i, row in reversed(list(enumerate(self._hash)))}
        self._features = {name: feature for name, feature in known.items() if name in first}
        self.missing = sorted(
            (i for name, i in first.items() if name not in self._features), key=lambda i: (clip[i], i)
        )
        self.reused = len(self._features)
        self._error: QuarantineError | None = None
        self._awaited = len(self.missing)

    def prepare(self, extractor: Extractor, seen: Callable[[], None]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield row and network input of each missing feature, reading each clip once; call `seen` after each clip."""
        if not self.missing:
            return
        frames = self._open_frames()
        for clip, rows in groupby(self.missing, key=lambda i: int(self._clip[i])):
            images = frames.clip(clip)
            for row in rows:
                if self._boxes is None:
                    yield row, extractor.prepare_image(images)
                else:
                    yield row, extractor.prepare_region(images, self._boxes[row])
            seen()

    def take(self, row: int, feature: np.ndarray) -> None:
        """Take the feature of a missing row."""
        with np.errstate(over="ignore"):  # what float16 cannot hold is found by `outcome`
            self._features[self._hash[row].tobytes()] = feature.astype(np.float16)
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
        features = np.stack([self._features[row.tobytes()] for row in self._hash])
        bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
        if len(bad):
            reason = f"{len(bad)} of {len(features)} features are not finite, the first of clip {self._clip[bad[0]]}"
            return self.video, QuarantineError("F201", reason)
        names = {} if self._boxes is None else {"hash": self._hash}
        arrays = {"features": features, **self._arrays, **names}
        return self.video, Artefact(arrays, {"clips": len(features)}, origin=dict(self._origin))


Wanted = tuple[VideoClips, int, np.ndarray]  # a video, a row of its features, the network's input


def _extract(batch: Sequence[Wanted], extractor: Extractor) -> None:
    """Give each video its features of a batch; where that fails, each video has to do with its own rows alone."""
    videos = list({id(video): video for video, *_ in batch}.values())
    try:
        features = extractor.features(np.stack([pixels for *_, pixels in batch]))
    except Exception as error:
        if len(videos) == 1:
            videos[0].fail(failures.quarantine(videos[0].video, error))
            return
        for video in videos:
            _extract([row for row in batch if row[0] is video], extractor)
        return
    for (video, row, _), feature in zip(batch, features, strict=True):
        video.take(row, feature)


def compute(videos: Iterable[VideoClips], extractor: Extractor, seen: Callable[[], None]) -> Iterator[Outcome]:
    """Yield the outcome of each video, in order, as soon as its last batch is done; call `seen` for each clip read."""
    waiting: deque[VideoClips] = deque()
    batch: list[Wanted] = []

    def run() -> None:
        _extract(batch, extractor)
        batch.clear()

    def finished() -> Iterator[Outcome]:
        while waiting and waiting[0].complete:
            yield waiting.popleft().outcome()

    for video in videos:
        waiting.append(video)
        try:
            for row, pixels in video.prepare(extractor, seen):
                batch.append((video, row, pixels))
                if len(batch) == extractor.batch:
                    run()
                    yield from finished()
        except Exception as error:
            video.fail(failures.quarantine(video.video, error))
        yield from finished()
    if batch:
        run()
    yield from finished()


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
