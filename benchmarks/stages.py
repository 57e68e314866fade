"""Time every stage against its limit, on whatever device is there, and print one table.

Rates on a CPU are per CPU-second of one thread, so that other programs matter little; on a GPU per second of the wall
clock. Both sides of a ratio take turns; each number is a median. Data are made up in a temporary folder; `--video`
takes a real video for the decoder and the detector.
"""

import argparse
import logging
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

import arrays  # noqa: E402 - these need the path above
import networks  # noqa: E402
import pixels  # noqa: E402
import scores  # noqa: E402
from measure import Row, publish, table  # noqa: E402

log = logging.getLogger("benchmark")
LIBRARIES = (
    "numpy",
    "av",
    "opencv-python-headless",
    "h5py",
    "lap",
    "torch",
    "torchvision",
    "ultralytics-opencv-headless",
)


def main(argv: list[str] | None = None) -> None:
    """Measure, print the table, and write it where asked to."""
    args = parse(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    device = choose(args.device)
    started = time.monotonic()
    text = f"{describe(device)}\n{table(measure_all(args, device))}"
    text += (
        f"\nTook {time.monotonic() - started:.0f} s. A ratio of 1 is the limit; a rate of 0 did not fit in memory.\n"
    )
    publish(text, args.output)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes and one repeat: does it run at all")
    parser.add_argument("--output", type=Path, help="Markdown file to write as well")
    parser.add_argument("--video", type=Path, help="a real video instead of the made-up one")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the networks run")
    parser.add_argument("--only", nargs="+", choices=STAGES, default=list(STAGES), help="stages to measure")
    parser.add_argument("--detector", type=Path, default=REPOSITORY / "config/detectors/demo_yolo.yaml")
    parser.add_argument("--weights", type=Path, default=REPOSITORY / "config/detectors", help="folder of its weights")
    return parser.parse_args(argv)


STAGES = ("decode", "detect", "link", "storage", "extract", "train", "evaluate")


def choose(device: str) -> str:
    """Return "cuda" or "cpu", and keep PyTorch to one thread."""
    import torch

    torch.set_num_threads(1)
    automatic = "cuda" if torch.cuda.is_available() else "cpu"
    return automatic if device == "auto" else device


def describe(device: str) -> str:
    """Return the device and the versions as a paragraph."""
    import torch

    name = torch.cuda.get_device_name() if device == "cuda" else processor()
    versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    extra = f", CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}" if device == "cuda" else ""
    return f"Device: {name}. Python {platform.python_version()}, {versions}{extra}.\n"


def processor() -> str:
    """Return the name of the CPU where the system tells it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} logical CPUs" if names else platform.processor() or platform.machine()


def measure_all(args: argparse.Namespace, device: str) -> list[Row]:
    """Return the rows of all stages asked for."""
    repeats = 1 if args.quick else 5
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        images = list(pixels.street(32))
        for stage in args.only:
            log.info("measuring %s", stage)
            if stage == "decode":
                frames = 120 if args.quick else 450
                decoded, images = pixels.decoding(Path(folder), args.video, frames=frames, repeats=repeats)
                rows += decoded
            elif stage == "detect":
                rows += pixels.detection(args.detector, args.weights, images, device=device, repeats=repeats)
                rows += networks.detection_sweep(device, quick=args.quick)
            elif stage == "link":
                rows += arrays.linking(frames=200 if args.quick else 2000, repeats=repeats)
            elif stage == "storage":
                rows += arrays.files(Path(folder), repeats=repeats)
            elif stage == "extract":
                rows += networks.extraction(device, quick=args.quick)
            elif stage == "evaluate":
                size = {"videos": 20, "frames": 20_000} if args.quick else {"videos": 290, "frames": 1_100_000}
                rows += scores.evaluation(**size, repeats=repeats)
            else:
                rows += networks.training(device, quick=args.quick)
    return rows


if __name__ == "__main__":
    main()
