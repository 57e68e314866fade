"""What the YAML file of each detector holds."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from wsstad.parameters import Count, Distinct, Fraction, Positive, Sha256, VariantParameters


class DetectorParameters(VariantParameters):
    """Any detector."""

    max_detections: Count = 300
    """The most boxes in a frame, the best ones."""


def _odd(size: int) -> int:
    if size % 2 == 0:
        raise ValueError("an odd number")
    return size


class MotionParameters(DetectorParameters):
    """Background subtraction for fixed cameras; needs no weights. All lengths are pixels of the video."""

    type: Literal["motion"]
    samples: Count = 40
    """How many frames, spread evenly over the video, the background is the median of."""
    blur: Annotated[Count, Field(json_schema_extra={"not": {"multipleOf": 2}}), AfterValidator(_odd)] = 5
    """Size of the Gaussian that frames are smoothed with first; odd."""
    threshold: Positive = 20
    """By how much, in grey levels of any channel, a moving pixel differs from the background."""
    opening: Count = 3
    """Specks narrower than this are removed."""
    closing: Count = 11
    """Gaps narrower than this are closed."""
    min_area: Count = 80
    """Regions of fewer pixels are dropped."""
    max_detections: Count = 100
    """The most boxes in a frame, those that differ most."""


class YoloParameters(DetectorParameters):
    """Any detection model of ultralytics, run over whole frames."""

    type: Literal["yolo"]
    weights: Annotated[str, Field(pattern=r"^[^/\x00-\x1f]+\.(pt|onnx)$")]
    """File name of the weights, which lie beside the YAML or in the folder given as `weights`."""
    sha256: Sha256
    """The digest that the weights must have. Weights can be made to run code, so no others are loaded."""
    image_size: Annotated[int, Field(ge=32, multiple_of=32)] = 640
    """The longer side, in pixels, that frames are scaled to; both sides are then padded to multiples of 32."""
    confidence: Fraction = 0.25
    """Boxes with a lower score are dropped."""
    iou: Fraction = 0.7
    """Of two boxes of one class that overlap by more than this IoU, non-maximum suppression keeps the better."""
    class_agnostic: bool = False
    """Whether non-maximum suppression compares boxes of all classes; otherwise one object may keep a box for each
    class."""
    classes: Annotated[tuple[str, ...], *Distinct] | None = None
    """Names of the classes to report; null reports all that the weights know."""
    batch: Count = 8
    """Frames in a batch. The last one is filled up, so that no result depends on how many frames follow."""
