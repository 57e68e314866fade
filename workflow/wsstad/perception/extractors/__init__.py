"""The extractors, by the ``type`` of their YAML."""

EXTRACTORS = {
    "c3d": "wsstad.perception.extractors.c3d:C3dExtractor",
    "efficientnet_lite0": "wsstad.perception.extractors.efficientnet_lite0:EfficientNetLite0Extractor",
    "i3d": "wsstad.perception.extractors.i3d:I3dExtractor",
    "patches": "wsstad.perception.extractors.patches:PatchesExtractor",
}
