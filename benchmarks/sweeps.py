"""What a GPU can do: its peaks, C3D and YOLO over precisions, memory layouts and batch sizes.

Every function also runs on a CPU, with small sizes, which is how the code is checked where there is no GPU.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from measure import Row, clock_of, seconds, side_by_side
from torch import Tensor

from wsstad.perception.networks.c3d import CLIP, CONVOLUTIONS

# Name -> dtype, and whether float32 products may use TF32.
PRECISIONS = {"fp32": (torch.float32, False), "tf32": (torch.float32, True), "bf16": (torch.bfloat16, False)}
LAYOUTS = {"NCDHW": torch.contiguous_format, "channels_last_3d": torch.channels_last_3d}


@contextmanager
def precision(name: str) -> Iterator[torch.dtype]:
    """Give the dtype of a precision, with TF32 allowed inside the block or not."""
    dtype, tf32 = PRECISIONS[name]
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    try:
        yield dtype
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def matmul_flops(name: str, *, size: int, device: str, repeats: int) -> float:
    """Return the FLOP/s of a product of two square matrices."""
    with precision(name) as dtype:
        a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
        (taken,) = side_by_side([lambda: a @ b], repeats=repeats, clock=clock_of(device)[0])
    return 2 * size**3 / taken


def peaks(
    *, sizes: Sequence[int], device: str, repeats: int, names: Sequence[str] = tuple(PRECISIONS)
) -> dict[str, float]:
    """Return the FLOP/s of matrix products by precision, of the fastest size."""
    return {
        name: max(matmul_flops(name, size=size, device=device, repeats=repeats) for size in sizes) for name in names
    }


def peak_rows(peaks: Mapping[str, float], *, device: str) -> list[Row]:
    """Return the peaks as rows without a limit."""
    unit = f"GFLOP/{clock_of(device)[1]}"
    return [Row("peak", f"{name} matrix product", flops / 1e9, 0, unit, "") for name, flops in peaks.items()]


def memory(*, megabytes: int, device: str, repeats: int) -> Row:
    """Measure a copy of memory, bytes read and bytes written."""
    source = torch.empty(megabytes << 20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    clock, second = clock_of(device)
    (taken,) = side_by_side([lambda: target.copy_(source)], repeats=repeats, clock=clock)
    return Row("peak", f"copy of {megabytes} MiB", 2 * source.numel() / taken / 1e9, 0, f"GB/{second}", "")


class PlainC3D:
    """C3D as plain PyTorch calls on weights of one dtype and memory layout, ReLU after each pooling."""

    def __init__(self, weights: Mapping[str, np.ndarray], *, dtype: torch.dtype, layout: str, device: str) -> None:
        self.dtype, self.memory_format = dtype, LAYOUTS[layout]
        self.weights = {name: torch.from_numpy(array).to(device, dtype) for name, array in weights.items()}
        for name, weight in self.weights.items():
            if weight.ndim == 5:
                self.weights[name] = weight.contiguous(memory_format=self.memory_format)

    def __call__(self, clips: Tensor) -> Tensor:
        """Return fc6, (n, dimension), of clips (n, 3, 16, 112, 112)."""
        x = clips.to(self.dtype).contiguous(memory_format=self.memory_format)
        for name, _, _, window in CONVOLUTIONS:
            x = F.conv3d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], padding=1)
            x = (F.max_pool3d(x, window, ceil_mode=True) if window else x).relu_()
        x = x.contiguous().flatten(1)
        return F.linear(x, self.weights["fc6.weight"], self.weights["fc6.bias"]).relu_()


def c3d_flops(weights: Mapping[str, np.ndarray]) -> int:
    """Return the FLOP of one clip, a multiplication and an addition each counted."""
    (time, side, _), total = CLIP, 0
    for name, _, _, window in CONVOLUTIONS:
        total += 2 * weights[f"{name}.weight"].size * time * side * side
        if window:
            time, side = -(-time // window[0]), -(-side // window[1])
    return total + 2 * weights["fc6.weight"].size


def c3d(
    weights: Mapping[str, np.ndarray],
    limits: Mapping[str, float],
    *,
    batches: Sequence[int],
    device: str,
    repeats: int,
) -> list[Row]:
    """Measure clips a second through a plain C3D for every precision, memory layout and batch size.

    The limit is `limits`, the FLOP/s of matrix products by precision.
    """
    # The limit may use the fastest algorithm, whichever that is; the extractor may not.
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    clock, second = clock_of(device)
    flops = c3d_flops(weights)
    rows = []
    for name, layout in itertools.product(limits, LAYOUTS):
        with precision(name) as dtype, torch.inference_mode():
            network = PlainC3D(weights, dtype=dtype, layout=layout, device=device)
            for batch in batches:
                clips = torch.randn(batch, 3, *CLIP, device=device)
                taken = _fits(lambda net=network, clips=clips: net(clips), repeats=repeats, clock=clock)
                what = f"plain C3D to fc6, {name}, {layout}, batch {batch}"
                rate = batch / taken if taken else 0.0
                rows.append(Row("extract", what, rate, limits[name] / flops, f"clips/{second}", "matrix product"))
    return rows


def c3d_agreement(weights: Mapping[str, np.ndarray], *, device: str) -> Row:
    """Measure the smallest cosine between the bf16 and the fp32 features of four random clips."""
    clips = torch.randn(4, 3, *CLIP, device=device)
    features: list[Tensor] = []
    for name in ("fp32", "bf16"):
        with precision(name) as dtype, torch.inference_mode():
            network = PlainC3D(weights, dtype=dtype, layout="channels_last_3d", device=device)
            features.append(network(clips).float())
    cosine = float(torch.cosine_similarity(features[0], features[1]).min())
    return Row("extract", "fc6 in bf16 against fp32, smallest of 4 clips", cosine, 1.0, "cosine", "equal features")


def yolo(
    *, sizes: Sequence[tuple[int, int]], batches: Sequence[int], device: str, repeats: int, dtype: torch.dtype
) -> list[Row]:
    """Measure images a second through a YOLO11n with random weights, for pictures of `sizes` (height, width)."""
    from wsstad.perception.detectors import yolo as door

    door.prepare_environment()
    from ultralytics import YOLO

    network = YOLO("yolo11n.yaml", task="detect", verbose=False).model.fuse(verbose=False).eval()
    network = network.to(device=device, dtype=dtype, memory_format=torch.channels_last)
    clock, second = clock_of(device)
    rows = []
    for height, width in sizes:
        rates: dict[int, float] = {}
        for batch in batches:
            pixels = torch.rand(batch, 3, height, width, device=device).to(dtype, memory_format=torch.channels_last)
            with torch.inference_mode():
                taken = _fits(lambda pixels=pixels: network(pixels), repeats=repeats, clock=clock)
            rates[batch] = batch / taken if taken else 0.0
        best = max(rates.values())
        kind = str(dtype).removeprefix("torch.")
        for batch, rate in rates.items():
            what = f"YOLO11n alone, {kind}, {width}x{height}, batch {batch}"
            rows.append(Row("detect", what, rate, best, f"images/{second}", "the best batch size"))
    return rows


def _fits(work: Callable[[], object], *, repeats: int, clock: Callable[[], float]) -> float:
    """Return the median seconds of `work`, 0 where the GPU has too little memory for it."""
    try:
        # Twice before it counts: cuDNN tries its algorithms in the first passes.
        seconds(work, clock)
        return side_by_side([work], repeats=repeats, clock=clock)[0]
    except torch.cuda.OutOfMemoryError:
        torch.cuda.empty_cache()
        return 0.0
