"""Give later stages the frames of a decoded video: all in order, any span, any clip."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path

import av
import numpy as np

from wsstad.artefacts import readers, storage
from wsstad.artefacts.manifest import STORE_SUFFIX, Manifest
from wsstad.errors import DamagedError, UserError
from wsstad.structures import clips
from wsstad.video.pixels import to_rgb
from wsstad.video.sources import open_source, source_digest


class Frames:
    """The upright RGB frames of one video, and their times: `edges` (n_frames + 1,) in seconds since the first."""

    def __init__(
        self,
        path: Path,
        images: Callable[[int], Iterator[av.VideoFrame]],
        *,
        n_frames: int,
        width: int,
        height: int,
        edges: np.ndarray,
        aspect: Fraction = Fraction(1),
        max_skip: int,
    ) -> None:
        self.n_frames, self.width, self.height = n_frames, width, height
        self.edges, self.aspect = edges, aspect
        self._path, self._images, self._max_skip = path, images, max_skip
        self._at = n_frames  # the frame that `_ahead` gives next
        self._ahead: Iterator[av.VideoFrame] = iter(())

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """Yield frames `start` .. `stop` - 1 as RGB uint8 (height, width, 3); raise `DamagedError` if cut."""
        stop = self.n_frames if stop is None else min(stop, self.n_frames)
        for image in self._exactly(self._images(start), max(stop - start, 0)):
            yield to_rgb(image, self.width, self.height)

    def clip(self, k: int) -> np.ndarray:
        """Return clip `k` as uint8 (16, height, width, 3), the last frame repeated where the video ends early.

        Clips asked for in rising order are decoded in one pass.
        """
        if not 0 <= k < clips.count_clips(self.n_frames):
            raise IndexError(f"clip {k} of a video of {self.n_frames} frames")
        first = k * clips.CLIP_FRAMES
        count = min(clips.CLIP_FRAMES, self.n_frames - first)
        if 0 <= first - self._at <= self._max_skip:
            next(islice(self._ahead, first - self._at, first - self._at), None)
        else:
            self._ahead = self._images(first)
        clip = np.empty((clips.CLIP_FRAMES, self.height, self.width, 3), dtype=np.uint8)
        for row, image in zip(clip, self._exactly(self._ahead, count), strict=False):
            row[:] = to_rgb(image, self.width, self.height)
        clip[count:] = clip[count - 1]
        self._at = first + count
        return clip

    def _exactly(self, images: Iterator[av.VideoFrame], count: int) -> Iterator[av.VideoFrame]:
        for n_read in range(count):
            image = next(images, None)
            if image is None:
                raise DamagedError(self._path, f"{count - n_read} of {count} frames are missing from the end")
            yield image


def is_seekable(frames: Manifest, video: str) -> bool:
    """Return whether any frame of a video can be read without those before its clip."""
    return frames.path(video, STORE_SUFFIX).is_file()


def open_frames(frames: Manifest, video: str, source: Path) -> Frames:
    """Open the frames of `video`, a row of the manifest that `decode` wrote; `source` is its source path.

    Raises `DamagedError` when the artefact or the store is not what `decode` left; with ``store: index`` `UserError`
    when the source is not what it read.
    """
    artefact = readers.read(frames, video, "frames", ["size", "seconds"])
    n_frames, width, height = (int(number) for number in artefact.arrays["size"])
    if artefact.meta["store"] == "h264":
        path = frames.path(video, STORE_SUFFIX)
        if not path.is_file():
            raise DamagedError(path, "is missing")
        if storage.file_digest(path) != artefact.meta["store_sha256"]:
            raise DamagedError(path, "does not match its digest")
        images, max_skip = partial(_store_images, path, Fraction(artefact.meta["store_fps"])), 0
    else:
        path = source
        if not source.exists() or source_digest(source) != artefact.meta["source_sha256"]:
            raise UserError(f"{source}: missing, or changed since it was decoded; run again")
        images, max_skip = partial(_source_images, source), n_frames
    return Frames(
        path,
        images,
        n_frames=n_frames,
        width=width,
        height=height,
        edges=artefact.arrays["seconds"],
        aspect=Fraction(artefact.meta["aspect"]),
        max_skip=max_skip,
    )


def _store_images(path: Path, fps: Fraction, start: int) -> Iterator[av.VideoFrame]:
    """Yield the pictures of a store from frame `start` on; a seek reaches the key frame of its clip."""
    with av.open(f"file:{path}", format="mov") as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.thread_count = "NONE", 1
        if not stream.time_base:
            raise DamagedError(path, "no time base")
        first = round(start / (fps * stream.time_base))  # a frame has a whole number of ticks
        container.seek(first, stream=stream)
        for image in container.decode(stream):
            if image.pts is None or image.pts >= first:
                yield image


def _source_images(path: Path, start: int) -> Iterator[av.VideoFrame]:
    """Yield the pictures of a source from frame `start` on; all before are decoded, as only their count names them."""
    for picture in islice(open_source(path).pictures(), start, None):
        yield picture.image
