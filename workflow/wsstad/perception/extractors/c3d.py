"""C3D fc6 of clips, with the preprocessing that C3D checkpoints were trained with."""

from pathlib import Path

import cv2
import numpy as np
import torch

from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception.extractors.base import INTERPOLATIONS, Extractor, crop
from wsstad.perception.extractors.parameters import C3dParameters
from wsstad.perception.networks import c3d, c3d_checkpoints
from wsstad.perception.networks.weights import check_file

SIDE = c3d.CLIP[1]
# The mean volume that comes with the Caffe model covers the resized frame, before the crop.
VOLUME = (3, 16, 128, 171)
MIN_COSINE = 0.999


class C3dExtractor(Extractor):
    """Gives fc6 after its ReLU.

    A whole image is resized to 171x128 and its middle 112x112 taken, as in C3D's own code. Paper is silent on regions:
    the crop of the tube's box, with a margin, is warped to 112x112, since a crop of the middle would cut the object.
    """

    parameters: C3dParameters

    def _load(self, weights_folder: Path) -> None:
        options = self.parameters
        if options.precision == "bf16" and self.device == "cpu":
            raise UserError("precision: 'bf16' needs a GPU (on most CPUs it is 200 times slower); allowed here: fp32")
        weights = self._weights(weights_folder)
        self._network = c3d.C3D(weights, batch=self.batch, device=self.device, precision=options.precision)
        self.dimension = self._network.dimension
        self._mean = self._load_mean(weights_folder).to(self.device)
        self._std = torch.tensor(options.std, dtype=torch.float32, device=self.device)
        if options.precision == "bf16":
            self._check_precision(c3d.C3D(weights, batch=self.batch, device=self.device))

    def _weights(self, folder: Path) -> dict[str, np.ndarray]:
        options = self.parameters
        if options.seed is not None:
            return c3d.seeded_weights(options.seed, options.width)
        path, sha256 = folder / str(options.weights), str(options.sha256)
        return c3d_checkpoints.load(path, sha256=sha256, width=options.width, fc6_order=options.fc6_order)

    def _load_mean(self, folder: Path) -> torch.Tensor:
        """Return what is subtracted from pixels (16, 112, 112, 3): one value a channel, or one a pixel."""
        options = self.parameters
        if options.mean_volume is None or options.mean_volume_sha256 is None:
            return torch.tensor(options.mean, dtype=torch.float32)
        path = folder / options.mean_volume
        check_file(path, options.mean_volume_sha256)
        volume = np.load(path, allow_pickle=False)
        if volume.shape not in (VOLUME, (1, *VOLUME)):
            raise UserError(f"{path}: holds an array of shape {volume.shape}; allowed: {VOLUME}")
        volume = _middle(volume.reshape(VOLUME).transpose(1, 2, 3, 0))
        return torch.from_numpy(np.ascontiguousarray(volume, dtype=np.float32))

    def prepare_image(self, frames: np.ndarray) -> np.ndarray:
        """Return the middle (16, 112, 112, 3) RGB uint8 of the resized frames."""
        interpolation = INTERPOLATIONS[self.parameters.interpolation]
        return np.stack(
            [_middle(cv2.resize(f, tuple(self.parameters.resize), interpolation=interpolation)) for f in frames]
        )

    def prepare_region(self, frames: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Return the warped crops (16, 112, 112, 3) RGB uint8."""
        margin, interpolation = self.parameters.margin, self.parameters.interpolation
        pairs = zip(frames, boxes, strict=True)
        return np.stack(
            [crop(frame, box, margin=margin, size=SIDE, interpolation=interpolation) for frame, box in pairs]
        )

    def normalise(self, clips: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, 16, 112, 112) float32 as the network takes it, of prepared clips (n, 16, 112, 112, 3) uint8."""
        x = clips.float()
        if self.parameters.channel_order == "BGR":
            x = x.flip(-1)
        if self.parameters.value_range == 1:
            x = x / 255
        x = (x - self._mean) / self._std
        return x.permute(0, 4, 1, 2, 3)  # in memory still with the channels last, as convolutions want it

    def _forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self._network(self.normalise(clips))

    def _check_precision(self, reference: c3d.C3D) -> None:
        """Raise `UserError` where the low precision of this GPU and library gives other features than fp32."""
        noise = np.random.default_rng(0).integers(0, 256, (self.batch, *c3d.CLIP, 3), dtype=np.uint8)
        with torch.inference_mode():
            x = self.normalise(torch.from_numpy(noise).to(self.device))
            cosine = torch.cosine_similarity(self._network(x), reference(x)).min().item()
        if not cosine > MIN_COSINE:
            raise UserError(
                f"precision: 'bf16' differs from fp32 here: cosine {cosine:.5f}; allowed: above {MIN_COSINE}"
            )

    def facts(self) -> Json:
        """Return what made the features."""
        return {**super().facts(), "layer": "fc6 after ReLU", "pixels": list(c3d.CLIP)}


def _middle(image: np.ndarray) -> np.ndarray:
    """Return the middle 112x112 of (..., h, w, 3)."""
    top, left = (image.shape[-3] - SIDE) // 2, (image.shape[-2] - SIDE) // 2
    return image[..., top : top + SIDE, left : left + SIDE, :]
