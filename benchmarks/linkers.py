"""Hold our linkers against the trackers of ultralytics: fragments, doubles, upper bounds and speed, side by side.

All link the same detections, of footage whose objects are known: UCSD Ped2 where `--data` names its folder, otherwise
the roads of `make demo`. Detections are kept in `--work`. Rates are of unary tubes, by CPU time, and take turns.
"""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

import footage  # noqa: E402 - these need the path above
import numpy as np  # noqa: E402
from footage import Footage  # noqa: E402
from fragments import Fragments, doubles, fragments  # noqa: E402
from measure import cpu_clock, number, publish, side_by_side  # noqa: E402
from trackers import Tracker  # noqa: E402

from wsstad import config  # noqa: E402
from wsstad.evaluation import metrics  # noqa: E402
from wsstad.perception import linkers  # noqa: E402
from wsstad.perception.linkers import LINKERS  # noqa: E402
from wsstad.perception.linkers.parameters import LinkerParameters  # noqa: E402
from wsstad.structures.clips import CLIP_FRAMES  # noqa: E402
from wsstad.structures.tubes import Tube, VideoTubes, divide  # noqa: E402

DOUBLE_IOU = 0.5
PARTS = (1, 8)
COLUMNS = (
    *("tubes an object", "its best tube", "coverage", "switches", "doubles", "unary", "multivariate"),
    *(f"bound, {kinds}, M = {parts}" for parts in PARTS for kinds in ("unary", "all")),
    *("frames/CPU-s", "/ ByteTrack"),
)


class Linker(Protocol):
    """What turns the detections of a video into tubes."""

    def link(self, arrays: Mapping[str, np.ndarray]) -> tuple[VideoTubes, int]:
        """Return the tubes, and how many were too many."""
        ...


@dataclass(frozen=True)
class Contender:
    """A linker, and the same without multivariate tubes, which the trackers do not have."""

    name: str
    linker: Linker
    unary: Linker


def main(argv: list[str] | None = None) -> None:
    """Measure, print the table, and write it where asked to."""
    args = parse(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    if args.data:
        shown = footage.ped2(args.data, args.weights, args.work / "ucsd_ped2")
    else:
        shown = footage.roads(4 if args.quick else 24, args.work / ("quick" if args.quick else "demo"))
    text = table(shown, contenders(args.linkers), repeats=1 if args.quick else 5)
    publish(text, args.output)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of UCSD Ped2; without it, made-up roads")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="folder of yolo11n_int8.pt")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "results/linkers", help="folder of the detections")
    parser.add_argument("--linkers", nargs="+", default=["iou", "motion"], help="names of config/linkers/<name>.yaml")
    parser.add_argument("--quick", action="store_true", help="four videos and one repeat: does it run at all")
    parser.add_argument("--output", type=Path, help="Markdown file to write as well")
    return parser.parse_args(argv)


def contenders(names: Sequence[str]) -> list[Contender]:
    """Return the linkers of `config/linkers`, and the trackers, as they are and without doubles."""
    made = []
    for name in names:
        parameters = config.load_variant(REPOSITORY / f"config/linkers/{name}.yaml", LINKERS)
        made.append(_ours(name, parameters))
        if getattr(parameters, "double_iou", None) == 1:
            made.append(_ours(f"{name}, no doubles", parameters.model_copy(update={"double_iou": DOUBLE_IOU})))
    for label, name in (("ByteTrack", "bytetrack"), ("BoT-SORT", "botsort")):
        for suffix, double_iou in (("", 1.0), (", no doubles", DOUBLE_IOU)):
            tracker = Tracker(name, double_iou=double_iou)
            made.append(Contender(label + suffix, tracker, tracker))
    return made


def _ours(name: str, parameters: LinkerParameters) -> Contender:
    unary = parameters.model_copy(update={"kinds": ("unary",)})
    return Contender(name, linkers.create(parameters), linkers.create(unary))


def table(shown: Footage, contenders: Sequence[Contender], *, repeats: int) -> str:
    """Return the rows of all contenders as a Markdown table, with what it is about above it."""
    works = [lambda linker=contender.unary: link_all(linker, shown) for contender in contenders]
    rates = [shown.n_frames / taken for taken in side_by_side(works, repeats=repeats, clock=cpu_clock)]
    peer = next(rate for rate, contender in zip(rates, contenders, strict=True) if contender.name == "ByteTrack")
    lines = [f"| linker | {' | '.join(COLUMNS)} |", "|---" + "|--:" * len(COLUMNS) + "|"]
    for contender, rate in zip(contenders, rates, strict=True):
        cells = [*measure(link_all(contender.linker, shown), shown), number(rate), f"{rate / peer:.2f}"]
        lines.append(f"| {contender.name} | {' | '.join(cells)} |")
    objects, boxes = (
        sum(map(len, shown.objects.values())),
        sum(len(arrays["frame"]) for arrays in shown.detections.values()),
    )
    head = f"{len(shown.detections)} videos, {shown.n_frames} frames, {boxes} boxes, {objects} objects."
    return f"{head} Bounds are MIoU in %.\n\n" + "\n".join(lines) + "\n"


def link_all(linker: Linker, shown: Footage) -> dict[str, VideoTubes]:
    """Return the tubes of every video."""
    return {video: linker.link(arrays)[0] for video, arrays in shown.detections.items()}


def measure(linked: Mapping[str, VideoTubes], shown: Footage) -> list[str]:
    """Return what is known of the tubes themselves, without their rate, as cells."""
    unary = {
        video: [tube for tube in video_tubes.tubes if tube.kind == "unary"] for video, video_tubes in linked.items()
    }
    total = sum((fragments(shown.objects[video], tubes) for video, tubes in unary.items()), Fragments())
    n = sum(map(len, unary.values()))
    several = sum(tube.kind == "multivariate" for video_tubes in linked.values() for tube in video_tubes.tubes)
    every = {video: video_tubes.tubes for video, video_tubes in linked.items()}
    bounds = [bound(tubes, linked, shown, parts) for parts in PARTS for tubes in (unary, every)]
    return [
        f"{total.tubes / total.objects:.2f}",
        f"{total.best / total.objects:.3f}",
        f"{total.covered / total.frames:.3f}",
        str(total.switches),
        f"{sum(map(doubles, unary.values())) / max(n, 1):.1%}",
        str(n),
        str(several),
        *(f"{100 * value:.1f}" for value in bounds),
    ]


def bound(tubes: Mapping[str, Sequence[Tube]], linked: Mapping[str, VideoTubes], shown: Footage, parts: int) -> float:
    """Return the mean over abnormal videos of the highest S_loc of any sub-tube: what a perfect choice would reach."""
    best = []
    for video, truth in shown.truths.items():
        spans = [(tube, *span) for tube in tubes[video] for span in divide(tube.start, tube.stop, parts, CLIP_FRAMES)]
        scores = [
            metrics.s_loc(truth.united, tube.cut(start, stop), detected=linked[video].detected)
            for tube, start, stop in spans
        ]
        best.append(max(scores, default=0.0))
    return float(np.mean(best))


if __name__ == "__main__":
    main()
