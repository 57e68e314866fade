"""Linkers: how the detections of a video become tubes."""

from typing import TYPE_CHECKING

from wsstad.parameters import Registered
from wsstad.perception.linkers.parameters import IdentityParameters, IouParameters, LinkerParameters, MotionParameters

if TYPE_CHECKING:
    from wsstad.perception.linkers.base import Linker

LINKERS: dict[str, Registered[LinkerParameters]] = {
    "identity": Registered(IdentityParameters, "wsstad.perception.linkers.identity:IdentityLinker"),
    "iou": Registered(IouParameters, "wsstad.perception.linkers.iou:IouLinker"),
    "motion": Registered(MotionParameters, "wsstad.perception.linkers.motion:MotionLinker"),
}


def create(parameters: LinkerParameters) -> "Linker":
    """Return the linker with these parameters."""
    made: Linker = LINKERS[parameters.type].load()(parameters)
    return made
