"""Write and check videos that are meant to be looked at: H.264 that a browser plays while it still loads."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from wsstad import storage
from wsstad.video.pixels import from_rgb

SUFFIX = ".mp4"
SECONDS_BETWEEN_KEYS = 2  # how far a viewer may have to wait after a jump


def write(path: Path, frames: Iterable[np.ndarray], *, fps: Fraction, crf: int) -> None:
    """Write RGB uint8 frames (height, width, 3) of one size as a constant-rate yuv420p mp4, whole or not at all."""
    with storage.atomic(path) as temporary, _create(temporary) as container:
        stream = None
        for count, frame in enumerate(frames):
            picture = from_rgb(frame)
            if stream is None:
                stream = _open_stream(container, picture, fps, crf)
            picture.pts, picture.time_base = count, 1 / fps
            container.mux(stream.encode(picture))
        if stream is None:
            raise ValueError(f"{path}: no frame to write")
        container.mux(stream.encode(None))


def facts(path: Path) -> dict[str, Any]:
    """Return what a browser goes by: codec, pixel format, frames, rate, and whether the index stands at the start."""
    with av.open(f"file:{path}", format="mov") as container:
        stream = container.streams.video[0]
        found: dict[str, Any] = {"codec": stream.codec_context.name, "pix_fmt": stream.codec_context.pix_fmt}
        found |= {"frames": stream.frames, "fps": stream.average_rate, "size": (stream.width, stream.height)}
    content = path.read_bytes()
    return {**found, "faststart": 0 < content.find(b"moov") < content.find(b"mdat")}


def _create(path: Path) -> av.container.OutputContainer:
    return av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})


def _open_stream(
    container: av.container.OutputContainer, picture: av.VideoFrame, fps: Fraction, crf: int
) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / fps
    context.colorspace, context.color_range = picture.colorspace, picture.color_range
    # One thread and no word of the encoder's version: the same frames give the same bytes.
    context.thread_type, context.thread_count = "NONE", 1
    keys = str(max(1, round(fps * SECONDS_BETWEEN_KEYS)))
    context.options = {"crf": str(crf), "preset": "veryfast", "g": keys, "flags": "+bitexact"}
    return stream
