"""The methods that can be compared: how each scores the sub-tubes of a video."""

METHODS = {
    "mgpr": "wsstad.methods.mgpr:Mgpr",
    "dmrm": "wsstad.methods.dmrm:Dmrm",
    "stil": "wsstad.methods.stil:Stil",
    "asa": "wsstad.methods.asa:Asa",
    "maf": "wsstad.methods.maf:Maf",
    "random": "wsstad.methods.references:RandomTube",
    "upper_bound": "wsstad.methods.references:UpperBound",
    "whole_frame": "wsstad.methods.references:WholeFrame",
    "centre_box": "wsstad.methods.references:CentreBox",
}
# Those that learn nothing: they have no model, and need tubes alone.
REFERENCES = ("random", "upper_bound", "whole_frame", "centre_box")
