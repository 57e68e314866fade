"""The methods that can be compared: how each scores the sub-tubes of a video."""

METHODS = {
    "mgpr": "wsstad.learning.methods.mgpr:Mgpr",
    "dmrm": "wsstad.learning.methods.dmrm:Dmrm",
    "gclnc": "wsstad.learning.methods.gclnc:Gclnc",
    "tcn_ibl": "wsstad.learning.methods.tcn_ibl:TcnIbl",
    "stil": "wsstad.learning.methods.stil:Stil",
    "asa": "wsstad.learning.methods.asa:Asa",
    "maf": "wsstad.learning.methods.maf:Maf",
    "rtfm": "wsstad.learning.methods.rtfm:Rtfm",
    "urdmu": "wsstad.learning.methods.urdmu:Urdmu",
    "alocc": "wsstad.learning.methods.alocc:Alocc",
    "metadata_only": "wsstad.learning.methods.metadata_only:MetadataOnly",
    "random": "wsstad.learning.methods.references:RandomTube",
    "upper_bound": "wsstad.learning.methods.references:UpperBound",
    "upper_bound_detection": "wsstad.learning.methods.references:UpperBoundDetection",
    "whole_frame": "wsstad.learning.methods.references:WholeFrame",
    "centre_box": "wsstad.learning.methods.references:CentreBox",
}
# Those that learn nothing: they have no model, and need no features.
REFERENCES = ("random", "upper_bound", "upper_bound_detection", "whole_frame", "centre_box")
# Those of which every seed would give the same.
WITHOUT_SEEDS = (*REFERENCES, "metadata_only")


def needs(method: str) -> tuple[str, ...]:
    """Return the kinds of artefacts that a method reads; here and not at its class, whose module imports torch."""
    if method == "upper_bound_detection":
        return "frames", "tubes", "detections"
    return ("frames", "tubes") if method in WITHOUT_SEEDS else ("frames", "tubes", "image_features", "region_features")
