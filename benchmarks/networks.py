"""Feature extraction and training on the device that is there; on a GPU also the sweeps."""

from pathlib import Path

import numpy as np
from measure import Row, clock_of, side_by_side
from pixels import street
from train import training as train_step


def extraction(device: str, *, quick: bool) -> list[Row]:
    """Measure C3D and the extractor around it against matrix products of the same precision; on a GPU also sweep."""
    from sweeps import c3d, c3d_agreement, memory, peak_rows, peaks

    from wsstad.perception.networks.c3d import seeded_weights

    sizes, repeats, names = ((1024,), 1, ["fp32"]) if quick else ((1024, 2048, 3072), 3, ["fp32"])
    if device == "cuda":
        sizes, repeats, names = (4096, 8192), 5, ["fp32", "tf32", "bf16"]
    width = 8 if quick else 64
    limits = peaks(sizes=sizes, device=device, repeats=repeats, names=names)
    rows = peak_rows(limits, device=device)
    for name in ("fp32", "bf16") if device == "cuda" else ("fp32",):
        rows += _extractor(name, limits[name], width=width, device=device, repeats=repeats)
    if device == "cuda":
        weights = seeded_weights(0, width)
        rows.append(memory(megabytes=2048, device=device, repeats=repeats))
        rows.append(c3d_agreement(weights, device=device))
        rows += c3d(weights, limits, batches=(1, 8) if quick else (1, 8, 32, 128, 256), device=device, repeats=repeats)
    return rows


def _extractor(precision: str, peak: float, *, width: int, device: str, repeats: int) -> list[Row]:
    """Measure the C3D extractor from frames of 320 x 240 and boxes to features, and its network alone."""
    import torch
    from sweeps import c3d_flops

    from wsstad.perception.extractors.c3d import C3dExtractor
    from wsstad.perception.extractors.parameters import C3dParameters
    from wsstad.perception.networks.c3d import CLIP, seeded_weights

    batch = 64 if device == "cuda" else 2
    given = {"type": "c3d", "seed": 0, "width": width, "precision": precision, "batch": batch}
    extractor = C3dExtractor(C3dParameters(**given), Path(), device=device, threads=1)
    frames = np.stack(list(street(CLIP[0])))
    boxes = np.array([[40 + i, 60, 140 + i, 160] for i in range(CLIP[0])], dtype=np.float32)
    with torch.inference_mode():
        ready = extractor.normalise(torch.zeros(batch, *CLIP, 3, dtype=torch.uint8, device=device))

    def alone() -> None:
        with torch.inference_mode():
            extractor._network(ready)

    def whole() -> None:
        extractor.features(np.stack([extractor.prepare_region(frames, boxes) for _ in range(batch)]))

    clock, second = clock_of(device)
    taken = side_by_side([alone, whole], repeats=repeats, clock=clock)
    limit = peak / c3d_flops(seeded_weights(0, width))
    size = f"{precision}, batch {batch}" + ("" if width == 64 else f", width {width}")
    return [
        Row("extract", f"{what}, {size}", batch / seconds, limit, f"clips/{second}", "matrix product")
        for what, seconds in zip(("C3D to fc6, ready clips", "frames and boxes to fc6"), taken, strict=True)
    ]


def detection_sweep(device: str, *, quick: bool) -> list[Row]:
    """Measure YOLO11n in float16 over batch sizes on a GPU; nothing on a CPU, where `pixels.detection` says it all."""
    if device == "cpu":
        return []
    import torch
    from sweeps import yolo

    batches = (1, 32) if quick else (1, 8, 32, 64, 128, 256)
    return yolo(sizes=((256, 320), (480, 640)), batches=batches, device=device, repeats=5, dtype=torch.float16)


def training(device: str, *, quick: bool) -> list[Row]:
    """Measure MGPR steps: at the size of the paper on a GPU (fp32 and TF32), at one that a CPU bears on a CPU."""
    if device == "cpu":
        dimension, instances = (64, 32) if quick else (256, 200)
        return train_step(dimension=dimension, instances=instances, device=device, repeats=1 if quick else 3)
    from sweeps import precision

    rows = []
    for name in ("fp32", "tf32"):
        with precision(name):
            rows += train_step(dimension=512 if quick else 4096, instances=200, device=device, repeats=5, note=name)
    return rows
