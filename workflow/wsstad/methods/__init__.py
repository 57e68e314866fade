"""The methods that can be compared: how each scores the sub-tubes of a video."""

METHODS = {
    "mgpr": "wsstad.methods.mgpr:Mgpr",
    "dmrm": "wsstad.methods.dmrm:Dmrm",
    "gclnc": "wsstad.methods.gclnc:Gclnc",
    "tcn_ibl": "wsstad.methods.tcn_ibl:TcnIbl",
    "random": "wsstad.methods.references:RandomTube",
    "upper_bound": "wsstad.methods.references:UpperBound",
    "whole_frame": "wsstad.methods.references:WholeFrame",
    "centre_box": "wsstad.methods.references:CentreBox",
}
# Those that learn nothing: they have no model, and need tubes alone.
REFERENCES = ("random", "upper_bound", "whole_frame", "centre_box")
