"""What the YAML file of each linker holds."""

from typing import Annotated, Literal

from pydantic import Field

from wsstad.parameters import Count, Distinct, Fraction, Share, VariantParameters


class LinkerParameters(VariantParameters):
    """Every linker."""

    min_frames: Count = 16
    """Tubes of fewer frames, filled ones included, are dropped. 16 frames are one clip."""
    kinds: Annotated[tuple[Literal["unary", "multivariate"], ...], *Distinct] = ("unary", "multivariate")
    """Which tubes to make: unary (one object) or multivariate (the union box of intersecting objects), or both."""
    max_tubes: Count = 200
    """The most tubes a video may have. Those with the greatest sum of confidences (observed frames times mean score)
    stay; the number of the others is counted as dropped in the manifest."""


class IouParameters(LinkerParameters):
    """Links detections of following frames into tubes by the greatest total IoU."""

    type: Literal["iou"]
    min_iou: Share = 0.3
    """Two boxes are linked only if their IoU is greater than this."""
    max_gap: Annotated[int, Field(ge=0)] = 8
    """For how many frames a tube without a match waits for its next box; the gap is filled by interpolation."""
    min_start_score: Fraction = 0.25
    """A detection starts a tube only if its score is at least this; one below it can only go on with a tube."""
    class_agnostic: bool = True
    """Whether boxes of different classes may be linked (detectors change their mind about small objects)."""
    double_iou: Fraction = 1
    """Of two boxes of a frame, whatever their classes, with a greater IoU than this, the one of the lower score is a
    double and in no tube. 1 keeps all."""


class IdentityParameters(LinkerParameters):
    """Takes the tracks of a precomputed detector as they are."""

    type: Literal["identity"]
    min_frames: Count = 1
    """Tracks of fewer frames, filled ones included, are dropped."""
    max_gap: Annotated[int, Field(ge=0)] = 8
    """A gap of at most so many frames in a track is filled by interpolation; a longer one ends the tube."""


class MotionParameters(LinkerParameters):
    """Links detections to where a constant velocity takes a tube, the strong before the weak, forwards and backwards.

    Multivariate tubes keep their members.
    """

    type: Literal["motion"]
    min_iou: Share = 0.3
    """A box is linked only if its IoU with the box that its tube expects is greater than this."""
    max_gap: Annotated[int, Field(ge=0)] = 30
    """For how many frames a tube without a match waits for its next box, and two objects of a multivariate tube may be
    apart; gaps are filled by interpolation."""
    weak_gap: Annotated[int, Field(ge=0)] = 2
    """For how many frames a tube waits for a box with a score below `min_start_score`."""
    memory: Count = 10
    """Boxes of a tube from which its velocity is known; those before them fade."""
    min_start_score: Fraction = 0.4
    """A detection with at least this score is strong: it is linked before weaker ones, and starts a tube where it
    follows none. A weaker one can only go on with a tube, or precede it."""
    double_iou: Fraction = 0.5
    """Of two boxes of a frame, whatever their classes, with a greater IoU than this, the one of the lower score is a
    double and in no unary tube. 1 keeps all."""
    unions: Annotated[tuple[Literal["pairs", "groups"], ...], *Distinct] = ("pairs", "groups")
    """Which multivariate tubes to make: pairs (two unary tubes as long as their boxes intersect), groups (intersecting
    detections, of which one object has to stay), or both."""
