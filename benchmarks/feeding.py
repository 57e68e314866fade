"""How busy a network is while processes read for it: a network that sleeps as long as a GPU would compute.

`python benchmarks/feeding.py` reads made-up footage for `detect` and for `extract` (the image and regions), and prints
how much of its time the network is busy: fed by the process that owns it, and by as many readers as the arithmetic
asks for: pace x what one reads in a second. The pace is one that the cores of this machine can feed; the last columns
say what the pace of an H100 asks for, by the same arithmetic.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

import numpy as np  # noqa: E402 - these need the path above
import torch  # noqa: E402
from measure import publish  # noqa: E402
from pixels import street  # noqa: E402

from wsstad import video  # noqa: E402
from wsstad.artefacts import shards, storage  # noqa: E402
from wsstad.artefacts.manifest import Manifest, Row, artefact_path  # noqa: E402
from wsstad.perception import detection  # noqa: E402
from wsstad.perception.detectors.base import BatchDetector  # noqa: E402
from wsstad.perception.detectors.parameters import DetectorParameters  # noqa: E402
from wsstad.perception.extraction import Extraction  # noqa: E402
from wsstad.perception.extractors.c3d import C3dExtractor  # noqa: E402
from wsstad.perception.extractors.parameters import C3dParameters  # noqa: E402
from wsstad.structures.detections import Detections  # noqa: E402
from wsstad.structures.tubes import Tube, VideoTubes  # noqa: E402
from wsstad.video.decoding import decode  # noqa: E402

H100 = {"detect": 3000.0, "extract": 6400.0, "extract_whole": 6400.0}  # frames, clips a second
KEY = "0" * 16
REGIONS = 3  # a clip
SHARE = 0.7  # of what the readers could read that is asked of them


@dataclass
class Clock:
    """How long a network that sleeps was busy, between which times it was in use, and what else its thread did.

    `own` is CPU seconds, from the first batch on.
    """

    pace: float
    busy: float = 0.0
    first: float = 0.0
    last: float = 0.0
    own: float = 0.0
    inputs: int = 0
    _used: float = 0.0

    def compute(self, n: int) -> None:
        """Sleep as long as a network computes `n` inputs."""
        began = time.perf_counter()
        if self.first:
            self.own, self.inputs = self.own + time.thread_time() - self._used, self.inputs + n
        self.first = self.first or began
        time.sleep(n / self.pace)
        self.last = time.perf_counter()
        self.busy += self.last - began
        self._used = time.thread_time()

    @property
    def share(self) -> float:
        """The share of its time in which the network was busy."""
        return self.busy / (self.last - self.first)


class SleepingDetector(BatchDetector):
    """Sees the same ten boxes in every frame."""

    parameters = DetectorParameters(type="sleeping")
    classes, batch, spans = ["all"], 32, True

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        corners = np.arange(10, dtype=np.float32)[:, None] + np.array([0, 0, 20, 30], dtype=np.float32)
        self.seen = Detections(corners, np.ones(10, dtype=np.float32), np.zeros(10, dtype=np.int16))

    def detect_batch(self, frames: Sequence[np.ndarray]) -> list[Detections]:
        """Return the boxes when the time has come."""
        self.clock.compute(len(frames))
        return [self.seen] * len(frames)


class CuttingExtractor(C3dExtractor):
    """Takes whole clips, as on a device, and gives blank regions of them at once."""

    crops_on_device = True

    def prepare_regions(self, frames: Any, boxes: np.ndarray) -> Iterator[torch.Tensor]:
        """Yield a blank input for each of `boxes`."""
        return (frames.new_zeros((16, 112, 112, 3)) for _ in boxes)


@dataclass
class Footage:
    """Videos in a store, and tubes in them."""

    frames: Manifest
    tubes: Manifest
    paths: dict[str, Path]
    folder: Path

    def first(self, count: int) -> "Footage":
        """Return the first videos."""
        return replace(self, paths=dict(list(self.paths.items())[:count]))

    def detect(self, clock: Clock, workers: int) -> Iterator[shards.Outcome]:
        """Yield the detections of all videos."""
        detector, names = SleepingDetector(clock), list(self.paths)
        return detection.detect_all(detector, names, self.frames, self.paths, label="detect", workers=workers)

    def extract(self, clock: Clock, workers: int) -> Iterator[shards.Outcome]:
        """Yield the features of the regions of all videos, which the readers cut out."""
        return self._extract(C3dExtractor, clock, workers)

    def extract_whole(self, clock: Clock, workers: int) -> Iterator[shards.Outcome]:
        """Yield the same where whole clips go to the device, which cuts them; what that takes is the network's."""
        return self._extract(CuttingExtractor, clock, workers)

    def _extract(self, kind: type[C3dExtractor], clock: Clock, workers: int) -> Iterator[shards.Outcome]:
        extractor: Any = kind(C3dParameters(type="c3d", seed=0, width=8, batch=32), Path(), device="cpu")
        extractor.dimension = 4096

        def network(clips: torch.Tensor) -> torch.Tensor:
            clock.compute(len(clips))
            return torch.ones(len(clips), 4096)

        extractor._forward = network
        extraction = Extraction(self.frames, self.tubes, self.paths, lambda name: KEY)
        return extraction.compute(list(self.paths), extractor, folder=self.folder, label="extract", workers=workers)


