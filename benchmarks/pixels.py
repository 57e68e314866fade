"""Decoding against the bare decoder, and detection against the bare network."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from measure import Row, clock_of, cpu_clock, side_by_side

from wsstad import config, video
from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Manifest, artefact_path
from wsstad.artefacts.manifest import Row as ManifestRow
from wsstad.video.decoding import decode


def street(count: int, width: int = 320, height: int = 240) -> Iterator[np.ndarray]:
    """Yield frames of eight boxes that move over a noisy background."""
    random = np.random.default_rng(0)
    background = random.integers(60, 120, (height, width, 3), dtype=np.uint8)
    place, speed = random.uniform(0, [width, height], (8, 2)), random.normal(0, 2, (8, 2))
    colours = random.integers(0, 256, (8, 3), dtype=np.uint8)
    for frame in range(count):
        image = background + random.integers(0, 6, (height, width, 1), dtype=np.uint8)
        for (x, y), colour in zip((place + frame * speed) % [width - 40, height - 30], colours, strict=True):
            image[int(y) : int(y) + 30, int(x) : int(x) + 40] = colour
        yield image


def decoding(folder: Path, source: Path | None, *, frames: int, repeats: int) -> tuple[list[Row], list[np.ndarray]]:
    """Measure decode and reading on one thread; return the rows and the first 64 frames."""
    if source is None:
        source = folder / "street.mp4"
        video.write_video(source, street(frames), fps=Fraction(30), crf=28, gop=250)
    digest = video.source_digest(source)
    settings = {"store": "h264", "damaged": "keep", "max_pixels": 33_000_000, "crf": 18}
    store = artefact_path(folder, "street", digest, ".mp4")

    def run(kind: str) -> storage.Artefact:
        return decode(source, digest, store=store, settings={**settings, "store": kind})

    artefact = run("h264")
    written = storage.write_artefact(store.with_suffix(".h5"), artefact, kind="frames", key=digest)
    manifest = Manifest(folder, {"street": ManifestRow("street", digest, written)})
    opened = video.open_frames(manifest, "street", source)

    def read() -> None:
        for _ in opened.read():
            pass

    rows = []
    for what, work, path in (
        ("source to index", lambda: run("index"), source),
        ("source to store (decode and encode)", lambda: run("h264"), source),
        ("store to RGB frames, in order", read, store),
    ):
        bare, name = bare_decoder(path)
        taken, limit = side_by_side([work, bare], repeats=repeats, clock=cpu_clock)
        rows.append(Row("decode", what, opened.n_frames / taken, opened.n_frames / limit, "frames/CPU-s", name))
    return rows, list(opened.read(0, 64))


class Images:
    """Frames that are in memory, for a detector to read."""

    def __init__(self, images: list[np.ndarray]) -> None:
        self.images, self.n_frames = images, len(images)

    def read(self) -> Iterator[np.ndarray]:
        """Yield the frames in order."""
        return iter(self.images)


def bare_decoder(path: Path) -> tuple[Callable[[], object], str]:
    """Return what only decodes a file on one thread, pixels untouched: ffmpeg where there is one, else PyAV."""
    if program := shutil.which("ffmpeg"):
        command = [program, "-v", "error", "-threads", "1", "-i", str(path), "-map", "0:v:0", "-f", "null", "-"]
        return lambda: subprocess.run(command, check=True), "ffmpeg -f null, with its start"

    def walk() -> None:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type, stream.thread_count = "NONE", 1
            for _ in container.decode(stream):
                pass

    return walk, "PyAV decode, pixels untouched (no ffmpeg here)"


def detection(variant: Path, weights: Path, images: list[np.ndarray], *, device: str, repeats: int) -> list[Row]:
    """Measure a YOLO detector against the forward passes of its network on tensors that are ready."""
    import torch

    from wsstad.perception.detectors.letterbox import Letterbox
    from wsstad.perception.detectors.parameters import YoloParameters
    from wsstad.perception.detectors.yolo import YoloDetector

    parameters = YoloParameters(**config.load_yaml(variant))
    detector = YoloDetector(parameters, weights, device=device, threads=1)
    size = parameters.batch
    images = images[: len(images) // size * size] or [images[0]] * size
    place = Letterbox.of(*images[0].shape[:2], parameters.image_size)
    pixels = place.empty(len(images))
    for image, picture in zip(images, pixels, strict=True):
        place.draw(image, picture)
    ready = (torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float() / 255).split(size)

    def forward() -> None:
        with torch.inference_mode():
            for batch in ready:
                detector._network.forward(batch)

    clock, second = clock_of(device)
    taken, limit = side_by_side([lambda: list(detector.detect(Images(images))), forward], repeats=repeats, clock=clock)
    what = f"{variant.stem}, {pixels.shape[2]}x{pixels.shape[1]}, batches of {size}"
    return [Row("detect", what, len(images) / taken, len(images) / limit, f"images/{second}", "the network alone")]
