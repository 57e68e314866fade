"""The usual way from a video to features: JPEG files, `predict` a frame, ByteTrack, sixteen reads of a file a clip.

It is written as such chains are written, without waste that they do not have. What a network gives is a constant.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from trackers import Tracker

from wsstad.perception.detectors.parameters import YoloParameters
from wsstad.perception.detectors.yolo import prepare_environment
from wsstad.structures.clips import CLIP_FRAMES
from wsstad.structures.detections import Detections, canonical, to_arrays
from wsstad.structures.tubes import Tube, VideoTubes

RESIZED, SIDE = (171, 128), 112  # of C3D: a whole frame is resized, and its middle taken
Network = Callable[[torch.Tensor], torch.Tensor]


def write_images(source: Path, folder: Path) -> None:
    """Decode a video into a folder of JPEG files."""
    folder.mkdir(parents=True, exist_ok=True)
    video, number = cv2.VideoCapture(str(source)), 0
    while True:
        there, image = video.read()
        if not there:
            return
        cv2.imwrite(str(image_file(folder, number)), image)
        number += 1


def image_file(folder: Path, frame: int) -> Path:
    """Return where the image of a frame lies."""
    return folder / f"{frame:06}.jpg"


class Predictor:
    """`YOLO.predict`, a frame a call; its network gives `output` for every frame."""

    def __init__(self, weights: Path, parameters: YoloParameters, output: torch.Tensor) -> None:
        prepare_environment()
        from ultralytics import YOLO

        self._model: Any = YOLO(str(weights), task="detect", verbose=False)
        names = {name: number for number, name in self._model.names.items()}
        self._options = {
            "imgsz": parameters.image_size,
            "conf": parameters.confidence,
            "iou": parameters.iou,
            "classes": [names[name] for name in parameters.classes or names],
            "max_det": parameters.max_detections,
            "device": "cpu",
            "verbose": False,
        }
        self._model.predict(np.zeros((240, 320, 3), dtype=np.uint8), **self._options)
        self._model.predictor.inference = lambda *args, **kwargs: output

    def detect(self, folder: Path, n_frames: int) -> dict[str, np.ndarray]:
        """Return the "detections" arrays of a folder of images."""
        detections: list[Detections] = []
        height = width = 0
        for frame in range(n_frames):
            image = cv2.imread(str(image_file(folder, frame)))
            height, width = image.shape[:2]
            boxes = self._model.predict(image, **self._options)[0].boxes
            facts = boxes.xyxy.numpy(), boxes.conf.numpy(), boxes.cls.numpy()
            detections.append(canonical(*facts, size=(width, height)))
        return to_arrays(detections, width=width, height=height)


def track(arrays: dict[str, np.ndarray]) -> VideoTubes:
    """Return the tubes of ultralytics' BYTETracker."""
    return Tracker("bytetrack").link(arrays)[0]


def clips_of(tube: Tube) -> list[np.ndarray]:
    """Return the frames (16,) of each clip of a tube: one after the other from its start, a rest is left out."""
    return [tube.start + CLIP_FRAMES * i + np.arange(CLIP_FRAMES) for i in range(len(tube.boxes) // CLIP_FRAMES)]


def extract_images(folder: Path, n_frames: int, output: Path, network: Network) -> int:
    """Write the features of every clip of a video as text; return how often the network ran."""
    spans = [np.arange(start, start + CLIP_FRAMES) for start in range(0, n_frames - CLIP_FRAMES + 1, CLIP_FRAMES)]
    _write(output, [_feature(network, [_whole(folder, frame) for frame in span]) for span in spans])
    return len(spans)


def extract_tubes(folder: Path, tubes: Sequence[Tube], output: Path, network: Network) -> int:
    """Write of every clip of every tube the features of its region and of the image; return how often it ran."""
    calls = 0
    for number, tube in enumerate(tubes):
        regions, images = [], []
        for frames in clips_of(tube):
            boxes = tube.boxes[frames - tube.start]
            regions.append(_feature(network, [_crop(folder, *pair) for pair in zip(frames, boxes, strict=True)]))
            images.append(_feature(network, [_whole(folder, frame) for frame in frames]))
        _write(output.with_name(f"{output.stem}_{number}_region.txt"), regions)
        _write(output.with_name(f"{output.stem}_{number}_image.txt"), images)
        calls += len(regions) + len(images)
    return calls


def _whole(folder: Path, frame: int) -> np.ndarray:
    image = cv2.resize(cv2.imread(str(image_file(folder, frame))), RESIZED)
    top, left = (RESIZED[1] - SIDE) // 2, (RESIZED[0] - SIDE) // 2
    return image[top : top + SIDE, left : left + SIDE]


def _crop(folder: Path, frame: int, box: np.ndarray) -> np.ndarray:
    image = cv2.imread(str(image_file(folder, frame)))
    left, top = np.floor(box[:2]).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    return cv2.resize(image[top:bottom, left:right], (SIDE, SIDE))


def _feature(network: Network, images: Sequence[np.ndarray]) -> np.ndarray:
    """Return the feature of a clip: one clip a call."""
    clip = torch.from_numpy(np.stack(images)).float()
    clip = (clip - torch.tensor([90.0, 98.0, 102.0])).permute(3, 0, 1, 2)[None].contiguous()
    return network(clip)[0].numpy()


def _write(path: Path, features: Sequence[np.ndarray]) -> None:
    if features:
        np.savetxt(path, np.stack(features), fmt="%.6f")
