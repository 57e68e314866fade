"""What the YAML file of each linker holds."""

from typing import Annotated, Literal

from pydantic import Field

from wsstad.parameters import Count, Distinct, Fraction, Share, VariantParameters


class LinkerParameters(VariantParameters):
    """Any linker."""


class IouParameters(LinkerParameters):
    """Links detections of following frames into tubes by the greatest total IoU."""

    type: Literal["iou"]
    min_iou: Share = 0.3
    """Two boxes are linked only if their IoU is greater than this."""
    max_gap: Annotated[int, Field(ge=0)] = 8
    """For how many frames a tube without a match waits for its next box; the gap is filled by interpolation."""
    min_frames: Count = 16
    """Tubes of fewer frames, filled ones included, are dropped. 16 frames are one clip."""
    min_start_score: Fraction = 0.25
    """A detection starts a tube only if its score is at least this; one below it can only go on with a tube."""
    class_agnostic: bool = True
    """Whether boxes of different classes may be linked (detectors change their mind about small objects)."""
    kinds: Annotated[tuple[Literal["unary", "multivariate"], ...], *Distinct] = ("unary", "multivariate")
    """Which tubes to make: unary (one object) or multivariate (the union box of intersecting objects), or both."""
    max_tubes: Count = 200
    """The most tubes a video may have. Those with the greatest sum of confidences (observed frames times mean score)
    stay; the number of the others is counted as dropped in the manifest."""
