"""C3D fc6 of clips, with the preprocessing that C3D checkpoints were trained with."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception.extractors.base import Extractor, Pixels
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
        self._floats = torch.empty(0, device=self.device)
        self._mean = _rows(self._load_mean(weights_folder)).to(self.device)
        std = _rows(torch.tensor(options.std, dtype=torch.float32)).to(self.device)
        self._std = std if any(value != 1 for value in options.std) else None
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

    def prepare_image(self, frames: Pixels) -> Pixels:
        """Return the middle (16, 112, 112, 3) uint8 of the resized frames, in the network's order of colours."""
        width, height = self.parameters.resize
        return self._ordered(_middle(self._scaled(frames, (width, height))))

    def prepare_region(self, frames: Pixels, boxes: np.ndarray) -> Pixels:
        """Return the warped crops (16, 112, 112, 3) uint8, in the network's order of colours."""
        return self._ordered(self._crops(frames, boxes, SIDE))

    def prepare_regions(self, frames: Pixels, boxes: np.ndarray) -> Iterator[Pixels]:
        """Yield the same for each of `boxes` (n, 16, 4); of many, colours are put in order before they are cut."""
        if len(boxes) * SIDE**2 < frames.shape[1] * frames.shape[2]:
            yield from super().prepare_regions(frames, boxes)
        else:
            ordered = self._ordered(frames)
            yield from (self._crops(ordered, one, SIDE) for one in boxes)

    def _ordered(self, clip: Pixels) -> Pixels:
        """Return an RGB clip in the order of colours of the weights."""
        if self.parameters.channel_order == "RGB":
            return clip
        if isinstance(clip, torch.Tensor):
            return clip.flip(-1)
        return cv2.cvtColor(clip.reshape(-1, clip.shape[-2], 3), cv2.COLOR_RGB2BGR).reshape(clip.shape)

    def normalise(self, clips: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, 16, 112, 112) float32 as the network takes it, of prepared clips (n, 16, 112, 112, 3) uint8.

        The next clips overwrite it.
        """
        if self._floats.shape != clips.shape:
            self._floats = torch.empty_like(clips, dtype=torch.float32)
        x = self._floats.copy_(clips)  # taken once: fresh memory costs more than filling it
        if self.parameters.value_range == 1:
            x = x.div_(255)
        x = x.flatten(-2).sub_(self._mean)
        if self._std is not None:
            x = x.div_(self._std)
        return x.view(clips.shape).permute(0, 4, 1, 2, 3)  # channels last in memory, as convolutions want it

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


def _rows(values: torch.Tensor) -> torch.Tensor:
    """Return values (..., 3) a channel or a pixel as one for each number in a row of pixels, (..., 112 x 3).

    An operation that goes over three numbers at a time is slow.
    """
    return values.expand(*values.shape[:-2], SIDE, 3).flatten(-2)


def _middle(image: Pixels) -> Pixels:
    """Return the middle 112x112 of (..., h, w, 3)."""
    top, left = (image.shape[-3] - SIDE) // 2, (image.shape[-2] - SIDE) // 2
    return image[..., top : top + SIDE, left : left + SIDE, :]
