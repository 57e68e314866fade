"""The methods that can be compared: how each scores the sub-tubes of a video."""

METHODS = {
    "mgpr": "wsstad.methods.mgpr:Mgpr",
    "dmrm": "wsstad.methods.dmrm:Dmrm",
    "gclnc": "wsstad.methods.gclnc:Gclnc",
    "tcn_ibl": "wsstad.methods.tcn_ibl:TcnIbl",
    "stil": "wsstad.methods.stil:Stil",
    "asa": "wsstad.methods.asa:Asa",
    "maf": "wsstad.methods.maf:Maf",
    "rtfm": "wsstad.methods.rtfm:Rtfm",
    "urdmu": "wsstad.methods.urdmu:Urdmu",
    "alocc": "wsstad.methods.alocc:Alocc",
    "random": "wsstad.methods.references:RandomTube",
    "upper_bound": "wsstad.methods.references:UpperBound",
    "upper_bound_detection": "wsstad.methods.references:UpperBoundDetection",
    "whole_frame": "wsstad.methods.references:WholeFrame",
    "centre_box": "wsstad.methods.references:CentreBox",
}
# Those that learn nothing: they have no model, and need no features.
REFERENCES = ("random", "upper_bound", "upper_bound_detection", "whole_frame", "centre_box")


def needs(method: str) -> tuple[str, ...]:
    """Return the kinds of artefacts that a method reads; here and not at its class, whose module imports torch."""
    if method == "upper_bound_detection":
        return "frames", "tubes", "detections"
    return ("frames", "tubes") if method in REFERENCES else ("frames", "tubes", "image_features", "region_features")
