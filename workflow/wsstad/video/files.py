"""Video files: the stream that ffmpeg would take, its frames, its times, and whatever was wrong with them.

The demuxer is chosen by the content of a file and never by its name, so that no text file can make the decoder open
other files. One decoding thread: only then are the frames of a damaged stream the same on every machine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

import av
import numpy as np

from wsstad.errors import QuarantineError
from wsstad.video import clock, containers, riff, transport
from wsstad.video.clock import Clock
from wsstad.video.pixels import orientation, to_even_yuv
from wsstad.video.source import FALLBACK_FPS, Picture, Source

# ffmpeg's choice of a stream: one that the file calls its default counts as if it had so many pixels more.
DEFAULT_COUNTS = 5_000_000
FROM_ZERO = {"matroska", "flv"}  # whose length is counted from 0 on, by some writers, and not from the first frame
PROMISES = {"mov", "avi"}  # which hold a count or an index of their frames
NEIGHBOURS = 9  # frames whose usual step tells whether one of them is a gap; more would miss a change of rate
GAP = 1.5  # times the usual step

T = TypeVar("T")
av.logging.set_level(av.logging.ERROR)
av.logging.set_skip_repeated(False)


@dataclass
class _Span:
    """When the packets of a stream begin and end, in its ticks of `tick` seconds: fractions would take long."""

    tick: Fraction
    first: int
    last: int = 0

    @property
    def begins(self) -> Fraction:
        """The time of the first packet, in seconds."""
        return self.first * self.tick

    @property
    def ends(self) -> Fraction:
        """When the last packet is over, in seconds."""
        return self.last * self.tick


class FileSource(Source):
    """The frames of a video file."""

    def __init__(self, path: Path, max_pixels: int) -> None:
        super().__init__(path, max_pixels)
        if not path.stat().st_size:
            raise QuarantineError("V102", "empty file")
        kind = containers.sniff(path)
        if kind is None:
            hint = "ffmpeg -i <file> -c copy <new>.mkv makes one of what ffmpeg can read"
            raise QuarantineError("V101", f"none of {containers.KNOWN}, by its first bytes; {hint}")
        self.container = kind
        self._ticks: list[int | None] = []
        self._tick, self._last, self._seams = Fraction(1), 0, 0

    def clock(self) -> Clock:
        """Return the times of the frames, when `pictures` is exhausted."""
        is_joined = self.container == "mpeg" or self._seams > 0
        return clock.read(self._ticks, self._tick, fps=self.fps, last=self._last, is_joined=is_joined)

    def _decode(self) -> Iterator[Picture]:
        with self._open() as container:
            stream = choose_stream(container)
            if stream.codec_context is None:
                raise QuarantineError("V104", "unknown codec")
            self._check_pixels(stream.codec_context.width, stream.codec_context.height)
            self.fps = _nominal_rate(stream)
            self._tick = stream.time_base or self._tick
            self.expected = Fraction(container.duration or 0, av.time_base)
            if self.container in PROMISES:
                self.promised = stream.frames if self.container == "mov" else riff.count_frames(self.path, stream.index)
            stream.thread_type, stream.thread_count = "NONE", 1
            for packet in self._packets(container, stream):
                for frame in self._attempt(partial(stream.codec_context.decode, packet)) or []:
                    yield self._picture(frame)
            self.aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or self.aspect
            if self.container == "mpegts":
                self._look_for_seams(stream.id)

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
        spans: dict[int, _Span] = {}
        claimed = self.expected
        while (packet := self._attempt(partial(next, packets, None))) is not None:
            if packet.pts is not None:
                span = spans.get(packet.stream_index)
                if span is None:
                    span = spans[packet.stream_index] = _Span(packet.time_base or Fraction(0), packet.pts + 1)
                if packet.pts < span.first:  # as that of the first packet is
                    span.first = packet.pts
                    first = min((other.begins for other in spans.values() if other.tick), default=claimed)
                    if self.container in FROM_ZERO and 0 <= first < claimed:
                        self.expected = claimed - first
                span.last = max(span.last, packet.pts + (packet.duration or 0))
            if packet.stream_index == stream.index and packet.size:
                self.errors += packet.is_corrupt and self.container != "mpegts"  # there the counters tell more
                self.packets += 1
                yield packet
        if timed := [span for span in spans.values() if span.tick]:
            ends, begins = [span.ends for span in timed], [span.begins for span in timed]
            self.reached = max(Fraction(0), *ends) - min(begins)
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
        self._ticks.append(frame.pts)
        # A transport stream gives no durations: what stands there is a guess at its rate.
        self._last = (frame.duration or 0) if self.container in ("mov", "matroska") else 0
        self.orientation = orientation(frame)
        return Picture(*to_even_yuv(frame, self.orientation))

    def _look_for_seams(self, pid: int) -> None:
        """Count what is missing: steps in time that are too long, where the counters of the packets leap too."""
        with open(self.path, "rb") as file:
            packets = transport.find_packets(file.read(containers.HEAD))
        seams = transport.count_seams(self.path, packets, pid) if packets else transport.Seams(0, 0)
        self._seams = seams.clean + seams.torn
        self.gaps = seams.torn + min(_gaps(self.clock().edges), seams.clean)


def choose_stream(container: av.container.InputContainer) -> av.VideoStream:
    """Return the stream that ffmpeg takes: no cover picture, the default one of the file, then the largest."""
    moving = [stream for stream in container.streams.video if not _is_picture(stream)]
    if not moving:
        raise QuarantineError("V103", "no video stream")

    def rank(stream: av.VideoStream) -> int:
        is_default = bool(stream.disposition & av.stream.Disposition.default)
        pixels = stream.codec_context.width * stream.codec_context.height if stream.codec_context else 0
        return pixels + DEFAULT_COUNTS * is_default

    return max(moving, key=rank)  # the first of those alike


def _is_picture(stream: av.stream.Stream) -> bool:
    """Tell whether a stream is a cover picture, as the second stream of many surveillance mp4s is."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _gaps(edges: np.ndarray) -> int:
    """Return how many frames come later than those around them; a change of rate is no gap."""
    steps = np.diff(edges)
    if len(steps) < 2:
        return 0
    if len(steps) > NEIGHBOURS // 2:
        padded = np.pad(steps, NEIGHBOURS // 2, mode="reflect")
        usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS), axis=1)
    else:
        usual = np.median(steps)
    return int((steps > GAP * usual).sum())


def _nominal_rate(stream: av.VideoStream) -> Fraction:
    rate = Fraction(stream.average_rate or stream.guessed_rate or FALLBACK_FPS)
    if rate < 1:  # a frame every few seconds, or every few hours
        return 1 / max((1 / rate).limit_denominator(1001), Fraction(1))
    return min(rate.limit_denominator(1001), Fraction(1000))
