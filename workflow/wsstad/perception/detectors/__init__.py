"""The detectors, by the ``type`` of their YAML."""

DETECTORS = {
    "motion": "wsstad.perception.detectors.motion:MotionDetector",
    "yolo": "wsstad.perception.detectors.yolo:YoloDetector",
}
