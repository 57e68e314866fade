"""Write and check videos that are meant to be looked at: H.264 that a browser plays while it still loads."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from wsstad.jsonable import Json
from wsstad.structures import times
from wsstad.video.encoding import TICK, write_h264
from wsstad.video.pixels import from_rgb

SUFFIX = ".mp4"
SECONDS_BETWEEN_KEYS = 2  # how far a viewer may have to wait after a jump


def write(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    edges: np.ndarray,
    crf: int,
    aspect: Fraction = Fraction(1),
    preset: str = "veryfast",
) -> None:
    """Write RGB uint8 frames (height, width, 3) of one size as a yuv420p mp4 in real time, whole or not at all.

    Frame i is shown from edges[i] to edges[i + 1], in seconds; `aspect` is the width of a pixel over its height.
    """
    fps = times.mean_rate(edges)
    ticks = None if times.is_regular(edges, fps) else _ticks(edges)
    keys = max(1, round(fps * SECONDS_BETWEEN_KEYS))
    # Of pictures of a few macroblocks x264's tree of macroblocks gives now these bytes, now others.
    options = {"crf": str(crf), "preset": preset, "g": str(keys), "mbtree": "0", "flags": "+bitexact"}
    if ticks is not None:
        options["bf"] = "0"  # the length of a file is computed in the order of decoding
    write_h264(path, map(from_rgb, frames), fps=fps, options=options, ticks=ticks, aspect=aspect, movflags="+faststart")


def _ticks(edges: np.ndarray) -> list[int]:
    """Return times in ticks of the encoder, each later than the one before."""
    ticks = np.round((edges - edges[0]) / float(TICK)).astype(np.int64)
    steps = np.maximum(np.diff(ticks), 1)
    return [0, *np.cumsum(steps).tolist()]


def facts(path: Path) -> Json:
    """Return what a browser goes by: codec, pixel format, frames, rate, and whether the index stands at the start."""
    with av.open(f"file:{path}", format="mov") as container:
        stream = container.streams.video[0]
        result: Json = {"codec": stream.codec_context.name, "pix_fmt": stream.codec_context.pix_fmt}
        result |= {"frames": stream.frames, "fps": stream.average_rate, "size": (stream.width, stream.height)}
    content = path.read_bytes()
    return {**result, "faststart": 0 < content.find(b"moov") < content.find(b"mdat")}
