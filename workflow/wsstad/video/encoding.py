"""Write H.264 whose GOP i is clip i of the clip grid, with the same bytes for the same frames."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from wsstad.artefacts import storage
from wsstad.structures.clips import CLIP_FRAMES
from wsstad.video.pixels import from_rgb

LARGEST_SIDE = 16_384  # pixels that libx264 takes
TICK = Fraction(1, 90_000)  # seconds, where the rate is not constant


def write_video(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    fps: int | Fraction,
    crf: int,
    preset: str = "superfast",
    gop: int = CLIP_FRAMES,
) -> None:
    """Write RGB uint8 frames (height, width, 3) as an mp4, whole or not at all; the same frames give the same bytes.

    Odd sizes grow by one repeated row or column. `crf` 0 is lossless but for the subsampling of colour to yuv420p.
    """
    pictures = (from_rgb(frame) for frame in frames)
    encode(path, pictures, fps=Fraction(fps), crf=crf, preset=preset, gop=gop)


def encode(
    path: Path,
    pictures: Iterable[av.VideoFrame],
    *,
    fps: Fraction,
    crf: int,
    preset: str = "superfast",
    gop: int = CLIP_FRAMES,
) -> int:
    """Write yuv420p pictures of one even size as a constant-rate mp4 with closed GOPs; return how many."""
    options = {
        "crf": str(crf),
        "preset": preset,
        "tune": "fastdecode",
        "g": str(gop),
        "keyint_min": str(gop),
        "sc_threshold": "0",
        "bf": "0",
        "flags": "+cgop+bitexact",
    }
    return write_h264(path, pictures, fps=fps, options=options)


def write_h264(
    path: Path,
    pictures: Iterable[av.VideoFrame],
    *,
    fps: Fraction,
    options: dict[str, str],
    ticks: Sequence[int] | None = None,
    aspect: Fraction = Fraction(1),
    movflags: str = "",
) -> int:
    """Write yuv420p pictures of one even size as an mp4, whole or not at all; return how many.

    `options` are those of libx264: with ``bitexact`` among them the same pictures give the same bytes. The rate is
    constant, or frame i is shown from ticks[i] to ticks[i + 1], of `TICK` seconds each. `aspect` is that of a pixel.
    """
    count, muxing = 0, {"movflags": movflags} if movflags else {}
    tick = 1 / fps if ticks is None else TICK
    with storage.atomic(path) as temporary, av.open(str(temporary), "w", format="mp4", options=muxing) as container:
        stream = None
        for picture in pictures:
            if stream is None:
                stream = _open_stream(container, picture, fps, tick, options)
                if aspect != 1:
                    stream.codec_context.sample_aspect_ratio = aspect
            picture.pts, picture.time_base = count if ticks is None else ticks[count], tick
            picture.pict_type = 0  # the encoder, not the source, places key frames
            _mux(container, stream.encode(picture), ticks)
            count += 1
        if stream is None:
            raise ValueError(f"{path}: no frame to write")
        _mux(container, stream.encode(None), ticks)
    return count


def _mux(container: av.container.OutputContainer, packets: list[av.Packet], ticks: Sequence[int] | None) -> None:
    """Write packets, each with the time for which its frame is shown where that is no constant."""
    if ticks is not None:
        for packet in packets:
            place = bisect_left(ticks, packet.pts or 0)
            packet.duration = ticks[place + 1] - ticks[place]
    container.mux(packets)


def _open_stream(
    container: av.container.OutputContainer,
    picture: av.VideoFrame,
    fps: Fraction,
    tick: Fraction,
    options: dict[str, str],
) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuv420p"
    context = stream.codec_context
    context.time_base = tick
    context.colorspace, context.color_range = picture.colorspace, picture.color_range
    context.thread_type, context.thread_count = "NONE", 1
    context.options = options
    return stream
