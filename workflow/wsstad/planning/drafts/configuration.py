"""A first configuration for a dataset: what runs without a download, and why each part was chosen."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from wsstad import config
from wsstad.artefacts import storage
from wsstad.locations import SHARE
from wsstad.perception.extractors.parameters import I3dParameters
from wsstad.planning import variant_weights
from wsstad.planning.families import FAMILIES

METHODS = ("random", "metadata_only", "dmrm", "mgpr")
OF_FEATURES = ("random", "dmrm", "dmrm_videolet", "mgpr_temporal")
WITH_BOXES = ("random", "metadata_only", "whole_frame", "centre_box", "upper_bound", "dmrm", "mgpr")
NO_VIDEOS = "the dataset comes as features, and has no videos"
ONE_BRANCH = "the tube branch of mgpr would see what its temporal branch sees"
METADATA = "metadata_only sees size, frame rate and length of the files alone: a method shows what it has above it"
TEXT = """\
# Written by `wsstad init`. `wsstad run` beside it makes the table and the report, in results/.
# Every key is explained in config/README.md of the project.
datasets:
  {name}:
    source: {source}

benchmarks:
  - dataset: {name}
    splits: [{splits}]
    # {detector_why}
    detectors: [{detector}]
    linkers: [iou]
    # {extractor_why}
    extractors: [{extractor}]
    # 200 iterations on 128 principal components; full where there is a GPU
    scales: [cpu]
    # {methods_why}
    methods: [{methods}]
    annotators: [{annotators}]
    seeds: [0, 1, 2]

{weights}shard_videos: {shard_videos}
"""


def compose(
    name: str,
    *,
    source: str,
    splits: Sequence[str],
    annotators: Sequence[str],
    boxes: bool,
    features: bool,
    n_videos: int,
    weights: Path,
    here: Path,
) -> tuple[str, dict[str, str]]:
    """Return the text of a ``wsstad.yaml`` for the folder `here`, and by subject what it chose and why.

    `weights` is the folder in which weights are looked for, as it is read from `here`.
    """
    detector, detector_why = ("no_detector", NO_VIDEOS) if features else choose_detector(here, weights)
    extractor, extractor_why = ("ready", NO_VIDEOS) if features else _choose_extractor(here / weights)
    methods = OF_FEATURES if features else WITH_BOXES if boxes else METHODS
    text = TEXT.format(
        name=name,
        source=_quoted(source),
        splits=", ".join(splits),
        detector=detector,
        detector_why=detector_why,
        extractor=extractor,
        extractor_why=extractor_why,
        methods=", ".join(methods),
        methods_why=ONE_BRANCH if features else METADATA,
        annotators=", ".join(annotators),
        weights=f"weights: {_quoted(str(weights))}\n" if weights != Path("weights") else "",
        shard_videos=min(48, max(6, math.ceil(n_videos / 4))),
    )
    notes = {
        "detector": f"{detector}: {detector_why}",
        "extractor": f"{extractor}: {extractor_why}",
        "methods": f"{', '.join(methods)}; scale cpu, seeds 0, 1, 2",
    }
    return text, notes


def choose_detector(here: Path, weights: Path) -> tuple[str, str]:
    """Return the first detector whose weights are in a folder and are the right ones, else the one that needs none."""
    wanted = []
    for path in sorted((SHARE / "config/detectors").glob("*.yaml"), key=lambda path: ("yolo" not in path.stem, path)):
        parameters = config.load_variant(path, FAMILIES["detectors"])
        file, digest = parameters.weights_file, getattr(parameters, "sha256", "")
        if not file or (path.parent / file).is_file():  # the demo's, which knows made-up road users alone
            continue
        if (here / weights / file).is_file() and storage.file_digest(here / weights / file) == digest:
            return path.stem, f"its weights are in {weights}/"
        wanted.append(path.stem)
    first = wanted[0]
    return "motion", (
        f"needs no weights, but a camera that stands still; no weights of {first} or another in {weights}/: "
        f"`wsstad weights get {first}`"
    )


def _choose_extractor(weights: Path) -> tuple[str, str]:
    file, packaged = variant_weights.find(I3dParameters(type="i3d"))
    if packaged:
        return "i3d", "trained on Kinetics-400, sees motion; its weights are installed"
    if (weights / str(file)).is_file():
        return "i3d", f"trained on Kinetics-400, sees motion; its weights are in {weights}/"
    return (
        "efficientnet_lite0_112",
        "trained on ImageNet; i3d, which sees motion, needs its weights: `wsstad weights get i3d`",
    )


def _quoted(text: str) -> str:
    """Return a text as YAML has it on one line."""
    return json.dumps(text, ensure_ascii=False)
