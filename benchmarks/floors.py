"""What each stage costs a frame beside its network, and what of it no program on this processor can leave out.

Beside each stage stand the bare operations on the same bytes, one library call after the other with nothing around
them: decoding (PyAV, pixels untouched), the H.264 encoder, colour conversion, OpenCV's resize, the conversion to
float32, the choice of boxes (maximum over classes, `nms`), the writing of the same arrays by h5py; and all of them in
the order of the stage, which costs more than their sum, as each takes the caches from the next. `python
benchmarks/floors.py --data <folder of ucf_crime_sample/> --weights <folder of yolo11n.pt>` takes the clips
and networks of `usual_way.py`, and ours and the bare calls take turns.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

import usual_way  # before the package: it says where that is
from measure import cpu_clock, publish, side_by_side
from stages import describe

import av  # isort: skip
import cv2  # isort: skip
import h5py  # isort: skip
import numpy as np  # isort: skip
import torch  # isort: skip
from av.video.reformatter import Interpolation  # isort: skip

from wsstad.artefacts import storage  # isort: skip
from wsstad.perception.clip_regions import regions  # isort: skip
from wsstad.perception.detectors.letterbox import Letterbox  # isort: skip
from wsstad.perception.extractors.base import crop_places  # isort: skip
from wsstad.video.encoding import encode  # isort: skip
from wsstad.video.pixels import to_even_yuv, orientation  # isort: skip

PARTS = ("decoder", "encoder", "colour", "resize", "float32", "suppression", "HDF5")
IN_ORDER = "in order"  # all of them, one after the other as the stage does them
ON_DEVICE = ("resize", "float32", "suppression")  # what a device does where there is one
SIDE, RESIZED = 112, (171, 128)  # of C3D
Work = Callable[[], object]


@dataclass(frozen=True)
class Bare:
    """The bare operations behind the stages of one clip, on arrays that are ready."""

    sides: usual_way.Sides

    @cached_property
    def images(self) -> list[av.VideoFrame]:
        """The pictures of the source as they go into the store."""
        return [to_even_yuv(frame, orientation(frame))[0] for frame in _decoded(self.sides.source)]

    @cached_property
    def store(self) -> Path:
        """The store of the clip."""
        return self.sides._frames.path("clip", ".mp4")

    @cached_property
    def rgb(self) -> list[np.ndarray]:
        """The frames of the store."""
        return [frame.to_ndarray(format="rgb24") for frame in self.stored]

    @cached_property
    def stored(self) -> list[av.VideoFrame]:
        """The pictures of the store."""
        return list(_decoded(self.store))

    @cached_property
    def places(self) -> list[tuple[int, tuple[int, ...]]]:
        """Frame and place of each crop that `extract region` cuts out."""
        tubes = self.sides.tubes
        _, clip, boxes = regions(tubes)
        keys = {(int(k), one.tobytes()): one for k, one in zip(clip, boxes, strict=True)}  # equal ones are cut once
        sides, last = (tubes.width, tubes.height), tubes.n_frames - 1
        margin = self.sides.networks.extractor.parameters.margin
        return [
            (min(16 * k + i, last), tuple(place))
            for (k, _), one in keys.items()
            for i, place in enumerate(crop_places(one, margin=margin, sides=sides).tolist())
        ]

    @cached_property
    def places_by_clip(self) -> list[list[tuple[int, tuple[int, ...]]]]:
        """Frame in its clip and place of each crop, clip by clip."""
        clips: list[list[tuple[int, tuple[int, ...]]]] = [[] for _ in range(-(-len(self.rgb) // 16))]
        for frame, place in self.places:
            clips[frame // 16].append((frame % 16, place))
        return clips

    def works(self) -> Mapping[str, Mapping[str, Work]]:
        """Return for each stage its bare operations, and all of them in the order of the stage."""
        read = {"decoder": partial(_exhaust, self.store), "colour": self.to_rgb}
        bare, n_clips = self.sides.work / "bare.mp4", len(self.places_by_clip)
        encoder = partial(encode, bare, self.images, fps=Fraction(30), crf=18)
        in_order: Work = lambda: encode(bare, _decoded(self.sides.source), fps=Fraction(30), crf=18)  # noqa: E731
        write = {
            "detect": self.writing("constant_detections"),
            "image": self.writing_features(n_clips),
            "region": self.writing_features(len(regions(self.sides.tubes)[0])),
        }
        return {
            "decode": {"decoder": partial(_exhaust, self.sides.source), "encoder": encoder, IN_ORDER: in_order},
            "detect": {**read, **self.detection(), "HDF5": write["detect"]},
            "extract image": {
                **read,
                "resize": lambda: [cv2.resize(frame, RESIZED) for frame in self.rgb],
                "float32": partial(_to_float, n_clips),
                "HDF5": write["image"],
                IN_ORDER: partial(self.image_in_order, write["image"]),
            },
            "extract region": {
                **read,
                "resize": self.crop,
                "float32": partial(_to_float, len(self.places) // 16),
                "HDF5": write["region"],
                IN_ORDER: partial(self.region_in_order, write["region"]),
            },
        }

    def image_in_order(self, write: Work) -> None:
        """Decode, convert, resize, and make floats of every four clips; write."""
        batch = np.empty((64, SIDE, SIDE, 3), dtype=np.uint8)
        to_float = ToFloat()
        for number, frame in enumerate(_decoded(self.store)):
            resized = cv2.resize(_to_rgb(frame), RESIZED)
            batch[number % 64] = resized[8 : 8 + SIDE, 29 : 29 + SIDE]
            if number % 64 == 63:
                to_float(batch)
        write()

    def region_in_order(self, write: Work) -> None:
        """Decode and convert clip by clip, cut out what lies in it, and make floats of every 64 crops; write."""
        batch, frames, n = np.empty((64, SIDE, SIDE, 3), dtype=np.uint8), _decoded(self.store), 0
        to_float = ToFloat()
        for places in self.places_by_clip:
            clip = [_to_rgb(frame) for frame in islice(frames, 16)]
            for frame, (left, top, right, bottom) in places:
                cv2.resize(clip[frame][top:bottom, left:right], (SIDE, SIDE), dst=batch[n % 64])
                n += 1
                if n % 64 == 0:
                    to_float(batch)
        write()

    def to_rgb(self) -> None:
        """Convert the stored pictures."""
        for frame in self.stored:
            _to_rgb(frame)

    def crop(self) -> None:
        """Cut out and scale each crop."""
        into = np.empty((SIDE, SIDE, 3), dtype=np.uint8)
        for frame, (left, top, right, bottom) in self.places:
            cv2.resize(self.rgb[frame][top:bottom, left:right], (SIDE, SIDE), dst=into)

    def detection(self) -> dict[str, Work]:
        """Return what scales the frames, converts them, and chooses boxes."""
        detector = self.sides.networks.detector
        height, width = self.rgb[0].shape[:2]
        place = Letterbox.of(height, width, detector.parameters.image_size)
        pictures = torch.from_numpy(place.empty(detector.batch))
        floats = torch.empty_like(pictures, dtype=torch.float32)
        into = np.empty((place.inner[1], place.inner[0], 3), dtype=np.uint8)
        times = -(-len(self.rgb) // detector.batch)
        choose = _chooser(detector, floats)

        def in_order() -> None:
            for number, frame in enumerate(_decoded(self.store)):
                inside = pictures[number % detector.batch, place.top : place.top + place.inner[1]].numpy()
                cv2.resize(_to_rgb(frame), place.inner, dst=inside)
                if number % detector.batch == detector.batch - 1:
                    floats.copy_(pictures).div_(255)
                    choose()

        return {
            "resize": lambda: [cv2.resize(frame, place.inner, dst=into) for frame in self.rgb],
            "float32": lambda: [floats.copy_(pictures).div_(255) for _ in range(times)],
            "suppression": lambda: [choose() for _ in range(times)],
            IN_ORDER: in_order,
        }

    def writing(self, kind: str) -> Work:
        """Return what writes the arrays of an artefact that a stage has left."""
        path = self.sides._path(kind)
        return partial(_write, self.sides.work / "bare.h5", storage.read_artefact(path, kind=kind).arrays)

    def writing_features(self, n: int) -> Work:
        """Return what writes n features."""
        features = np.ones((n, usual_way.FEATURE), dtype=np.float16)
        return partial(_write, self.sides.work / "bare.h5", {"features": features})


def _decoded(path: Path) -> Any:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.thread_count = "NONE", 1
        yield from container.decode(stream)


def _exhaust(path: Path) -> None:
    for _ in _decoded(path):
        pass


def _to_rgb(frame: av.VideoFrame) -> np.ndarray:
    return frame.to_ndarray(format="rgb24", interpolation=Interpolation.BILINEAR, threads=1)


class ToFloat:
    """Makes of four clips what C3D takes."""

    def __init__(self) -> None:
        self.floats = torch.empty((4, 16, SIDE, SIDE * 3))
        self.mean = torch.ones(SIDE * 3)

    def __call__(self, pixels: np.ndarray) -> None:
        """Convert 64 pictures."""
        self.floats.copy_(torch.from_numpy(pixels).view(self.floats.shape)).sub_(self.mean)


def _to_float(clips: int) -> None:
    """Convert clips in batches of 4."""
    pixels, to_float = np.zeros((64, SIDE, SIDE, 3), dtype=np.uint8), ToFloat()
    for _ in range(-(-clips // 4)):
        to_float(pixels)


def _chooser(detector: Any, floats: torch.Tensor) -> Work:
    """Return what takes the maximum over the classes in question, and suppresses doubles among the likely boxes."""
    output = detector._network.forward(floats)
    rows, wanted = output[:, 4:], detector._wanted
    likely = [one[:, rows[i, wanted].amax(0) > detector.parameters.confidence] for i, one in enumerate(output)]
    boxes = [torch.cat([one[:2] - one[2:4] / 2, one[:2] + one[2:4] / 2]).T.contiguous() for one in likely]
    scores = [one[4:].amax(0) for one in likely]

    def choose() -> None:
        rows[:, wanted].amax(1)
        for box, score in zip(boxes, scores, strict=True):
            torch.ops.torchvision.nms(box, score, detector.parameters.iou)

    return choose


def _write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)


def measure(name: str, args: argparse.Namespace) -> list[str]:
    """Return the rows of one clip."""
    rows = []
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        sides = usual_way.prepare(name, args, Path(folder))
        ours: dict[str, Work] = {
            "decode": sides.our_decode,
            "detect": sides.our_detect,
            "extract image": partial(sides.our_extract, None),
            "extract region": partial(sides.our_extract, sides._linked),
        }
        sides.our_detect()
        for stage, parts in Bare(sides).works().items():
            taken = side_by_side([ours[stage], *parts.values()], repeats=args.repeats, clock=cpu_clock)
            spent = [1000 * seconds / sides.n_frames for seconds in taken]
            rows.append(row(stage, spent[0], dict(zip(parts, spent[1:], strict=True))))
    return rows


def row(stage: str, ours: float, parts: Mapping[str, float]) -> str:
    """Return the row of a stage: ours, its parts, all in order, and what is ours where a device does its part."""
    cells = [f"{parts[part]:.2f}" if part in parts else "" for part in PARTS]
    aside = ours - sum(parts.get(part, 0.0) for part in ON_DEVICE)
    floor = parts[IN_ORDER]
    return f"| {stage} | {ours:.2f} | {' | '.join(cells)} | {floor:.2f} | {ours / floor:.2f} | {aside:.2f} |"


def main(argv: list[str] | None = None) -> None:
    """Measure, print the tables, and write them where asked to."""
    args = usual_way.parse(argv)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    text = describe("cpu")
    for short in args.clips:
        heads = ("ours", *PARTS, IN_ORDER, "ours / in order", "without a device's part")
        text += f"\n| {short}, ms a frame | {' | '.join(heads)} |\n"
        text += "|---" + "|--:" * (len(PARTS) + 4) + "|\n"
        text += "\n".join(measure(usual_way.CLIPS[short], args)) + "\n"
    publish(text, args.output)


if __name__ == "__main__":
    sys.exit(main())
