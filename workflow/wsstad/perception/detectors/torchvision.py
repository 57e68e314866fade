"""Detection networks of TorchVision, trained on COCO, with the preprocessing that is published with their weights.

They take pixels from 0 to 1 and resize and normalise them themselves.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision import models

from wsstad.errors import UserError
from wsstad.perception.detectors.base import BatchDetector
from wsstad.perception.detectors.parameters import TorchvisionParameters
from wsstad.perception.networks import torchvision_weights
from wsstad.structures.detections import Detections, canonical

BACKGROUND = {"__background__", "N/A"}
COCO = tuple(models.get_model_weights("retinanet_resnet50_fpn")["COCO_V1"].meta["categories"])


class TorchvisionDetector(BatchDetector):
    """Runs a network over the frames of a video, in batches of a fixed size; the last one is filled up."""

    parameters: TorchvisionParameters
    spans = False  # regions of all frames go through its head together

    def __init__(
        self, parameters: TorchvisionParameters, weights_folder: Path, *, device: str = "auto", threads: int = 1
    ) -> None:
        """Load the weights named in the parameters; raise `UserError` when they are absent or not the ones named.

        `device` is "cpu", "cuda", or "auto": cuda where there is one.
        """
        self.parameters, self.batch, self.threads = parameters, parameters.batch, threads
        options = parameters
        self.begin()
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        allowed = [name for name in COCO if name not in BACKGROUND]
        self.classes = list(options.classes or allowed)
        unknown = sorted(set(self.classes) - set(allowed))
        if unknown:
            raise UserError(f"{options.network}: classes: {unknown[0]!r} is unknown; allowed: {', '.join(allowed)}")
        self._wanted = {COCO.index(name): label for label, name in enumerate(self.classes)}
        path = weights_folder / options.weights if options.weights else None
        network: Any = torchvision_weights.load(
            options.network, path, options.sha256, options.seed, weights_backbone=None, **self._limits()
        )
        self._network = network.to(self.device)

    def _limits(self) -> dict[str, float]:
        """Return what bounds the boxes that a network gives, under its own names."""
        options, box = self.parameters, "box_" if self.parameters.network.startswith("fasterrcnn") else ""
        per_image = f"{box}detections_per_img"
        limits: dict[str, float] = {f"{box}score_thresh": options.confidence, per_image: options.max_detections}
        if options.iou is not None:
            limits[f"{box}nms_thresh"] = options.iou
        if options.image_size is not None:
            limits |= {"min_size": options.image_size, "max_size": round(options.image_size * 1333 / 800)}
        return limits

    def parameter_count(self) -> int:
        """Return how many numbers the network has."""
        return sum(parameter.numel() for parameter in self._network.parameters())

    def detect_batch(self, frames: Sequence[np.ndarray]) -> list[Detections]:
        """Return the detections of each of up to `batch` frames (h, w, 3) RGB uint8 of one size."""
        height, width = frames[0].shape[:2]
        filled = np.stack([*frames, *[frames[-1]] * (self.batch - len(frames))])
        pixels = torch.from_numpy(filled).to(self.device).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            results = self._network(list(pixels))
        return [self._wanted_of(result, (width, height)) for result in results[: len(frames)]]

    def _wanted_of(self, result: dict[str, torch.Tensor], size: tuple[int, int]) -> Detections:
        """Return the boxes of one frame that are of classes in question."""
        boxes, scores, labels = (result[name].cpu().numpy() for name in ("boxes", "scores", "labels"))
        kept = np.flatnonzero(np.isin(labels, list(self._wanted)))
        own = np.array([self._wanted[int(label)] for label in labels[kept]], dtype=np.int16)
        return canonical(boxes[kept], scores[kept], own, size=size)
