"""What a GPU leaves to gain: compiled and captured C3D, crops and NMS on the device, decoding by NVDEC, the start-up.

`python benchmarks/gpu.py` prints one table; it needs a CUDA device. What each part is compared with is in its row.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

import torch  # noqa: E402 - these need the path above
from measure import Row, clock_of, side_by_side, table  # noqa: E402
from pixels import street  # noqa: E402
from sweeps import PlainC3D, precision, yolo  # noqa: E402

from wsstad import video  # noqa: E402
from wsstad.perception import extractors  # noqa: E402
from wsstad.perception.extractors.base import crop  # noqa: E402
from wsstad.perception.extractors.parameters import I3dParameters  # noqa: E402
from wsstad.perception.networks.c3d import C3D, CLIP, seeded_weights  # noqa: E402

DEVICE = "cuda"
CLOCK = clock_of(DEVICE)[0]
PROCESSORS = 16


def main() -> None:
    """Measure part after part; print each part's rows as soon as they are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    sys.stdout.write(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}\n")
    for name in args.only:
        started = time.monotonic()
        try:
            text = table(list(PARTS[name](args.repeats)))
        except (RuntimeError, OSError, ImportError, ValueError) as error:  # the other parts are still worth having
            text = f"{name} failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}\n"
        sys.stdout.write(f"\n{text}{name} took {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()


def start_up(repeats: int) -> Iterator[Row]:
    """Measure what a job costs before its first clip: imports, the CUDA context, weights on the device."""
    steps = {
        "import torch": "import torch",
        "and a CUDA context": "import torch; torch.zeros(1, device='cuda')",
        "and C3D's weights there": (
            f"import sys; sys.path.insert(0, {str(REPOSITORY / 'workflow')!r}); import torch\n"
            "from wsstad.perception.networks.c3d import C3D, seeded_weights\n"
            "C3D(seeded_weights(0), batch=32, device='cuda')"
        ),
    }
    for what, code in steps.items():
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        yield Row("start", what, time.perf_counter() - started, 0, "s", "")


def c3d_modes(repeats: int, batch: int = 64) -> Iterator[Row]:
    """Compare the project's C3D with plain PyTorch, eager, compiled, and captured as a CUDA graph."""
    weights = seeded_weights(0)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    for name in ("fp32", "tf32", "bf16"):
        with precision(name) as dtype, torch.inference_mode():
            clips = torch.randn(batch, 3, *CLIP, device=DEVICE)
            plain = PlainC3D(weights, dtype=dtype, layout="channels_last_3d", device=DEVICE)
            works: dict[str, Callable[[], object]] = {"plain, eager": lambda net=plain, x=clips: net(x)}
            if name != "tf32":
                network = C3D(weights, batch=batch, device=DEVICE, precision=name)
                works["ours (ReLU after pooling)"] = lambda net=network, x=clips: net(x)
            compiled = torch.compile(plain.__call__)
            works["torch.compile"] = lambda net=compiled, x=clips: net(x)
            works["CUDA graph"] = captured(plain, clips).replay
            taken = side_by_side(list(works.values()), repeats=repeats, clock=CLOCK)
        for what, seconds in zip(works, taken, strict=True):
            yield Row("C3D", f"{name}, batch {batch}, {what}", batch / seconds, batch / taken[0], "clips/s", "eager")


def captured(network: Callable[[torch.Tensor], torch.Tensor], clips: torch.Tensor) -> torch.cuda.CUDAGraph:
    """Return a CUDA graph of one forward pass."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            network(clips)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        network(clips)
    return graph


def detector(repeats: int) -> Iterator[Row]:
    """Compare YOLO11n eager and compiled, and NMS picture by picture with torchvision's batched NMS on all."""
    sizes = ((256, 320), (480, 640))
    for dtype in (torch.float16, torch.float32):
        yield from yolo(sizes=sizes, batches=(1, 8, 32, 128, 256), device=DEVICE, repeats=repeats, dtype=dtype)
    from torchvision.ops import batched_nms
    from ultralytics.utils.nms import non_max_suppression

    batch, anchors = 32, 6300
    random = np.random.default_rng(0)
    raw = np.zeros((batch, 84, anchors), dtype=np.float32)
    raw[:, :2] = random.uniform(0, 480, (batch, 2, anchors))
    raw[:, 2:4] = random.uniform(10, 80, (batch, 2, anchors))
    raw[:, 4] = np.where(random.random((batch, anchors)) < 0.02, random.random((batch, anchors)), 0)
    predictions = torch.from_numpy(raw).to(DEVICE)

    def together() -> object:
        scores, labels = predictions[:, 4:].amax(1), predictions[:, 4:].argmax(1)
        picture, anchor = (scores > 0.25).nonzero(as_tuple=True)
        boxes = predictions[picture, :4, anchor]
        boxes = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], dim=1)
        return batched_nms(boxes, scores[picture, anchor], picture * 100 + labels[picture, anchor], 0.5)

    def one_by_one() -> object:
        return non_max_suppression(predictions, conf_thres=0.25, iou_thres=0.5)

    taken = side_by_side([one_by_one, together], repeats=repeats, clock=CLOCK)
    for what, seconds in zip(("ultralytics, a loop over pictures", "one batched_nms"), taken, strict=True):
        yield Row("NMS", f"{what}, {batch} pictures", batch / seconds, batch / taken[0], "images/s", "the loop")


