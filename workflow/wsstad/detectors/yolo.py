"""YOLO by ultralytics (AGPL-3.0): the only place that imports it."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from wsstad import storage
from wsstad.detections import Detections, canonical
from wsstad.errors import UserError

# Letterboxing as ultralytics does it: grey borders, sides padded to a multiple of the stride.
STRIDE = 32
GREY = 114
# A YOLOv8 for small pictures: its coarsest level (stride 32) is left out, since nothing there is that large.
SMALL_MODEL: dict[str, Any] = {
    "scales": {"n": [0.33, 0.25, 1024]},
    "scale": "n",
    "backbone": [
        [-1, 1, "Conv", [64, 3, 2]],
        [-1, 1, "Conv", [128, 3, 2]],
        [-1, 3, "C2f", [128, True]],
        [-1, 1, "Conv", [256, 3, 2]],
        [-1, 3, "C2f", [256, True]],
        [-1, 1, "Conv", [512, 3, 2]],
        [-1, 3, "C2f", [512, True]],
        [-1, 1, "SPPF", [512, 5]],
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

    def __init__(self, parameters: Mapping[str, Any], weights_folder: Path, *, device: str, threads: int) -> None:
        """Load the weights named in the parameters; raise `UserError` when they are absent or not the ones named."""
        self.parameters = dict(parameters)
        path = weights_folder / self.parameters["weights"]
        check_weights(path, self.parameters["sha256"])
        torch = _import_torch(threads)
        self.device = device
        self._model, names = _load(path, device)
        allowed = [names[i] for i in sorted(names)]
        self.classes = self.parameters["classes"] or allowed
        unknown = sorted(set(self.classes) - set(allowed))
        if unknown:
            raise UserError(f"{path}: classes: {unknown[0]!r} is unknown; allowed: {', '.join(allowed)}")
        self._wanted = torch.tensor([allowed.index(name) for name in self.classes], device=device)
        self.facts: dict[str, object] = {"type": "yolo", **self.parameters}

    def detect(self, frames: Iterator[np.ndarray]) -> Iterator[Detections]:
        """Yield the detections of every frame (height, width, 3) RGB uint8 of one video, in order."""
        frames = iter(frames)
        while batch := list(islice(frames, self.parameters["batch"])):
            yield from self._detect_batch(batch)

    def _detect_batch(self, batch: list[np.ndarray]) -> list[Detections]:
        import torch
        from ultralytics.utils.nms import non_max_suppression

        options = self.parameters
        height, width = batch[0].shape[:2]
        # The last batch is filled up, since boxes move a little with the size of the batch.
        filled = batch + [batch[-1]] * (options["batch"] - len(batch))
        boxed = [letterbox(frame, options["image_size"]) for frame in filled]
        pixels = torch.from_numpy(np.stack([picture for picture, *_ in boxed])).to(self.device)
        with torch.inference_mode():
            raw = self._model(pixels.permute(0, 3, 1, 2).float() / 255)
            found = non_max_suppression(
                raw,
                conf_thres=options["confidence"],
                iou_thres=options["iou"],
                classes=self._wanted.tolist(),
                max_det=options["max_detections"],
                max_time_img=1e6,
            )
        _, scale, left, top = boxed[0]
        position = {int(label): i for i, label in enumerate(self._wanted)}
        result = []
        for rows in (rows.cpu().numpy() for rows in found[: len(batch)]):
            boxes = (rows[:, :4] - np.array([left, top, left, top], dtype=np.float32)) / np.float32(scale)
            labels = np.array([position[int(label)] for label in rows[:, 5]], dtype=np.int16)
            result.append(canonical(boxes, rows[:, 4], labels, size=(width, height)))
        return result

    @staticmethod
    def fit(data: Path, output: Path, *, classes: list[str], image_size: int, epochs: int, seed: int, threads: int) -> None:
        """Train `SMALL_MODEL` from scratch on ``data/train/{images,labels}`` and write its fp16 weights alone.

        The file holds no optimiser, no path and no date; `storage.file_digest` of it goes into the detector's YAML.
        """
        _import_torch(threads)
        prepare_environment()
        from ultralytics import YOLO

        names = dict(enumerate(classes))
        storage.write_json(data / "model.yaml", {**SMALL_MODEL, "nc": len(classes)})
        # JSON is YAML as well.
        facts = {"path": str(data.resolve()), "train": "train/images", "val": "test/images", "names": names}
        storage.write_json(data / "data.yaml", {**facts, "names": {str(k): v for k, v in names.items()}})
        model = YOLO(str(data / "model.yaml"), task="detect", verbose=False)
        model.train(
            data=str(data / "data.yaml"), project=str(data.resolve() / "runs"), name="fit", exist_ok=True,
            imgsz=image_size, epochs=epochs, seed=seed, rect=True, batch=16, nbs=16, workers=0, cache="ram", device="cpu",
            optimizer="AdamW", lr0=0.003, lrf=0.02, warmup_epochs=1.0, mosaic=0.0, scale=0.3, translate=0.1, amp=False,
            val=False, plots=False, deterministic=True, verbose=False, pretrained=False,
        )  # fmt: skip
        _write_stripped(Path(data) / "runs" / "fit" / "weights" / "last.pt", output, names)


def letterbox(frame: np.ndarray, image_size: int) -> tuple[np.ndarray, float, int, int]:
    """Scale a frame so that its longer side is `image_size`, pad both sides to a multiple of 32 with grey.

    Return the picture (h, w, 3) uint8, the scale, and the padding on the left and on the top.
    """
    height, width = frame.shape[:2]
    scale = image_size / max(height, width)
    inner = (round(width * scale), round(height * scale))
    if inner != (width, height):
        frame = cv2.resize(frame, inner, interpolation=cv2.INTER_LINEAR)
    spare = [-side % STRIDE for side in inner]
    left, top = round(spare[0] / 2 - 0.1), round(spare[1] / 2 - 0.1)
    border = (top, spare[1] - top, left, spare[0] - left)
    return cv2.copyMakeBorder(frame, *border, cv2.BORDER_CONSTANT, value=(GREY,) * 3), scale, left, top


def check_weights(path: Path, sha256: str) -> None:
    """Raise `UserError` when the weights are absent, of another format, or not those with this digest."""
    if not path.is_file():
        raise UserError(f"{path}: no such weights; name their folder with --weights")
    if path.suffix not in (".pt", ".onnx"):
        raise UserError(f"{path}: weights of type {path.suffix!r}; allowed: .pt, .onnx")
    found = storage.file_digest(path)
    if found != sha256:
        raise UserError(f"{path}: sha256 is {found}; the detector's YAML allows only {sha256}")


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


def _load(path: Path, device: str) -> tuple[Any, dict[int, str]]:
    """Return a callable from pixels (n, 3, h, w) to raw predictions, and the names of the classes."""
    prepare_environment()
    if path.suffix == ".onnx":
        from ultralytics.nn.autobackend import AutoBackend

        model = AutoBackend(str(path), device=_import_torch(1).device(device), verbose=False)
        return model, dict(model.names)
    from ultralytics import YOLO

    model = YOLO(str(path), task="detect", verbose=False).model
    return model.fuse(verbose=False).float().eval().to(device), dict(model.names)


def _write_stripped(checkpoint: Path, output: Path, names: dict[int, str]) -> None:
    """Write the averaged model of a checkpoint without whatever tells when, where and by whom it was made."""
    import torch
    from ultralytics.nn.tasks import DetectionModel, load_checkpoint

    trained, _ = load_checkpoint(str(checkpoint))
    model = DetectionModel({**SMALL_MODEL, "nc": len(names)}, nc=len(names), verbose=False)
    model.load_state_dict(trained.state_dict())
    model.names, model.args = names, {}
    model.half().eval()
    for parameter in model.parameters():
        parameter.requires_grad = False
    facts = {"model": model, "train_args": {"task": "detect"}, "license": "AGPL-3.0-or-later", "version": "8.4.190"}
    with storage.atomic(output) as temporary:
        # torch names the folder inside the archive after the file; a buffer gives the same bytes under any name.
        with open(temporary, "wb") as file:
            torch.save(facts, file)
