"""Linking against the bare solver, artefacts against bare files."""

import os
from functools import partial
from itertools import pairwise
from pathlib import Path

import lap
import numpy as np
from measure import Row, cpu_clock, side_by_side

from wsstad.artefacts import storage
from wsstad.perception import linkers
from wsstad.perception.linkers import LINKERS
from wsstad.perception.linkers.base import Linker
from wsstad.structures import boxes as box
from wsstad.structures.detections import canonical, to_arrays

MIN_IOU, SIZE = 0.3, (320, 240)


def crowd(n: int, frames: int, *, missed: float = 0.05) -> dict[str, np.ndarray]:
    """Return "detections" arrays, in a detector's order, of `n` objects that walk over a 320 x 240 frame.

    They are missed now and then.
    """
    random = np.random.default_rng(n)
    place, speed = random.uniform(0, [280, 200], (n, 2)), random.normal(0, 1.5, (n, 2))
    size = random.uniform(8, 40, (n, 2))
    detections = []
    for _ in range(frames):
        place = place + speed
        speed = np.where((place < 0) | (place > [279, 199]), -speed, speed)
        place = np.clip(place, 0, [279, 199])
        corners = np.hstack([place, place + size]) + random.normal(0, 0.5, (n, 4))
        detections.append(corners[random.random(n) > missed])
    canonicals = [
        canonical(boxes, random.integers(1100, 4097, len(boxes)) / 4096, np.zeros(len(boxes)), size=SIZE)
        for boxes in detections
    ]
    return to_arrays(canonicals, width=SIZE[0], height=SIZE[1])


def linking(*, frames: int, repeats: int) -> list[Row]:
    """Measure each linker against one matrix of IoUs and one gated solution by lap for each pair of frames."""
    rows = []
    for n in (4, 10, 30):
        arrays = crowd(n, frames if n < 30 else frames // 4)
        total = int(arrays["size"][0])
        by_frame = np.split(arrays["boxes"], np.searchsorted(arrays["frame"], np.arange(1, total)))

        def solve(by_frame: list[np.ndarray] = by_frame) -> None:
            for before, after in pairwise(by_frame):
                lap.lapjv(1 - box.iou(before, after), extend_cost=True, cost_limit=1 - MIN_IOU)

        kinds = [(name, kinds) for name in ("iou", "motion") for kinds in (["unary"], ["unary", "multivariate"])]
        works = [partial(_linker(*it).link, arrays) for it in kinds]
        *taken_by_kind, limit = side_by_side([*works, solve], repeats=repeats, clock=cpu_clock)
        for (name, kind), taken in zip(kinds, taken_by_kind, strict=True):
            what = f"{name}, {n} boxes a frame, {' and '.join(kind)} tubes"
            rows.append(Row("link", what, total / taken, total / limit, "frames/CPU-s", "numpy IoU and lap, no tubes"))
    return rows


def _linker(name: str, kinds: list[str]) -> Linker:
    return linkers.create(LINKERS[name].parameters(type=name, kinds=tuple(kinds), min_iou=MIN_IOU))


def files(folder: Path, *, repeats: int) -> list[Row]:
    """Measure an artefact of 2000 x 4096 float16 features against the same bytes in a bare file."""
    features = np.random.default_rng(0).random((2000, 4096), dtype=np.float32).astype(np.float16)
    path, bare = folder / "features.h5", folder / "features.raw"
    artefact = storage.Artefact({"features": features})

    def write() -> None:
        with open(bare, "wb") as file:
            file.write(features.data)
            file.flush()
            os.fsync(file.fileno())

    megabytes = features.nbytes / 1e6
    works = [
        lambda: storage.write_artefact(path, artefact, kind="image_features", key="benchmark"),
        write,
        lambda: storage.read_artefact(path, kind="image_features"),
        lambda: np.fromfile(bare, dtype=np.float16),
        lambda: storage.array_digest(features),
    ]
    written, write_limit, read, read_limit, digest = side_by_side(works, repeats=repeats, clock=cpu_clock)
    unit = "MB/CPU-s"
    return [
        Row("storage", "write HDF5, with digests", megabytes / written, megabytes / write_limit, unit, "write a file"),
        Row("storage", "read HDF5, digests checked", megabytes / read, megabytes / read_limit, unit, "read a file"),
        Row("storage", "read HDF5, digests checked", megabytes / read, megabytes / digest, unit, "sha256 of the array"),
    ]
