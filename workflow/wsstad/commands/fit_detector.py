"""Train the demo's YOLO on made-up road scenes that no benchmark holds; write its weights, YAML and model card.

wsstad fit-detector --output config/detectors/roads.pt --work results/fit_detector
    --scenes 4 --test-scenes 1 --epochs 1
"""

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from wsstad import cli
from wsstad.artefacts import storage
from wsstad.jsonable import Json
from wsstad.perception.detectors import DETECTORS
from wsstad.perception.detectors.accuracy import Accuracy, measure
from wsstad.perception.detectors.card import write_card
from wsstad.perception.detectors.parameters import YoloParameters
from wsstad.progress import Progress
from wsstad.scenes.shapes import CLASSES
from wsstad.scenes.stills import STILLS_A_SCENE, Still, make_stills
from wsstad.structures.detections import Detections

log = logging.getLogger(__name__)

SIZE = (320, 240)
IMAGE_SIZE = 320
CONFIDENCE = 0.25


def main(argv: list[str] | None = None) -> None:
    """Render the stills, train, and write weights, YAML and card beside each other."""
    args = parser().parse_args(argv)
    for part, scenes in (("train", args.scenes), ("test", args.test_scenes)):
        write_stills(args.work / part, part, scenes=scenes, seed=args.seed)
    log.info(
        "fit: %d epochs over %d images; its progress is counted in epochs", args.epochs, args.scenes * STILLS_A_SCENE
    )
    options: Json = {"epochs": args.epochs, "seed": args.training_seed, "threads": args.threads}
    DETECTORS["yolo"].load().fit(args.work, args.output, classes=list(CLASSES), image_size=IMAGE_SIZE, **options)
    describe(args)


def describe(args: argparse.Namespace) -> None:
    """Test the weights on the test scenes; write their YAML and model card beside them."""
    sha256 = storage.file_digest(args.output)
    variant = {"type": "yolo", "weights": args.output.name, "sha256": sha256, "image_size": IMAGE_SIZE}
    accuracy, parameters = test(args, variant)
    lines = [f"{key}: {value}" for key, value in {**variant, "confidence": CONFIDENCE}.items()]
    head = f"# Knows the road users of `wsstad.commands.synthesize` and nothing else; see {args.output.stem}.md.\n"
    storage.write_text(args.output.with_suffix(".yaml"), head + "\n".join(lines) + "\n")
    facts = {**vars(args), "name": args.output.stem, "sha256": sha256, "parameters": parameters, "size": SIZE}
    facts["stills"] = STILLS_A_SCENE
    storage.write_text(
        args.output.with_suffix(".md"), write_card(facts, dict(zip(CLASSES, accuracy, strict=True)), CONFIDENCE)
    )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = cli.make_parser(__doc__)
    parser.add_argument("--output", type=Path, required=True, help="weights to write, such as config/detectors/x.pt")
    parser.add_argument("--work", type=Path, required=True, help="folder for the images and the training's own files")
    parser.add_argument("--scenes", type=int, default=320, help="scenes to train on, four images each")
    parser.add_argument("--test-scenes", type=int, default=50, help="scenes to test on")
    parser.add_argument("--epochs", type=int, default=13)
    parser.add_argument("--seed", type=int, default=7, help="of the scenes")
    parser.add_argument("--training-seed", type=int, default=1, help="of the weights' start and the order of images")
    parser.add_argument("--threads", type=int, default=2)
    return parser


def write_stills(folder: Path, part: str, *, scenes: int, seed: int) -> None:
    """Write the stills of a part as ``images/*.png`` and ``labels/*.txt`` (class, centre, sides)."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with Progress(f"render {part}", scenes, "scenes") as progress:
        for scene in range(scenes):
            for number, still in enumerate(make_stills(part, scene, seed=seed, size=SIZE)):
                # Images are read in the order of their names: those of one scene lie far apart.
                name = f"{number * scenes + scene:06d}"
                cv2.imwrite(str(folder / "images" / f"{name}.png"), still.image[:, :, ::-1])
                storage.write_text(folder / "labels" / f"{name}.txt", _label(still))
            progress.add()


def test(args: argparse.Namespace, variant: Json) -> tuple[list[Accuracy], int]:
    """Return the accuracy for each class on the test scenes, and the number of the model's parameters."""
    full = YoloParameters(**{**variant, "confidence": 0.01})
    detector = DETECTORS["yolo"].load()(full, args.output.parent, threads=args.threads)
    stills = [s for n in range(args.test_scenes) for s in make_stills("test", n, seed=args.seed, size=SIZE)]
    detections: list[Detections] = list(detector.detect(_Images(stills)))
    truths = [(still.boxes, still.labels) for still in stills]
    accuracy = [measure(detections, truths, label=i, confidence=CONFIDENCE) for i in range(len(CLASSES))]
    return accuracy, detector.parameter_count()


class _Images:
    """Stills as a detector reads them."""

    def __init__(self, stills: list[Still]) -> None:
        self.n_frames, self._stills = len(stills), stills

    def read(self) -> Iterator[np.ndarray]:
        """Yield the images."""
        return (still.image for still in self._stills)


def _label(still: Still) -> str:
    size = np.array([*SIZE, *SIZE], dtype=np.float64)
    corners = still.boxes / size
    rows = np.hstack([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]])
    return "".join(
        f"{label} {' '.join(f'{v:.6f}' for v in row)}\n" for label, row in zip(still.labels, rows, strict=True)
    )
