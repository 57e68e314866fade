"""Annotation formats: where frames counted from 1, inclusive boxes and other people's conventions are converted.

Each reads a file or a folder into `BoxRow`: frames from 0, boxes half-open in float pixels.
"""

from wsstad.evaluation.annotations import parameters as classes
from wsstad.evaluation.annotations.parameters import AnnotationParameters
from wsstad.parameters import Registered

FOLDER = "wsstad.evaluation.annotations"
FORMATS: dict[str, Registered[AnnotationParameters]] = {
    "table": Registered(classes.TableParameters, f"{FOLDER}.table:read"),
    "ucsd_masks": Registered(classes.UcsdMasksParameters, f"{FOLDER}.ucsd_masks:read"),
    "liu_ma": Registered(classes.LiuMaParameters, f"{FOLDER}.liu_ma:read"),
    "sst": Registered(classes.SstParameters, f"{FOLDER}.sst:read"),
    "mot": Registered(classes.MotParameters, f"{FOLDER}.tracks:read"),
    "coco": Registered(classes.CocoParameters, f"{FOLDER}.tracks:read"),
    "cvat": Registered(classes.CvatParameters, f"{FOLDER}.tracks:read"),
    "vatic": Registered(classes.VaticParameters, f"{FOLDER}.tracks:read"),
    "ava": Registered(classes.AvaParameters, f"{FOLDER}.tracks:read"),
    "parquet": Registered(classes.ParquetParameters, f"{FOLDER}.tracks:read"),
    "masks": Registered(classes.MasksParameters, f"{FOLDER}.masks:read"),
    "none": Registered(classes.NoneParameters, f"{FOLDER}.none:read"),
}
