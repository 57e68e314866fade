"""Extraction: a feature for each clip of a video's whole image, or for each clip of each tube's region."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wsstad import heartbeat, video
from wsstad.artefacts import readers, shards
from wsstad.artefacts.manifest import Manifest
from wsstad.errors import UserError
from wsstad.perception import clip_features
from wsstad.perception.clip_features import VideoClips
from wsstad.perception.clip_regions import regions
from wsstad.perception.extractors.base import Extractor
from wsstad.perception.feeding import batches
from wsstad.progress import Progress
from wsstad.structures import clips

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Extraction:
    """The videos of a shard: their frames, their tubes (None for whole images), their raw files, and the key of each.

    `extraction_key` names whatever features are made of a video's pixels, whichever regions they are of.
    """

    frames: Manifest
    tubes: Manifest | None
    paths: Mapping[str, Path]
    extraction_key: Callable[[str], str]

    def compute(
        self, videos: Sequence[str], extractor: Extractor, *, folder: Path, label: str, workers: int = 0
    ) -> Iterator[shards.Outcome]:
        """Yield the features of each of `videos`; those that artefacts beside `folder` hold are taken over.

        `workers` processes read and crop, with 0 this one.
        """
        known = clip_features.KnownFeatures(_region_folder(folder))
        total = sum(clips.count_clips(self._n_frames(name)) for name in videos)
        computed = reused = 0

        def wanted() -> Iterator[VideoClips]:
            nonlocal computed, reused
            for name in _rotated(videos, str(folder)):
                video_clips = self._clips(name, extractor, known)
                computed, reused = computed + len(video_clips.missing), reused + video_clips.reused
                heartbeat.note(computed=computed, reused=reused)
                yield video_clips

        with Progress(label, total, "grid clips") as progress:
            reader = clip_features.ClipReader(self._open, extractor, whole=extractor.crops_on_device)
            yield from batches.compute(
                wanted(),
                reader,
                lambda clips: clip_features.in_half(extractor.features_of(clips)),
                size=extractor.batch,
                seen=progress.add,
                workers=workers,
                begin=extractor.begin,
            )
            progress.add(total - progress.done)  # those of which no feature was missing
        kind = "region_features" if self.tubes else "image_features"
        log.info("%s: %d computed, %d taken over", kind, computed, reused)

    def _open(self, name: str) -> video.Frames:
        return video.open_frames(self.frames, name, self.paths[name])

    def _clips(self, name: str, extractor: Extractor, known: clip_features.KnownFeatures) -> VideoClips:
        key = self.extraction_key(name)
        clip, boxes, arrays = self._rows(name)
        return VideoClips(
            name,
            clip,
            boxes,
            known=known.of(name, key) if self.tubes else {},
            arrays=arrays,
            origin={**extractor.facts(), "extraction_key": key},
            seekable=video.is_seekable(self.frames, name),
            cropper=extractor if extractor.crops_on_device else None,
        )

    def _rows(self, name: str) -> tuple[np.ndarray, np.ndarray | None, dict[str, np.ndarray]]:
        """Return the clip (n,) and boxes (n, 16, 4), if any, of each feature wanted, and what to store beside it."""
        n_frames = self._n_frames(name)
        if self.tubes is None:
            return np.arange(clips.count_clips(n_frames), dtype=np.int32), None, {}
        tubes = readers.read_tubes(self.tubes, name)
        if tubes.n_frames != n_frames:
            raise UserError(f"{self.tubes.path(name)}: tubes of {tubes.n_frames} frames, but {name} has {n_frames}")
        tube, clip, boxes = regions(tubes)
        return clip, boxes, {"tube": tube, "clip": clip}

    def _n_frames(self, name: str) -> int:
        return self.frames.rows[name].counts["frames"]


def _rotated(names: Sequence[str], where: str) -> Sequence[str]:
    """Return the videos from another one on in each folder.

    Of two jobs side by side that want the same regions, for two detectors or linkers, each then comes upon those that
    the other has made. No bit of a feature depends on the order.
    """
    first = int(hashlib.sha256(where.encode()).hexdigest(), 16) % len(names)
    return [*names[first:], *names[:first]]


def _region_folder(folder: Path) -> Path:
    """Return the folder that holds the regions' features of all detectors and linkers."""
    return next((parent for parent in folder.parents if parent.name == "region"), folder)
