"""The extractors, by the ``type`` of their YAML."""

EXTRACTORS = {
    "c3d": "wsstad.perception.extractors.c3d:C3dExtractor",
    "efficientnet_lite0": "wsstad.perception.extractors.efficientnet_lite0:EfficientNetLite0Extractor",
    "patches": "wsstad.perception.extractors.patches:PatchesExtractor",
}