def crops(repeats: int) -> Iterator[Row]:
    """Compare the crops of 64 tubes of a clip by OpenCV on one processor with roi_align on the device."""
    from torchvision.ops import roi_align

    frames, tubes = np.stack(list(street(CLIP[0]))), 64
    corner = np.random.default_rng(0).uniform(0, [240, 160], (tubes, CLIP[0], 2))
    boxes = np.concatenate([corner, corner + 80], axis=2).astype(np.float32)

    def on_cpu() -> object:
        options = {"margin": 0.0, "size": CLIP[1], "interpolation": "linear"}
        cut = [[crop(frames[k], box, **options) for k, box in enumerate(boxes_of_frame)] for boxes_of_frame in boxes]
        return torch.from_numpy(np.array(cut)).to(DEVICE)

    def on_gpu() -> object:
        pictures = torch.from_numpy(frames).to(DEVICE).permute(0, 3, 1, 2).float()
        where = torch.from_numpy(boxes).to(DEVICE).transpose(0, 1).contiguous()
        return roi_align(pictures, list(where), output_size=CLIP[1], aligned=True)

    taken = side_by_side([on_cpu, on_gpu], repeats=repeats, clock=CLOCK)
    for what, seconds in zip(("OpenCV, one processor", "roi_align"), taken, strict=True):
        yield Row("crop", f"{what}, {tubes} tubes", tubes / seconds, tubes / taken[0], "clips/s", "OpenCV")


def training(repeats: int) -> Iterator[Row]:
    """Compare a step of MGPR at the paper's size with dense autograd and with a plain loop."""
    from train import BAGS, DenseMgpr, PlainLoop, built, random_bags

    from wsstad.learning.batches import Batches
    from wsstad.learning.methods.mgpr import Mgpr

    bags = random_bags(dimension=4096, instances=200)
    batches = Batches(bags, batch_bags=BAGS, max_instances=200, seed=0, device=DEVICE)
    for name in ("fp32", "tf32"):
        with precision(name):
            plain = PlainLoop(4096)
            plain.tube.to(DEVICE), plain.temporal.to(DEVICE)
            max_row, dense = built(Mgpr, 4096, DEVICE), built(DenseMgpr, 4096, DEVICE)
            works: list[Callable[[], object]] = [
                partial(max_row.step, batches.batch(0), batches.generator(0), 0),
                partial(dense.step, batches.batch(0), batches.generator(0), 0),
                partial(plain.step, batches.batch(0)),
            ]
            taken = side_by_side(works, repeats=repeats, clock=CLOCK)
        for what, seconds in zip(("max row (ours)", "dense autograd", "plain loop"), taken, strict=True):
            yield Row(
                "MGPR", f"{name}, 60 bags x 200 x 4096, {what}", 1 / seconds, 1 / taken[2], "steps/s", "plain loop"
            )


def decoding(repeats: int) -> Iterator[Row]:
    """Compare decoding sixteen videos at once on the processors with NVDEC, frames back in memory."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "street.mp4"
        video.write_video(source, street(600), fps=Fraction(30), crf=28, gop=250)

        def walk(hardware: bool) -> int:
            accelerator = av.codec.hwaccel.HWAccel("cuda", allow_software_fallback=False) if hardware else None
            with av.open(str(source), hwaccel=accelerator) as container:
                stream = container.streams.video[0]
                if not hardware:
                    stream.thread_type, stream.thread_count = "NONE", 1
                return sum(1 for _ in container.decode(stream))

        def sixteen(hardware: bool) -> None:
            with ThreadPoolExecutor(PROCESSORS) as pool:
                list(pool.map(walk, [hardware] * PROCESSORS))

        count = walk(hardware=False) * PROCESSORS
        (on_cpu,) = side_by_side([lambda: sixteen(False)], repeats=repeats, clock=CLOCK)
        yield Row("decode", f"{PROCESSORS} threads of the CPU", count / on_cpu, count / on_cpu, "frames/s", "the CPU")
        (on_gpu,) = side_by_side([lambda: sixteen(True)], repeats=repeats, clock=CLOCK)
        yield Row("decode", f"NVDEC, {PROCESSORS} at once", count / on_gpu, count / on_cpu, "frames/s", "the CPU")


def i3d(repeats: int) -> Iterator[Row]:
    """Measure the I3D extractor's network over sizes and batches; none where its weights are not installed."""
    for size in (112, 224):
        for batch in (8, 32, 64):
            parameters = I3dParameters(type="i3d", image_size=size, batch=batch)
            extractor = extractors.create(parameters, Path(), device=DEVICE, threads=1)
            clips = np.random.default_rng(0).integers(0, 256, (batch, CLIP[0], size, size, 3), dtype=np.uint8)
            (taken,) = side_by_side(
                [lambda network=extractor, x=clips: network.features(x)], repeats=repeats, clock=CLOCK
            )
            yield Row("I3D", f"ready clips to features, {size} px, batch {batch}", batch / taken, 0, "clips/s", "")


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "start": start_up,
    "c3d": c3d_modes,
    "i3d": i3d,
    "detector": detector,
    "crops": crops,
    "training": training,
    "decoding": decoding,
}

if __name__ == "__main__":
    main()
