"""YOLO by ultralytics (AGPL-3.0): only here and in `yolo_networks` is it imported."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.perception.detectors.base import BatchDetector
from wsstad.perception.detectors.letterbox import Letterbox
from wsstad.perception.detectors.parameters import YoloParameters
from wsstad.perception.detectors.suppression import suppress
from wsstad.perception.detectors.yolo_networks import load_onnx, load_pt
from wsstad.progress import Progress
from wsstad.structures.detections import Detections, canonical_frames

if TYPE_CHECKING:
    from torch import Tensor

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


class YoloDetector(BatchDetector):
    """Runs a YOLO over the frames of a video, in batches of a fixed size."""

    parameters: YoloParameters
    spans = True

    def __init__(
        self, parameters: YoloParameters, weights_folder: Path, *, device: str = "auto", threads: int = 1
    ) -> None:
        """Load the weights named in the parameters; raise `UserError` when they are absent or not the ones named.

        `device` is "cpu", "cuda", or "auto": cuda where there is one.
        """
        self.parameters, self.batch, self.threads = parameters, parameters.batch, threads
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
        self._label_of = np.zeros(len(allowed), dtype=np.int16)
        self._label_of[self._wanted] = range(len(self._wanted))
        # Whether frames are scaled, and doubles suppressed, where the network is.
        self._on_device = self.device != "cpu"
        # What the network reads: taken once, since fresh memory costs more than filling it.
        self._place: Letterbox | None = None
        self._pictures = np.zeros((0, 0, 0, 3), dtype=np.uint8)
        self._floats: Tensor | None = None

    def parameter_count(self) -> int:
        """Return how many numbers the network has."""
        return self._network.n_parameters

    def detect_batch(self, frames: Sequence[np.ndarray]) -> list[Detections]:
        """Return the detections of each of up to `batch` frames (h, w, 3) RGB uint8 of one size."""
        import torch

        height, width = frames[0].shape[:2]
        fit = Letterbox.stretched if self._network.stretches else Letterbox.of
        place = fit(height, width, self.parameters.image_size, self._network.shape)
        with torch.inference_mode():
            pixels = self._drawn_on_device(frames, place) if self._on_device else self._drawn(frames, place)
            boxes, counts = suppress(
                self._network.forward(self._scaled(pixels))[: len(frames)],
                wanted=self._wanted,
                n_classes=len(self._network.names),  # whatever else a network gives of a box is no class
                chooses=self._network.chooses,
                options=self.parameters,
                at_once=self._on_device,
            )
        rows = boxes.numpy()
        labels = self._label_of[rows[:, 5].astype(np.intp)]
        return canonical_frames(place.undo(rows[:, :4]), rows[:, 4], labels, counts, size=(width, height))

    def _drawn(self, frames: Sequence[np.ndarray], place: Letterbox) -> "Tensor":
        """Return pictures (batch, h, w, 3) uint8 of frames; the last one is repeated where there are fewer."""
        import torch

        if place != self._place:
            self._place, self._pictures = place, place.empty(self.batch)
        for frame, picture in zip(frames, self._pictures, strict=False):
            place.draw(frame, picture)
        self._pictures[len(frames) :] = self._pictures[len(frames) - 1]
        return torch.from_numpy(self._pictures)

    def _drawn_on_device(self, frames: Sequence[np.ndarray], place: Letterbox) -> "Tensor":
        """Return the same, drawn where the network is, which the frames reach as they are."""
        import torch

        array = frames if isinstance(frames, np.ndarray) else np.stack(frames)
        drawn = place.draw_all(torch.from_numpy(array).to(self.device))
        return torch.cat([drawn, drawn[-1:].expand(self.batch - len(drawn), *drawn.shape[1:])])

    def _scaled(self, pixels: "Tensor") -> "Tensor":
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
