"""Read the frames of any source: a video file, or a folder of images.

The demuxer is chosen by the content of a file and never by its name, so that no text file can make the decoder open
other files. One decoding thread: only then are the frames of a damaged stream the same on every machine.
"""

import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import av
import cv2
import numpy as np

from wsstad.artefacts import storage
from wsstad.errors import QuarantineError
from wsstad.structures.clips import MIN_CLIP_FRAMES
from wsstad.video import declared
from wsstad.video.pixels import from_rgb, to_even_yuv

IMAGE_SUFFIXES = {".tif", ".tiff", ".png", ".jpg", ".jpeg"}
# A folder of images does not say how fast it was filmed; nothing but the play-back speed of the store depends on it.
FALLBACK_FPS = Fraction(25)
# A file is cut when what it holds is this much shorter than what its header says, and by more than a frame.
WHOLE = Fraction(98, 100)

T = TypeVar("T")
av.logging.set_level(av.logging.ERROR)
av.logging.set_skip_repeated(False)


class Picture(NamedTuple):
    """One upright frame: yuv420p padded to even sides, its true size, and its time in seconds."""

    image: av.VideoFrame
    width: int
    height: int
    seconds: float


class Source:
    """What files and folders share: the facts gathered while the frames go by, and the verdict at their end.

    Attributes
    ----------
    container : demuxer, or "images". fps : nominal frames a second. rotation : counterclockwise degrees that were
        applied. pts : seconds of every frame. errors : packets or images with which something was wrong.
        corrupt_frames : frames that the decoder gave and called corrupt. expected, reached : seconds that the file
        claims to have, and how far it goes. `container` is known at once, `fps` from the first frame on, the rest when
        `pictures` is exhausted.
    """

    container: str
    fps: Fraction = FALLBACK_FPS

    def __init__(self, path: Path, max_pixels: int) -> None:
        self.path, self.max_pixels = path, max_pixels
        self.pts: list[float] = []
        self.width = self.height = self.rotation = 0
        self.errors = self.corrupt_frames = 0
        self.expected = self.reached = Fraction(0)

    def pictures(self) -> Iterator[Picture]:
        """Yield every decodable frame in display order; raise `QuarantineError` when the size changes."""
        for picture in self._decode():
            size = (picture.width, picture.height)
            if not self.pts:
                self.width, self.height = size
            elif size != (self.width, self.height):
                before = f"{self.width}x{self.height}"
                raise QuarantineError("V107", f"frame {len(self.pts)} is {size[0]}x{size[1]}, earlier ones {before}")
            self.pts.append(picture.seconds)
            yield picture

    def images(self, damaged: str = "quarantine") -> Iterator[av.VideoFrame]:
        """Yield the images of `pictures`, then raise as `judge` does: whoever writes them must keep nothing then."""
        for picture in self.pictures():
            yield picture.image
        self.judge(damaged)

    def judge(self, damaged: str) -> None:
        """Raise `QuarantineError` when what `pictures` gave should not be used.

        `damaged` is "quarantine", or "keep" for what can be decoded of a video with errors, or cut short.
        """
        strict, n_frames = damaged == "quarantine", len(self.pts)
        if not n_frames:
            raise QuarantineError("V104", f"no frame can be decoded ({self.errors} errors)")
        if strict and self.reached < min(WHOLE * self.expected, self.expected - 1 / self.fps):
            raise QuarantineError("V108", f"{float(self.reached):.2f} s of {float(self.expected):.2f} s are there")
        if strict and (self.errors or self.corrupt_frames):
            raise QuarantineError("V105", f"{self.errors} errors, {self.corrupt_frames} corrupt of {n_frames} frames")
        if n_frames < MIN_CLIP_FRAMES:
            raise QuarantineError("V106", f"{n_frames} frames")

    def _decode(self) -> Iterator[Picture]:
        raise NotImplementedError

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > self.max_pixels:
            raise QuarantineError("V109", f"{width}x{height} is more than {self.max_pixels} pixels")