def make_footage(folder: Path, videos: int, frames: int) -> Footage:
    """Write videos of 320x240 and decode them into a store; each has three tubes that are as long as it is."""
    rows: dict[str, dict[str, Row]] = {"frames": {}, "tubes": {}}
    paths = {f"v{number}": folder / f"v{number}.mp4" for number in range(videos)}
    settings = {"store": "h264", "damaged": "keep", "max_pixels": 33_000_000, "crf": 18}
    for name, path in paths.items():
        video.write_video(path, street(frames), fps=Fraction(30), crf=28, gop=250)
        store = artefact_path(folder / "frames", name, KEY, ".mp4")
        boxes = np.arange(frames, dtype=np.float32)[:, None] % 32 / 4 + np.array([10, 10, 90, 120], dtype=np.float32)
        tubes = [Tube(0, boxes + 40 * number) for number in range(REGIONS)]
        for kind, artefact in (
            ("frames", decode(path, video.source_digest(path), store=store, settings=settings)),
            ("tubes", storage.Artefact(VideoTubes(frames, 320, 240, np.ones(frames, bool), tubes).to_arrays())),
        ):
            digest = storage.write_artefact(artefact_path(folder / kind, name, KEY), artefact, kind=kind, key=KEY)
            rows[kind][name] = Row(name, KEY, digest, counts={"frames": frames})
    return Footage(
        Manifest(folder / "frames", rows["frames"]), Manifest(folder / "tubes", rows["tubes"]), paths, folder
    )


@dataclass
class Fed:
    """A run: the share of its time in which the network was busy, inputs, wall seconds, CPU seconds of the main thread.

    `beside` is CPU seconds an input of the thread of the network, beside it.
    """

    share: float
    inputs: int
    seconds: float
    own: float
    beside: float


def feed(footage: Footage, stage: str, *, pace: float, workers: int) -> Fed:
    """Run a stage, artefacts and all."""
    clock = Clock(pace)
    outcomes = getattr(footage, stage)(clock, workers)  # which makes the network
    began, used, inputs = time.perf_counter(), time.thread_time(), 0
    kind = "detections" if stage == "detect" else "region_features"
    for name, outcome in outcomes:
        assert isinstance(outcome, storage.Artefact), outcome
        storage.write_artefact(footage.folder / "out" / f"{name}.h5", outcome, kind=kind, key=KEY)
        inputs += footage.frames.rows[name].counts["frames"] if stage == "detect" else len(outcome.arrays["features"])
    seconds, own = time.perf_counter() - began, time.thread_time() - used
    return Fed(clock.share, inputs, seconds, own, clock.own / max(clock.inputs, 1))


def measure(footage: Footage, stage: str, workers: int, repeats: int) -> str:
    """Return the row of a stage."""
    fast, few = 1e9, footage.first(len(footage.paths) // 2)
    feed(few, stage, pace=fast, workers=0)
    alone = feed(footage, stage, pace=fast, workers=0)
    reader = median(
        one.seconds / one.inputs for one in (feed(few, stage, pace=fast, workers=1) for _ in range(repeats))
    )
    pace = SHARE * workers / reader  # by the wall clock, as other programs may hold the cores
    starved = feed(few, stage, pace=pace, workers=0)
    fed = [feed(footage, stage, pace=pace, workers=workers) for _ in range(repeats)]
    beside = median(one.beside for one in fed)
    cells = [
        stage.replace("_", ", "),
        f"{pace:,.0f}",
        f"{starved.share:.0%}",
        f"{workers}: {median(one.share for one in fed):.0%}",
        f"{1000 * alone.own / alone.inputs:.2f}",
        f"{1e6 * beside:.0f}",
        f"{H100[stage]:,.0f}: {ceil(H100[stage] * alone.own / alone.inputs / SHARE)}",
        f"{1 / (1 + H100[stage] * beside):.0%}",
    ]
    return f"| {' | '.join(cells)} |"


HEADS = (
    "stage",
    "pace, a second",
    "busy, no reader",
    "busy, readers",
    "CPU ms an input, read and owned",
    "us an input beside the network, in its thread",
    "H100: readers",
    "H100: busy at most",
)


def main(argv: list[str] | None = None) -> None:
    """Measure, print the table, and write it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=4)
    parser.add_argument("--frames", type=int, default=640, help="of each video")
    parser.add_argument("--readers", type=int, default=1, help="what the pace is made for; cores beside the owner's")
    parser.add_argument("--repeats", type=int, default=3, help="runs behind each median")
    parser.add_argument("--output", type=Path, help="Markdown file to write as well")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    lines = [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|"]
    with tempfile.TemporaryDirectory() as folder:
        footage = make_footage(Path(folder), args.videos, args.frames)
        lines += [measure(footage, stage, args.readers, args.repeats) for stage in H100]
    publish("\n".join(lines) + "\n", args.output)


if __name__ == "__main__":
    main()
