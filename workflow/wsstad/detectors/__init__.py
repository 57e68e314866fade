"""The detectors, by the ``type`` of their YAML."""

DETECTORS = {
    "motion": "wsstad.detectors.motion:MotionDetector",
    "yolo": "wsstad.detectors.yolo:YoloDetector",
}
