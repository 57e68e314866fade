"""What the YAML file of each detector holds."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from wsstad.jsonable import Json
from wsstad.parameters import (
    Count,
    Digest,
    Distinct,
    FileName,
    Fraction,
    Positive,
    Sha256,
    VariantParameters,
    check_either,
)


class DetectorParameters(VariantParameters):
    """Every detector."""

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


class NoneParameters(DetectorParameters):
    """Nothing is detected, and tubes are whole frames: for a dataset that comes as features."""

    type: Literal["none"]


class PrecomputedParameters(DetectorParameters):
    """Boxes or tracks from a file: nothing is detected. The content of the file counts, not where it lies."""

    type: Literal["precomputed"]
    format: Literal["mot", "coco", "cvat", "vatic", "ava", "masks", "parquet"]
    """What other tools write: MOTChallenge text, COCO video JSON, CVAT for video 1.1, VATIC text, AVA csv, masks,
    Parquet; docs/formats has a page on each."""
    path: FileName
    """File or folder, relative to the dataset's source."""
    confidence: Fraction = 0
    """Boxes with a lower score are dropped."""
    classes: Annotated[tuple[str, ...], *Distinct] | None = None
    """Only boxes with these labels are taken; without it, all."""
    size: tuple[Count, Count] | None = None
    """Width and height of the picture that the boxes are in; without it, what the file tells, else the video's."""
    first_frame: Literal[0, 1] | None = None
    """Number of the first frame, where it is not that of the format; of mot and coco."""
    first_pixel: Literal[0, 1] | None = None
    """Number of the first pixel, where it is not that of the format; of mot."""

    fps: Positive | None = None
    """Frames a second, which turn timestamps into frames; of ava."""
    start: float | None = None
    """Timestamp of the first frame, in seconds; of ava."""
    eighth: Literal["person", "score"] | None = None
    """What the eighth column holds, person where it is left out; of ava."""

    min_area: Count | None = None
    """Pixels that an object has at least, 10 where it is left out; of masks."""
    values: Literal["binary", "objects"] | None = None
    """Whether each connected component is an object, as where it is left out, or each value; of masks."""
    file: FileName | None = None
    """Name without its ending, {video} where it is left out; of masks."""

    @property
    def convention(self) -> Json:
        """How the file counts."""
        names = ("first_frame", "first_pixel", "fps", "start", "eighth", "min_area", "values", "file")
        given = {name: getattr(self, name) for name in names}
        return {name: value for name, value in given.items() if value is not None}

    @model_validator(mode="after")
    def _check_convention(self) -> Self:
        known = {
            "mot": ("first_frame", "first_pixel"),
            "coco": ("first_frame",),
            "ava": ("fps", "start", "eighth"),
            "masks": ("min_area", "values", "file"),
        }
        for name in self.convention:
            if name not in known.get(self.format, ()):
                raise ValueError(f"no {name} with the format {self.format}, which leaves no choice")
        return self


class TorchvisionParameters(DetectorParameters):
    """A detection network of TorchVision (COCO), run over whole frames. Either `weights` with `sha256`, or `seed`.

    It resizes and normalises frames as published with its weights.
    """

    type: Literal["torchvision"]
    network: Literal[
        "fasterrcnn_mobilenet_v3_large_320_fpn",
        "fasterrcnn_mobilenet_v3_large_fpn",
        "fasterrcnn_resnet50_fpn_v2",
        "fcos_resnet50_fpn",
        "retinanet_resnet50_fpn_v2",
        "ssd300_vgg16",
        "ssdlite320_mobilenet_v3_large",
    ]
    """TorchVision's name of it."""
    weights: FileName | None = None
    """File of TorchVision's weights, beside this YAML or in the folder of weights: `wsstad weights get`, then the name
    of the network."""
    sha256: Digest | None = None
    """The sha256 of that file, or its first digits, 8 at least, which TorchVision puts into its name."""
    seed: Annotated[int, Field(ge=0)] | None = None
    """Draw the weights from this number. For tests; null when there are `weights`."""
    image_size: Annotated[int, Field(ge=32)] | None = None
    """The shorter side, in pixels, that frames are scaled to; null for the published one. SSD takes no other."""
    confidence: Fraction = 0.25
    """Boxes with a lower score are dropped."""
    iou: Fraction | None = None
    """Of two boxes of one class that overlap by more than this IoU, the better is kept; null for the published one."""
    classes: Annotated[tuple[str, ...], *Distinct] | None = None
    """Names of COCO classes to report; null reports all."""
    batch: Count = 4
    """Frames in a batch. The last one is filled up, so that no result depends on how many frames follow."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_either(self.seed, self.weights, self.sha256)
        if self.network.startswith("ssd") and self.image_size is not None:
            raise ValueError("no image_size for SSD")
        return self


class YoloParameters(DetectorParameters):
    """A detection model of ultralytics, run over whole frames."""

    type: Literal["yolo"]
    weights: Annotated[str, Field(pattern=r"^[^/\x00-\x1f]+\.(pt|onnx)$")]
    """File name of the weights, which lie beside the YAML or in the folder given as `weights`."""
    sha256: Sha256
    """The digest that the weights must have. Weights can be made to run code, so no others are loaded."""
    image_size: Annotated[int, Field(ge=32, multiple_of=32)] = 640
    """The longer side, in pixels, that frames are scaled to; both sides are then padded to multiples of 32. For an
    RT-DETR the side of a square that frames are stretched to."""
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
