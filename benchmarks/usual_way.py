"""Our own work a frame, networks aside, against the usual way of doing the same.

Both go from the same clips of UCF-Crime to features of the same tubes, in one process on one thread, with networks that
give constants of the right shapes; so what is timed is all that a GPU would not do. The usual way is in
`plain_chain.py`. `python benchmarks/usual_way.py --data <folder of ucf_crime_sample/> --weights <folder of yolo11n.pt>`
prints CPU milliseconds a frame of each stage, ours / the usual way's, and their ratio. A clip that is not there is
left out, and named.
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

import footage  # noqa: E402 - these need the path above
import numpy as np  # noqa: E402
import plain_chain  # noqa: E402
import torch  # noqa: E402
from measure import cpu_clock, publish, side_by_side  # noqa: E402
from stages import describe  # noqa: E402

from wsstad import config, video  # noqa: E402
from wsstad.artefacts import storage  # noqa: E402
from wsstad.artefacts.manifest import Manifest, Row, artefact_path  # noqa: E402
from wsstad.perception import detection, detectors, extractors, linking  # noqa: E402
from wsstad.perception.detectors import DETECTORS  # noqa: E402
from wsstad.perception.extraction import Extraction  # noqa: E402
from wsstad.perception.extractors.parameters import C3dParameters  # noqa: E402
from wsstad.perception.linkers import LINKERS  # noqa: E402
from wsstad.structures.tubes import VideoTubes  # noqa: E402
from wsstad.video.decoding import decode  # noqa: E402

log = logging.getLogger("usual way")
CLIPS = {
    "RoadAccidents002": "RoadAccidents002_x264",
    "Normal_006": "Normal_Videos_006_x264",
    "RoadAccidents400": "RoadAccidents400_x264",
}
STAGES = ("decode", "detect", "link", "extract image", "extract region")
STORE = {"store": "h264", "damaged": "keep", "max_pixels": 33_000_000, "crf": 18}
KEY = "0" * 16
FEATURE = 4096  # numbers, as C3D's fc6


@dataclass(frozen=True)
class Networks:
    """What both sides use, and what their networks give."""

    detector: Any
    extractor: Any
    predictor: plain_chain.Predictor
    calls: list[int]

    def feature(self, clips: torch.Tensor) -> torch.Tensor:
        """Return a constant feature for each clip, and count them."""
        self.calls[0] += len(clips)
        return torch.ones(len(clips), FEATURE)


@dataclass(frozen=True)
class Sides:
    """One clip, and each stage of both sides as a call; a stage reads what the one before it left."""

    source: Path
    work: Path
    networks: Networks
    linker: Path
    detections: dict[str, np.ndarray]  # of the real network

    @cached_property
    def n_frames(self) -> int:
        """Frames of the clip."""
        return int(self._frames.rows["clip"].counts["frames"])

    @cached_property
    def _frames(self) -> Manifest:
        self.our_decode()
        facts = storage.read_facts(self._path("frames"), kind="frames")
        return Manifest(self.work / "frames", {"clip": Row("clip", KEY, facts.digest, counts=facts.meta)})

    def _path(self, kind: str) -> Path:
        return artefact_path(self.work / kind, "clip", KEY)

    def _write(self, kind: str, artefact: storage.Artefact) -> Manifest:
        digest = storage.write_artefact(self._path(kind), artefact, kind=kind, key=KEY)
        return Manifest(self.work / kind, {"clip": Row("clip", KEY, digest)})

    def our_decode(self) -> None:
        """Decode into the store."""
        digest = video.source_digest(self.source)
        store = artefact_path(self.work / "frames", "clip", KEY, ".mp4")
        self._write("frames", decode(self.source, digest, store=store, settings=STORE))

    def our_detect(self) -> None:
        """Detect all that the constant network sees."""
        ((_, artefact),) = detection.detect_all(
            self.networks.detector, ["clip"], self._frames, {"clip": self.source}, label="detect"
        )
        assert isinstance(artefact, storage.Artefact)
        self._write("constant_detections", artefact)

    @cached_property
    def _detected(self) -> Manifest:
        return self._write("detections", storage.Artefact(self.detections, {"boxes": len(self.detections["score"])}))

    @cached_property
    def tubes(self) -> VideoTubes:
        """The tubes of the clip, of the real network's boxes."""
        return VideoTubes.from_arrays(storage.read_artefact(self._linked.path("clip"), kind="tubes").arrays)

    @cached_property
    def _linked(self) -> Manifest:
        return self.our_link()

    def our_link(self) -> Manifest:
        """Link the real network's boxes."""
        ((_, artefact),) = linking.link(["clip"], self._detected, config.load_variant(self.linker, LINKERS))
        assert isinstance(artefact, storage.Artefact)
        return self._write("tubes", artefact)

    def our_extract(self, tubes: Manifest | None) -> int:
        """Extract the features of the image, or of the regions; return how many clips the network was given."""
        kind = "region_features" if tubes else "image_features"
        before = self.networks.calls[0]
        extraction = Extraction(self._frames, tubes, {"clip": self.source}, lambda name: KEY)
        # An empty folder: what an earlier repetition has left must not be taken over.
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            outcomes = extraction.compute(["clip"], self.networks.extractor, folder=Path(folder), label="extract")
            for _, artefact in outcomes:
                assert isinstance(artefact, storage.Artefact)
                storage.write_artefact(Path(folder) / "features.h5", artefact, kind=kind, key=KEY)
        return self.networks.calls[0] - before

    def works(self) -> Mapping[str, tuple[Callable[[], object], Callable[[], object]]]:
        """Return what each stage of both sides does."""
        images, text, feature = self.work / "images", self.work / "features.txt", self.networks.feature
        tubes = self.tubes.tubes
        plain_chain.write_images(self.source, images)
        return {
            "decode": (self.our_decode, partial(plain_chain.write_images, self.source, images)),
            "detect": (self.our_detect, partial(self.networks.predictor.detect, images, self.n_frames)),
            "link": (self.our_link, partial(plain_chain.track, self.detections)),
            "extract image": (
                partial(self.our_extract, None),
                partial(plain_chain.extract_images, images, self.n_frames, text, feature),
            ),
            "extract region": (
                partial(self.our_extract, self._linked),
                partial(plain_chain.extract_tubes, images, tubes, text, feature),
            ),
        }


