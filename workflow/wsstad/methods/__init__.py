"""The methods that can be compared: how each scores the sub-tubes of a video."""

METHODS = {
    "mgpr": "wsstad.methods.mgpr:Mgpr",
    "dmrm": "wsstad.methods.dmrm:Dmrm",
    "random": "wsstad.methods.references:RandomTube",
    "upper_bound": "wsstad.methods.references:UpperBound",
    "upper_bound_detection": "wsstad.methods.references:UpperBoundDetection",
    "whole_frame": "wsstad.methods.references:WholeFrame",
    "centre_box": "wsstad.methods.references:CentreBox",
}
# Those that learn nothing: they have no model, and need tubes alone (upper_bound_detection: detections too).
REFERENCES = ("random", "upper_bound", "upper_bound_detection", "whole_frame", "centre_box")
