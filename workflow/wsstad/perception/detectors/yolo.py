"""YOLO by ultralytics (AGPL-3.0): only here and in `yolo_networks` is it imported."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception.detectors.base import Pixels
from wsstad.perception.detectors.parameters import YoloParameters
from wsstad.perception.detectors.yolo_networks import load_onnx, load_pt
from wsstad.progress import Progress
from wsstad.structures.detections import Detections, canonical

# Letterboxing as ultralytics does it: grey borders, sides padded to a multiple of the stride.
STRIDE = 32
GREY = 114
# A small YOLOv8 for small pictures: half as wide as YOLOv8n, and without its coarsest level (stride 32), since nothing
# there is that large; `reg_max` 8 still spans sides of 2 x 8 x 16 px.
SMALL_MODEL: Json = {
    "scales": {"n": [0.33, 0.125, 1024]},
    "scale": "n",
    "reg_max": 8,
    "backbone": [
        [-1, 1, "Conv", [64, 3, 2]],
        [-1, 1, "Conv", [128, 3, 2]],
        [-1, 3, "C2f", [128, True]],
        [-1, 1, "Conv", [256, 3, 2]],
        [-1, 3, "C2f", [256, True]],
        [-1, 1, "Conv", [768, 3, 2]],
        [-1, 3, "C2f", [768, True]],
        [-1, 1, "SPPF", [768, 5]],
    ],
    "head": [
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
        [[-1, 4], 1, "Concat", [1]],
        [-1, 3, "C2f", [256]],
        [-1, 1, "Conv", [256, 3, 2]],
        [[-1, 7], 1, "Concat", [1]],
        [-1, 3, "C2f", [512]],
        [[10, 13], 1, "Detect", ["nc"]],
    ],
}


class YoloDetector:
    """Runs a YOLO over the frames of a video, in batches of a fixed size."""

    def __init__(
        self, parameters: YoloParameters, weights_folder: Path, *, device: str = "auto", threads: int = 1
    ) -> None:
        """Load the weights named in the parameters; raise `UserError` when they are absent or not the ones named.

        `device` is "cpu", "cuda", or "auto": cuda where there is one.
        """
        self.parameters = parameters
        path = weights_folder / self.parameters.weights
        check_weights(path, self.parameters.sha256)
        prepare_environment()
        torch = _import_torch(threads)
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._network = (load_onnx if path.suffix == ".onnx" else load_pt)(path, self.device, threads)
        allowed = self._network.names
        self.classes = list(self.parameters.classes or allowed)
        unknown = sorted(set(self.classes) - set(allowed))
        if unknown:
            raise UserError(f"{path}: classes: {unknown[0]!r} is unknown; allowed: {', '.join(allowed)}")
        self._wanted = [allowed.index(name) for name in self.classes]
        # What the network reads: taken once, since fresh memory costs more than filling it.
        self._floats: Any = None

    def detect(self, frames: Pixels) -> Iterator[Detections]:
        """Yield the detections of every frame of one video, in order."""
        rest = frames.read()
        while batch := list(islice(rest, self.parameters.batch)):
            yield from self._detect_batch(batch)

    def parameter_count(self) -> int:
        """Return how many numbers the network has."""
        return self._network.n_parameters

    def _detect_batch(self, batch: list[np.ndarray]) -> list[Detections]:
        import torch
        from ultralytics.utils.nms import non_max_suppression

        options = self.parameters
        height, width = batch[0].shape[:2]
        # The last batch is filled up, since boxes move a little with the size of the batch.
        filled = batch + [batch[-1]] * (options.batch - len(batch))
        boxed = [letterbox(frame, options.image_size, self._network.shape) for frame in filled]
        pixels = torch.from_numpy(np.stack([picture for picture, *_ in boxed])).to(self.device)
        with torch.inference_mode():
            results = non_max_suppression(
                self._network.forward(self._scaled(pixels)),
                conf_thres=options.confidence,
                iou_thres=options.iou,
                classes=self._wanted,
                agnostic=options.class_agnostic,
                max_det=options.max_detections,
                nc=len(self._network.names),  # whatever else a network gives of a box is no class
                end2end=self._network.chooses,
                max_time_img=1e6,  # never give up in the middle: a slow machine must find the same
            )
        _, scale, left, top = boxed[0]
        result = []
        for rows in (rows.cpu().numpy() for rows in results[: len(batch)]):
            boxes = (rows[:, :4] - np.array([left, top, left, top], dtype=np.float32)) / np.float32(scale)
            labels = np.array([self._wanted.index(int(label)) for label in rows[:, 5]], dtype=np.int16)
            result.append(canonical(boxes, rows[:, 4], labels, size=(width, height)))
        return result

    def _scaled(self, pixels: Any) -> Any:
        """Return pixels (n, h, w, 3) uint8 as (n, 3, h, w) float32 in 0 .. 1; the next batch overwrites them."""
        import torch

        if self._floats is None or self._floats.shape != pixels.shape:
            self._floats = torch.empty_like(pixels, dtype=torch.float32)
        return self._floats.copy_(pixels).div_(255).permute(0, 3, 1, 2)

    @staticmethod
    def fit(
        data: Path, output: Path, *, classes: list[str], image_size: int, epochs: int, seed: int, threads: int
    ) -> None:
        """Train `SMALL_MODEL` from scratch on ``data/train/{images,labels}`` and write its fp16 weights alone.

        The file holds no optimiser, no path and no date; `storage.file_digest` of it goes into the detector's YAML.
        """
        torch = _import_torch(threads)
        prepare_environment()
        from ultralytics import YOLO

        names = dict(enumerate(classes))
        storage.write_json(data / "model.yaml", {**SMALL_MODEL, "nc": len(classes)})
        # JSON is YAML as well.
        facts = {"path": str(data.resolve()), "train": "train/images", "val": "test/images", "names": names}
        storage.write_json(data / "data.yaml", {**facts, "names": {str(k): v for k, v in names.items()}})
        model = YOLO(str(data / "model.yaml"), task="detect", verbose=False)
        progress = Progress("fit", epochs, "epochs")
        # ultralytics takes one thread on a CPU with two cores, whatever was set before.
        model.add_callback("on_train_start", lambda trainer: torch.set_num_threads(threads))
        model.add_callback("on_train_epoch_end", lambda trainer: progress.add())
        model.train(
            data=str(data / "data.yaml"), project=str(data.resolve() / "runs"), name="fit", exist_ok=True,
            imgsz=image_size, epochs=epochs, seed=seed, rect=True, batch=16, nbs=16, workers=0, cache="ram",
            device="cpu",
            optimizer="AdamW", lr0=0.003, lrf=0.02, warmup_epochs=1.0, mosaic=0.0, scale=0.3, translate=0.1, amp=False,
            val=False, plots=False, deterministic=True, verbose=False, pretrained=False,
        )  # fmt: skip
        _write_stripped(Path(data) / "runs" / "fit" / "weights" / "last.pt", output, names)


def letterbox(
    frame: np.ndarray, image_size: int, shape: tuple[int, int] | None = None
) -> tuple[np.ndarray, float, int, int]:
    """Scale a frame so that its longer side is `image_size`, pad both sides to a multiple of 32 with grey.

    For a network that takes one `shape` (height, width) alone, scale and pad it to that. Return the picture (h, w, 3)
    uint8, the scale, and the padding on the left and on the top.
    """
    height, width = frame.shape[:2]
    scale = image_size / max(height, width) if shape is None else min(shape[0] / height, shape[1] / width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    if inner != (width, height):
        frame = cv2.resize(frame, inner, interpolation=cv2.INTER_LINEAR)
    spare = [-side % STRIDE for side in inner] if shape is None else [shape[1] - inner[0], shape[0] - inner[1]]
    left, top = round(spare[0] / 2 - 0.1), round(spare[1] / 2 - 0.1)
    border = (top, spare[1] - top, left, spare[0] - left)
    return cv2.copyMakeBorder(frame, *border, cv2.BORDER_CONSTANT, value=(GREY,) * 3), scale, left, top


def check_weights(path: Path, sha256: str) -> None:
    """Raise `UserError` when the weights are absent, of another format, or not those with this digest."""
    if not path.is_file():
        raise UserError(f"{path}: no such weights; name their folder with --weights")
    if path.suffix not in (".pt", ".onnx"):
        raise UserError(f"{path}: weights of type {path.suffix!r}; allowed: .pt, .onnx")
    digest = storage.file_digest(path)
    if digest != sha256:
        raise UserError(f"{path}: sha256 is {digest}; the detector's YAML allows only {sha256}")


def prepare_environment() -> None:
    """Set what ultralytics reads when it is imported: load no code, install nothing, stay offline, own settings."""
    if os.environ.get("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "0").lower() not in ("", "0", "false", "no"):
        raise UserError("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD is set: weights could run code; unset it")
    os.environ.update(ULTRALYTICS_SAFE_LOAD="1", YOLO_AUTOINSTALL="0", YOLO_OFFLINE="1", YOLO_VERBOSE="False")
    if "wsstad" not in os.environ.get("YOLO_CONFIG_DIR", ""):
        folder = tempfile.mkdtemp(prefix="wsstad-yolo-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["YOLO_CONFIG_DIR"] = folder


def _import_torch(threads: int) -> Any:
    import torch
    import torchvision  # noqa: F401 - ultralytics takes its NMS only where it is imported already

    torch.set_num_threads(threads)
    return torch


def _write_stripped(checkpoint: Path, output: Path, names: dict[int, str]) -> None:
    """Write the averaged model of a checkpoint without whatever tells when, where and by whom it was made."""
    import torch
    from ultralytics.nn.tasks import DetectionModel, load_checkpoint

    trained, _ = load_checkpoint(str(checkpoint))
    model: Any = DetectionModel({**SMALL_MODEL, "nc": len(names)}, nc=len(names), verbose=False)
    model.load_state_dict(trained.state_dict())
    model.names, model.args = names, {}
    model.half().eval()
    for parameter in model.parameters():
        parameter.requires_grad = False
    facts = {"model": model, "train_args": {"task": "detect"}, "license": "AGPL-3.0-or-later", "version": "8.4.190"}
    # torch names the folder inside the archive after the file; an open file gives the same bytes under any name.
    with storage.atomic(output) as temporary, open(temporary, "wb") as file:
        torch.save(facts, file)