def main(argv: list[str] | None = None) -> None:
    """Measure, print the table, and write it where asked to."""
    args = parse(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    torch.set_num_threads(1)
    present = []
    for short in args.clips:
        path = source_of(CLIPS[short], args.data)
        if path.is_file():
            present.append(short)
        else:
            sys.stderr.write(f"{short}: {path} is not there: left out\n")
    if not present:
        raise SystemExit("no clip is there: name the folder that holds ucf_crime_sample/ with --data")
    columns = {short: measure(CLIPS[short], args) for short in present}
    text = f"{describe('cpu')}\n{table(columns, args.only)}"
    publish(text, args.output)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder that holds ucf_crime_sample/")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="folder of yolo11n.pt")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "results/usual_way", help="where detections are kept")
    parser.add_argument("--detector", type=Path, default=REPOSITORY / "config/detectors/yolo11n.yaml", help="a YOLO")
    parser.add_argument("--linker", type=Path, default=REPOSITORY / "config/linkers/iou.yaml", help="whose tubes count")
    parser.add_argument("--clips", nargs="+", choices=CLIPS, default=list(CLIPS), help="clips to measure")
    parser.add_argument("--only", nargs="+", choices=STAGES, default=list(STAGES), help="stages to measure")
    parser.add_argument("--repeats", type=int, default=3, help="runs behind each median")
    parser.add_argument("--output", type=Path, help="Markdown file to write as well")
    return parser.parse_args(argv)


def source_of(name: str, data: Path) -> Path:
    """Return where a clip lies."""
    return data / f"ucf_crime_sample/mp4/{name}.mp4"


def prepare(name: str, args: argparse.Namespace, folder: Path) -> Sides:
    """Return both sides of one clip, which work in a folder."""
    tables = REPOSITORY / "config/datasets/ucf_crime_sample"
    # The real network runs once: its detections are kept.
    kept = footage.detect_in(
        [name], tables, args.data, args.work / name, detector=args.detector.stem, weights=args.weights
    )
    source = source_of(name, args.data)
    return Sides(source, folder, make_networks(source, args), args.linker, kept[name])


def measure(name: str, args: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Return the CPU milliseconds a frame of each stage on one clip, ours and the usual way's, and other facts."""
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        sides = prepare(name, args, Path(folder))
        facts = {
            "frames": (sides.n_frames, sides.n_frames),
            "boxes": (len(sides.detections["score"]) / sides.n_frames,) * 2,
            "tubes": (len(sides.tubes.tubes),) * 2,
        }
        works = sides.works()
        for stage in args.only:
            taken = side_by_side(works[stage], repeats=args.repeats, clock=cpu_clock)
            facts[stage] = (1000 * taken[0] / sides.n_frames, 1000 * taken[1] / sides.n_frames)
        if "extract region" in args.only:
            each = [sum(int(works[stage][side]()) for stage in STAGES[-2:]) for side in (0, 1)]  # type: ignore[call-overload]
            facts["C3D calls"] = (each[0], each[1])
    return facts


def make_networks(source: Path, args: argparse.Namespace) -> Networks:
    """Return detector and extractor whose networks give constants: what the real one sees in the clip's middle."""
    variant = config.load_variant(args.detector, DETECTORS)
    beside = args.detector.parent / str(variant.weights_file)
    weights = beside if beside.is_file() else args.weights / str(variant.weights_file)
    detector: Any = detectors.create(variant, weights.parent)
    middle = _middle_frame(source)
    given: list[torch.Tensor] = []

    def watched(pixels: torch.Tensor) -> torch.Tensor:
        given.append(network.forward(pixels).contiguous())
        return given[-1]

    network = detector._network
    detector._network = replace(network, forward=watched)
    list(detector.detect(_Images([middle])))
    detector._network = replace(network, forward=lambda pixels: given[0])
    parameters = C3dParameters(type="c3d", seed=0, width=8)
    extractor: Any = extractors.create(parameters, Path(), device="cpu", threads=1)
    extractor.dimension = FEATURE
    predictor = plain_chain.Predictor(weights, detector.parameters, given[0][:1])
    networks = Networks(detector, extractor, predictor, [0])
    extractor._network = networks.feature
    return networks


class _Images:
    def __init__(self, images: list[np.ndarray]) -> None:
        self.images, self.n_frames = images, len(images)

    def read(self) -> Any:
        return iter(self.images)


def _middle_frame(source: Path) -> np.ndarray:
    import cv2

    capture = cv2.VideoCapture(str(source))
    capture.set(cv2.CAP_PROP_POS_FRAMES, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) // 2)
    return np.ascontiguousarray(capture.read()[1][:, :, ::-1])


def table(columns: Mapping[str, Mapping[str, tuple[float, float]]], stages: list[str]) -> str:
    """Return CPU milliseconds a frame as a Markdown table, a column a clip."""
    heads = [
        f"{clip}: {facts['frames'][0]:.0f} frames, {facts['boxes'][0]:.1f} boxes a frame, {facts['tubes'][0]:.0f} tubes"
        for clip, facts in columns.items()
    ]
    lines = [f"| ms a frame, ours / usual (ratio) | {' | '.join(heads)} |", "|---" * (len(columns) + 1) + "|"]
    for stage in stages:
        lines.append(f"| {stage} | {' | '.join(_cell(*facts[stage]) for facts in columns.values())} |")
    sums = [[sum(facts[stage][side] for stage in stages) for side in (0, 1)] for facts in columns.values()]
    lines.append(f"| all | {' | '.join(_cell(*pair) for pair in sums)} |")
    if "extract region" in stages:
        calls = [facts["C3D calls"] for facts in columns.values()]
        lines.append(f"| C3D calls | {' | '.join(f'{ours:,.0f} / {usual:,.0f}' for ours, usual in calls)} |")
    return "\n".join(lines) + "\n"


def _cell(ours: float, usual: float) -> str:
    return f"{ours:.2f} / {usual:.2f} ({usual / ours:.1f})"


if __name__ == "__main__":
    main()
