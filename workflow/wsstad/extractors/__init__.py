"""The extractors, by the ``type`` of their YAML."""

EXTRACTORS = {
    "c3d": "wsstad.extractors.c3d:C3dExtractor",
    "efficientnet_lite0": "wsstad.extractors.efficientnet_lite0:EfficientNetLite0Extractor",
    "patches": "wsstad.extractors.patches:PatchesExtractor",
}
