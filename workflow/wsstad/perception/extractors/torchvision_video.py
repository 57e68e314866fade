"""Video networks of TorchVision, trained on Kinetics-400, with the preprocessing that is published with their weights.

Paper is silent: it uses C3D.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from wsstad.jsonable import Json
from wsstad.perception.extractors.base import Extractor, Pixels
from wsstad.perception.extractors.parameters import TorchvisionVideoParameters
from wsstad.perception.networks import torchvision_weights

FRAMES = 16


@dataclass(frozen=True)
class Published:
    """How a family of networks takes pixels (0 to 1), and where its classifier is, which is left out.

    A whole image is resized to `resize`, (height, width) or its shorter side, and its middle `side` x `side` taken.
    """

    side: int
    resize: tuple[int, int] | int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    classifier: tuple[str, ...]


KINETICS = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)
RESNET = Published(112, (128, 171), *KINETICS, classifier=("fc",))
MVIT = Published(224, 256, (0.45, 0.45, 0.45), (0.225, 0.225, 0.225), classifier=("head",))
SWIN = Published(224, 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), classifier=("head",))
# S3D classifies before it averages; its average pooling is that of 224 pixels, and equals the mean there.
S3D = Published(224, (256, 256), *KINETICS, classifier=("avgpool", "classifier"))
NETWORKS = {
    "r3d_18": RESNET,
    "mc3_18": RESNET,
    "r2plus1d_18": RESNET,
    "s3d": S3D,
    "mvit_v1_b": MVIT,
    "mvit_v2_s": MVIT,
    "swin3d_t": SWIN,
    "swin3d_s": SWIN,
    "swin3d_b": SWIN,
}


class TorchvisionVideoExtractor(Extractor):
    """Gives what the classifier of the network would see; regions are warped to the side of its input."""

    parameters: TorchvisionVideoParameters

    def _load(self, weights_folder: Path) -> None:
        options = self.parameters
        published = NETWORKS[options.network]
        path = weights_folder / options.weights if options.weights else None
        network = torchvision_weights.load(options.network, path, options.sha256, options.seed)
        for name in published.classifier:
            setattr(network, name, torch.nn.Identity())
        self._network = network.to(self.device)
        self.side = options.image_size or published.side
        scale = self.side / published.side
        self._resize: tuple[int, int] | int = (
            round(published.resize * scale)
            if isinstance(published.resize, int)
            else (round(published.resize[0] * scale), round(published.resize[1] * scale))
        )
        self._mean, self._std = (torch.tensor(v, device=self.device) for v in (published.mean, published.std))
        with torch.inference_mode():
            blank = torch.zeros((1, FRAMES, self.side, self.side, 3), dtype=torch.uint8)
            self.dimension = self._forward(blank.to(self.device)).shape[1]

    def prepare_image(self, frames: Pixels) -> Pixels:
        """Return the middle (16, side, side, 3) RGB uint8 of the resized frames."""
        height, width = self._size(*frames.shape[1:3])
        top, left = round((height - self.side) / 2), round((width - self.side) / 2)
        return self._scaled(frames, (width, height))[:, top : top + self.side, left : left + self.side]

    def _size(self, height: int, width: int) -> tuple[int, int]:
        """Return height and width that frames of this size are resized to."""
        if not isinstance(self._resize, int):
            return self._resize
        if height <= width:
            return self._resize, int(self._resize * width / height)
        return int(self._resize * height / width), self._resize

    def prepare_region(self, frames: Pixels, boxes: np.ndarray) -> Pixels:
        """Return the warped crops (16, side, side, 3) RGB uint8."""
        return self._crops(frames, boxes, self.side)

    def normalise(self, clips: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, 16, side, side) float32 as the network takes it, of prepared clips (n, 16, side, side, 3)."""
        x = (clips.float() / 255 - self._mean) / self._std
        return x.permute(0, 4, 1, 2, 3)

    def _forward(self, clips: torch.Tensor) -> torch.Tensor:
        # Clip by clip, and on one thread of the CPU: no bit depends on a clip's place in the batch, or on threads.
        threads = torch.get_num_threads()
        torch.set_num_threads(1 if self.device == "cpu" else threads)
        try:
            return torch.cat([self._network(self.normalise(clip[None])).reshape(1, -1) for clip in clips])
        finally:
            torch.set_num_threads(threads)

    def facts(self) -> Json:
        """Return what made the features."""
        published = NETWORKS[self.parameters.network]
        pixels = [FRAMES, self.side, self.side]
        facts = {"layer": "before the classifier", "pixels": pixels, "channel_order": "RGB", "value_range": 1}
        return {**super().facts(), **facts, "mean": list(published.mean), "std": list(published.std)}
