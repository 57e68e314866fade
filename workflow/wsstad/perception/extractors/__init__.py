"""The extractors, by the ``type`` of their YAML."""

from pathlib import Path
from typing import TYPE_CHECKING

from wsstad.parameters import Registered
from wsstad.perception.extractors import parameters as classes
from wsstad.perception.extractors.parameters import ExtractorParameters

if TYPE_CHECKING:
    from wsstad.perception.extractors.base import Extractor

FOLDER = "wsstad.perception.extractors"
EXTRACTORS: dict[str, Registered[ExtractorParameters]] = {
    "c3d": Registered(classes.C3dParameters, f"{FOLDER}.c3d:C3dExtractor"),
    "efficientnet_lite0": Registered(
        classes.EfficientNetLite0Parameters, f"{FOLDER}.efficientnet_lite0:EfficientNetLite0Extractor"
    ),
    "i3d": Registered(classes.I3dParameters, f"{FOLDER}.i3d:I3dExtractor"),
    "patches": Registered(classes.PatchesParameters, f"{FOLDER}.patches:PatchesExtractor"),
    "ready": Registered(classes.ReadyParameters, "wsstad.perception.ready_features:extract_all"),
    "torchvision_video": Registered(
        classes.TorchvisionVideoParameters, f"{FOLDER}.torchvision_video:TorchvisionVideoExtractor"
    ),
}


def create(
    parameters: ExtractorParameters, weights_folder: Path, *, device: str = "auto", threads: int = 1
) -> "Extractor":
    """Return the extractor with these parameters; raise `UserError` for weights that are absent or not those named."""
    made: Extractor = EXTRACTORS[parameters.type].load()(parameters, weights_folder, device=device, threads=threads)
    return made
