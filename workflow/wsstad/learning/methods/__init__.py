"""The methods that can be compared: how each scores the sub-tubes of a video."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack, overload

from wsstad import config
from wsstad.jsonable import Facts
from wsstad.learning.methods import parameters as classes
from wsstad.learning.parameters import MethodParameters, TrainedParameters
from wsstad.parameters import Registered

if TYPE_CHECKING:
    from wsstad.artefacts.storage import Arrays
    from wsstad.learning.method import Machine, Method, TrainedMethod

LIMITS = ("max_iterations", "evaluate_every")
FOLDER = "wsstad.learning.methods"
METHODS: dict[str, Registered[MethodParameters]] = {
    "mgpr": Registered(classes.MgprParameters, f"{FOLDER}.mgpr:Mgpr"),
    "dmrm": Registered(classes.DmrmParameters, f"{FOLDER}.dmrm:Dmrm"),
    "gclnc": Registered(classes.GclncParameters, f"{FOLDER}.gclnc:Gclnc"),
    "tcn_ibl": Registered(classes.TcnIblParameters, f"{FOLDER}.tcn_ibl:TcnIbl"),
    "stil": Registered(classes.StilParameters, f"{FOLDER}.stil:Stil"),
    "asa": Registered(classes.AsaParameters, f"{FOLDER}.asa:Asa"),
    "maf": Registered(classes.MafParameters, f"{FOLDER}.maf:Maf"),
    "rtfm": Registered(classes.RtfmParameters, f"{FOLDER}.rtfm:Rtfm"),
    "urdmu": Registered(classes.UrdmuParameters, f"{FOLDER}.urdmu:Urdmu"),
    "alocc": Registered(classes.AloccParameters, f"{FOLDER}.alocc:Alocc"),
    "metadata_only": Registered(classes.MetadataOnlyParameters, f"{FOLDER}.metadata_only:MetadataOnly"),
    "random": Registered(classes.RandomParameters, f"{FOLDER}.references:RandomTube"),
    "upper_bound": Registered(classes.UpperBoundParameters, f"{FOLDER}.references:UpperBound"),
    "upper_bound_detection": Registered(
        classes.UpperBoundDetectionParameters, f"{FOLDER}.references:UpperBoundDetection"
    ),
    "whole_frame": Registered(classes.WholeFrameParameters, f"{FOLDER}.references:WholeFrame"),
    "centre_box": Registered(classes.CentreBoxParameters, f"{FOLDER}.references:CentreBox"),
}


def read(path: Path, scale: Path | None = None) -> MethodParameters:
    """Read ``config/methods/<name>.yaml`` and lay what ``config/scales/<scale>.yaml`` sets over it.

    A key of the scale that the method does not have, such as the iterations of one that learns nothing, is left out;
    one of `LIMITS` never raises what the method asks for.
    """
    method = config.load_variant(path, METHODS)
    if scale is None:
        return method
    content = method.model_dump()
    laid_over = {k: v for k, v in config.check(config.load_yaml(scale), "scale", scale).items() if k in content}
    laid_over |= {key: min(laid_over[key], content[key]) for key in LIMITS if key in laid_over}
    return config.parse({**content, **laid_over}, type(method), f"{path} with {scale}")


@overload
def create(parameters: TrainedParameters, *, seed: int, **machine: Unpack["Machine"]) -> "TrainedMethod": ...


@overload
def create(parameters: MethodParameters, *, seed: int, **machine: Unpack["Machine"]) -> "Method": ...


def create(parameters: MethodParameters, *, seed: int, **machine: Unpack["Machine"]) -> "Method":
    """Return the method with these parameters, not trained."""
    made: Method = METHODS[parameters.type].load()(parameters, seed=seed, **machine)
    return made


def restore(path: Path, tensors: "Arrays", meta: Facts, **machine: Unpack["Machine"]) -> "TrainedMethod":
    """Return the trained method in the file at `path`, which has the tensors and the facts that `save` gave."""
    kind = METHODS[meta["parameters"]["type"]]
    parameters = config.parse(meta["parameters"], kind.parameters, path)
    made: TrainedMethod = kind.load().load(parameters, tensors, meta, **machine)
    return made
