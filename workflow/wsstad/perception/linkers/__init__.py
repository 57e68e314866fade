"""Linkers: how the detections of a video become tubes."""

LINKERS = {
    "iou": "wsstad.perception.linkers.iou:IouLinker",
    "motion": "wsstad.perception.linkers.motion:MotionLinker",
}
