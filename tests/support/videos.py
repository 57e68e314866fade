"""Make small videos, good and bad, and read them the plain way."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

# Container -> what is written into it. With x264's tree of macroblocks such small pictures give now these bytes, now
# others, and the same damage then hits other parts of the file.
KINDS = {
    "mp4": ("mp4", "libx264", {"g": "12", "bf": "2", "mbtree": "0"}),
    "avi": ("avi", "mpeg4", {"b": "600000"}),
    "mkv": ("matroska", "libx264", {"g": "50", "bf": "0", "mbtree": "0"}),
    "ts": ("mpegts", "libx264", {"g": "10", "bf": "1", "mbtree": "0"}),
}


def frames(n, width=64, height=48, seed=0):
    """Return `n` RGB frames of a sliding texture with a square and a little noise."""
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 255, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8).repeat(4, 0).repeat(4, 1)
    result = []
    for number in range(n):
        frame = np.roll(base, number, axis=1)[:height, :width].astype(np.int16)
        x = number % max(width - 8, 1)
        frame[8:16, x : x + 8] = (255, 40, 0)
        result.append(np.clip(frame + rng.integers(-6, 7, frame.shape), 0, 255).astype(np.uint8))
    return result


def write(path, pictures, *, kind="mp4", pix_fmt="yuv420p", rotation=0, tags=None, codec=None):
    """Write RGB frames with plain PyAV, in any container, codec and pixel format."""
    container_format, default_codec, options = KINDS[kind]
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec or default_codec, rate=10, options={} if codec else options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        if rotation:
            stream.set_display_rotation(rotation)
        for rgb in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb))))
        container.mux(stream.encode(None))
    return path


def write_folder(folder, pictures, suffix=".png", *, first=1):
    """Write RGB frames as images called 1.png, 2.png ... 10.png."""
    folder.mkdir()
    for number, rgb in enumerate(pictures, start=first):
        assert cv2.imwrite(str(folder / f"{number}{suffix}"), rgb[:, :, ::-1])
    return folder


def write_audio(path):
    """Write an mp4 that has sound only."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        for number in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16000, number * 1024, Fraction(1, 16000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def plain_planes(path):
    """Return the planes of every frame of the first video stream by plain PyAV: (n, 3) arrays without padding."""
    result = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            result.append(planes(frame))
    return result


def planes(frame):
    """Return the three planes of a planar 8-bit frame."""
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width].copy()
        for plane in frame.planes
    ]


def damage(path, *, flips=0, keep=1.0, seed=0):
    """Flip bytes of a file's second half, cut its tail."""
    content = bytearray(path.read_bytes())
    where = np.random.default_rng(seed).integers(len(content) // 2, len(content) * 9 // 10, size=flips)
    for position in where:
        content[position] ^= 0xFF
    path.write_bytes(content[: round(len(content) * keep)])
    return path


def tables(folder, paths):
    """Write a dataset's videos.tsv, and a shard map with one shard; `paths` has the path of every video."""
    folder.mkdir(exist_ok=True)
    rows = [f"{video}\t{path}\tnormal\tNormal" for video, path in paths.items()]
    (folder / "videos.tsv").write_text("\n".join(["video\tpath\tlabel\tclass", *rows]) + "\n")
    shard_map = Path(folder) / "shards.tsv"
    shard_map.write_text("\n".join(["video\tshard", *(f"{video}\t000" for video in paths)]) + "\n")
    return shard_map


# The flags of `decode` that the rules always pass, with the defaults of the configuration.
DECODE_FLAGS = ["--store", "h264", "--crf", "18", "--damaged", "quarantine", "--max-pixels", "33000000"]
