"""Linkers: how the detections of a video become tubes."""

LINKERS = {
    "iou": "wsstad.linkers.iou:IouLinker",
}