class FileSource(Source):
    """The first moving video stream of a file."""

    def __init__(self, path: Path, max_pixels: int) -> None:
        super().__init__(path, max_pixels)
        if not path.stat().st_size:
            raise QuarantineError("V102", "empty file")
        with open(path, "rb") as file:
            self.container = _sniff(file.read(400))

    def _decode(self) -> Iterator[Picture]:
        with self._open() as container:
            stream = _moving(container)
            if stream.codec_context is None:
                raise QuarantineError("V104", "unknown codec")
            self._check_pixels(stream.codec_context.width, stream.codec_context.height)
            self.fps = _nominal_rate(stream)
            self.expected = Fraction(container.duration or 0, av.time_base)
            stream.thread_type, stream.thread_count = "NONE", 1
            for packet in self._packets(container, stream):
                for frame in self._attempt(partial(stream.codec_context.decode, packet)) or []:
                    yield self._picture(frame)
        if self.container == "mpegts":
            self.errors += _holes(self.pts)

    def _open(self) -> av.container.InputContainer:
        with av.logging.Capture() as messages:
            try:
                container = av.open(f"file:{self.path}", format=self.container, metadata_errors="replace")
            except av.error.FFmpegError as error:
                raise QuarantineError("V101", f"{self.container} cannot be opened: {error.strerror}") from error
        # Only the demuxer's word counts here: the codecs have merely been tried out, those of the sound included.
        reported = [name.split(",") for level, name, _ in messages if level <= av.logging.ERROR]
        self.errors += any(self.container in names for names in reported)
        return container

    def _packets(self, container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet | None]:
        """Yield the packets of `stream`, then None, and note how far all streams together go."""
        packets = container.demux([other for other in container.streams if not _is_picture(other)])
        while (packet := self._attempt(partial(next, packets, None))) is not None:
            if packet.pts is not None and packet.time_base:
                self.reached = max(self.reached, (packet.pts + (packet.duration or 0)) * packet.time_base)
            if packet.stream_index == stream.index and packet.size:
                self.errors += packet.is_corrupt
                yield packet
        yield None

    def _attempt(self, call: Callable[[], T]) -> T | None:
        """Return what `call` gives, and count an error when it fails, or says on the decoder's log that it should have.

        The log, because much that a demuxer skips and a decoder paints over is reported nowhere else.
        """
        with av.logging.Capture() as messages:
            try:
                return call()
            except av.error.FFmpegError:
                messages.append((av.logging.ERROR, "", ""))
                return None
            finally:
                self.errors += any(level <= av.logging.ERROR for level, _, _ in messages)

    def _picture(self, frame: av.VideoFrame) -> Picture:
        self._check_pixels(frame.width, frame.height)
        self.corrupt_frames += bool(frame.is_corrupt)
        if frame.pts is not None and frame.time_base is not None:
            seconds = float(frame.pts * frame.time_base)
        else:
            seconds = self.pts[-1] + float(1 / self.fps) if self.pts else 0.0
        self.rotation = frame.rotation % 360
        return Picture(*to_even_yuv(frame, self.rotation), seconds)


class FolderSource(Source):
    """A folder of images, one a frame, in natural order."""

    container = "images"

    def __init__(self, path: Path, max_pixels: int) -> None:
        super().__init__(path, max_pixels)
        self.files = list_images(path)
        if not self.files:
            raise QuarantineError("V102", f"no image ({', '.join(sorted(IMAGE_SUFFIXES))}) in the folder")

    def _decode(self) -> Iterator[Picture]:
        for number, file in enumerate(self.files):
            whole = declared.check_picture(file, self.max_pixels)
            bgr = cv2.imdecode(np.fromfile(file, dtype=np.uint8), cv2.IMREAD_COLOR) if whole else None
            if bgr is None:
                self.errors += 1
                continue
            height, width = bgr.shape[:2]
            self._check_pixels(width, height)
            yield Picture(from_rgb(bgr[:, :, ::-1]), width, height, float(number / self.fps))


def open_source(path: Path, max_pixels: int = sys.maxsize) -> Source:
    """Return the source at `path`; raise `QuarantineError` when it is empty or of an unknown kind."""
    if kind := declared.special(path):
        raise QuarantineError("V101", f"{kind}, not a file")
    return FolderSource(path, max_pixels) if path.is_dir() else FileSource(path, max_pixels)


def source_digest(path: Path) -> str:
    """Return the sha256 of a file's bytes, or of the names and digests of a folder's images.

    What is no file is not read: of a FIFO or a device it is that of those words.
    """
    if kind := declared.special(path):
        return hashlib.sha256(kind.encode()).hexdigest()
    if not path.is_dir():
        return storage.file_digest(path)
    facts = [[file.name, declared.special(file) or storage.file_digest(file)] for file in list_images(path)]
    return hashlib.sha256(storage.canonical_json(facts).encode()).hexdigest()


def list_images(folder: Path) -> list[Path]:
    """Return the images of a folder in natural order: 2.png comes before 10.png; hidden ones and folders are left out.

    What is called an image and is no file, such as a link to nothing, is one that cannot be read.
    """
    names = [p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith(".")]
    names = [path for path in names if not path.is_dir()]
    return sorted(names, key=lambda p: (natural_key(p.name), p.name))


def natural_key(name: str) -> list[int | str]:
    """Return a sort key in which runs of digits count as numbers.

    >>> sorted(["a10", "a9", "b1"], key=natural_key)
    ['a9', 'a10', 'b1']
    """
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _sniff(head: bytes) -> str:
    """Return the demuxer for a file that begins with `head`."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    # Packets of 188 bytes, or of 192 with a time code before each.
    if any(head[at : at + 1] == head[at + size : at + size + 1] == b"G" for at, size in ((0, 188), (4, 192))):
        return "mpegts"
    raise QuarantineError("V101", "neither mp4/mov, avi, mkv/webm nor mpegts, by its first bytes")


def _moving(container: av.container.InputContainer) -> av.VideoStream:
    for stream in container.streams.video:
        if not _is_picture(stream):
            return stream
    raise QuarantineError("V103", "no video stream")


def _is_picture(stream: av.stream.Stream) -> bool:
    """Tell whether a stream is a cover picture, as the second stream of many surveillance mp4s is."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _holes(pts: list[float]) -> int:
    """Return how often a transport stream skips a frame: lost packets often leave no trace but the gap in time."""
    steps = np.diff(pts)
    return int((steps > 1.5 * np.median(steps)).sum()) if len(steps) else 0


def _nominal_rate(stream: av.VideoStream) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate or FALLBACK_FPS
    return min(max(Fraction(rate).limit_denominator(1001), Fraction(1)), Fraction(1000))
