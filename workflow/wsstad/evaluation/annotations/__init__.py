"""Annotation formats: where frames counted from 1, inclusive boxes and other people's conventions are converted.

Each reads a file or a folder into `BoxRow`: frames from 0, boxes half-open in float pixels.
"""

from wsstad.evaluation.annotations import parameters as of
from wsstad.evaluation.annotations.parameters import AnnotationParameters
from wsstad.parameters import Registered

FOLDER = "wsstad.evaluation.annotations"
FORMATS: dict[str, Registered[AnnotationParameters]] = {
    "table": Registered(of.TableParameters, f"{FOLDER}.table:read"),
    "ucsd_masks": Registered(of.UcsdMasksParameters, f"{FOLDER}.ucsd_masks:read"),
    "liu_ma": Registered(of.LiuMaParameters, f"{FOLDER}.liu_ma:read"),
    "sst": Registered(of.SstParameters, f"{FOLDER}.sst:read"),
    "none": Registered(of.NoneParameters, f"{FOLDER}.none:read"),
}
