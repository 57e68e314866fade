"""The detectors, by the ``type`` of their YAML."""

from pathlib import Path
from typing import TYPE_CHECKING

from wsstad.parameters import Registered
from wsstad.perception.detectors.parameters import (
    DetectorParameters,
    MotionParameters,
    NoneParameters,
    PrecomputedParameters,
    TorchvisionParameters,
    YoloParameters,
)

if TYPE_CHECKING:
    from wsstad.perception.detectors.base import Detector

DETECTORS: dict[str, Registered[DetectorParameters]] = {
    "motion": Registered(MotionParameters, "wsstad.perception.detectors.motion:MotionDetector"),
    "none": Registered(NoneParameters, "wsstad.perception.detectors.none:NoneDetector"),
    "precomputed": Registered(PrecomputedParameters, "wsstad.perception.ready_boxes:read_all"),
    "torchvision": Registered(TorchvisionParameters, "wsstad.perception.detectors.torchvision:TorchvisionDetector"),
    "yolo": Registered(
        YoloParameters,
        "wsstad.perception.detectors.yolo:YoloDetector",
        look="wsstad.perception.detectors.weights_files:problem",
    ),
}


def create(
    parameters: DetectorParameters, weights_folder: Path, *, device: str = "auto", threads: int = 1
) -> "Detector":
    """Return the detector with these parameters; raise `UserError` for weights that are absent or not those named."""
    made: Detector = DETECTORS[parameters.type].load()(parameters, weights_folder, device=device, threads=threads)
    return made
