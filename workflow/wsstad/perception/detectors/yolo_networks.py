"""Networks that others trained, read from their files: what they take, what they give, and whether that can be used.

Nothing is assumed of a file: its task, the layout of its output, its classes and the shape of its input are looked up,
and tried on an empty picture. What cannot be used is refused in one line.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wsstad.errors import UserError
from wsstad.perception.detectors.weights_files import USABLE

Forward = Callable[[Any], Any]  # tensors to tensors, by torch or by onnxruntime
ALLOWED = "allowed: a YOLO or RT-DETR of ultralytics for detection, segmentation or pose"
EXPORT = "yolo export model=<file>.pt format=onnx dynamic=True"
SIDE = 64  # pixels of the picture that a network is tried on
ROW = 6  # box, score and class, where a network has chosen its boxes itself
RTDETR = ("RTDETRDetectionModel", "RTDETRDecoder")  # its model in a .pt, and its last layer as an .onnx names it


@dataclass(frozen=True)
class Network:
    """A detection network.

    `forward` takes pixels (n, 3, h, w) from 0 to 1 and gives tensors (n, 4 + classes + more, boxes), or where it
    `chooses` boxes itself (n, boxes, 6 + more). `shape` (h, w) is the only one that it takes, if there is one. One that
    `stretches` takes frames without a border, out of proportion.
    """

    forward: Forward
    names: list[str]
    chooses: bool
    shape: tuple[int, int] | None = None
    n_parameters: int = 0
    stretches: bool = False


def load_pt(path: Path, device: str, threads: int) -> Network:
    """Return the network of a file of ultralytics; raise `UserError` for one that is of another kind."""
    import torch
    from ultralytics import YOLO

    try:
        model: Any = YOLO(str(path), task="detect", verbose=False).model
    except Exception as error:  # ultralytics raises whatever it meets: the file is foreign
        raise UserError(f"{path}: cannot be loaded ({_first_line(error)}); {ALLOWED}") from error
    kind = type(model).__name__
    if kind not in USABLE:
        raise UserError(f"{path}: a {kind}; {ALLOWED}")
    names = [str(model.names[i]) for i in sorted(model.names)]
    model = model.fuse(verbose=False).float().eval().to(device)

    def forward(pixels: "torch.Tensor") -> "torch.Tensor":
        return _first(model(pixels))

    with torch.inference_mode():
        shape = tuple(forward(torch.zeros(1, 3, SIDE, SIDE, device=device)).shape)
    stretches = kind in RTDETR
    chooses = stretches or bool(getattr(model, "end2end", False))
    _check_layout(path, shape, len(names), chooses=chooses)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    network = _in_pixels(forward) if stretches else forward
    return Network(network, names, chooses, n_parameters=n_parameters, stretches=stretches)


def load_onnx(path: Path, device: str, threads: int) -> Network:
    """Do the same as `load_pt` for an ONNX file that ultralytics exported, whatever its options."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    wanted = ["CUDAExecutionProvider"] if device == "cuda" else []
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()] + ["CPUExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:
        raise UserError(f"{path}: cannot be loaded ({_first_line(error)}); {ALLOWED}, by `{EXPORT}`") from error
    facts = session.get_modelmeta().custom_metadata_map
    names, source = _names(path, facts), session.get_inputs()[0]
    dtype = np.float16 if source.type == "tensor(float16)" else np.float32
    batch, _, *sides = [size if isinstance(size, int) else None for size in source.shape]

    def run(pixels: np.ndarray) -> np.ndarray:
        n = len(pixels)
        filled = pixels if batch is None else np.concatenate([pixels, np.repeat(pixels[-1:], -n % batch, axis=0)])
        parts = np.split(filled, len(filled) // batch) if batch else [filled]
        return np.concatenate([session.run(None, {source.name: part.astype(dtype)})[0] for part in parts])[:n]

    def forward(pixels: "torch.Tensor") -> "torch.Tensor":
        return torch.from_numpy(run(pixels.cpu().numpy()).astype(np.float32)).to(device)

    shape = (sides[0], sides[1]) if len(sides) == 2 and sides[0] and sides[1] else None
    tried = run(np.zeros((1, 3, *(shape or (SIDE, SIDE))), dtype=dtype))
    stretches = facts.get("head") in RTDETR
    chooses = stretches or facts.get("end2end") == "True" or "'nms': True" in facts.get("args", "")
    _check_layout(path, tried.shape, len(names), chooses=chooses)
    return Network(_in_pixels(forward) if stretches else forward, names, chooses, shape, stretches=stretches)


def _names(path: Path, facts: Mapping[str, str]) -> list[str]:
    """Return the classes by what ultralytics notes in an ONNX file; raise `UserError` for another task, or none."""
    if "names" not in facts:
        raise UserError(f"{path}: names no classes, so it is not of ultralytics; {ALLOWED}, by `{EXPORT}`")
    if facts.get("task", "detect") not in USABLE.values():
        raise UserError(f"{path}: for the task {facts['task']!r}; {ALLOWED}")
    names = ast.literal_eval(facts["names"])
    return [str(names[i]) for i in sorted(names)]


def _check_layout(path: Path, shape: tuple[int, ...], n_classes: int, *, chooses: bool) -> None:
    """Raise `UserError` unless an output of this shape is the boxes of a YOLO with so many classes."""
    if chooses:
        fits = len(shape) == 3 and shape[2] >= ROW
    else:
        fits = len(shape) == 3 and shape[1] >= 4 + n_classes and (shape[2] != 4 + n_classes or shape[1] == shape[2])
    if not fits:
        expected = f"(1, boxes, {ROW})" if chooses else f"(1, {4 + n_classes}, boxes)"
        what = "x".join(map(str, shape))
        raise UserError(
            f"{path}: its output is {what}, not {expected} of {n_classes} classes (an old export?); {ALLOWED}"
        )


def _in_pixels(forward: Forward) -> Forward:
    """Return a network that gives corners in pixels of the picture where `forward` gives centre and sides as shares."""
    import torch

    def run(pixels: torch.Tensor) -> torch.Tensor:
        rows = forward(pixels)
        height, width = pixels.shape[2:]
        middle, half = rows[..., :2], rows[..., 2:4] / 2
        corners = torch.cat([middle - half, middle + half], dim=-1)
        return torch.cat([corners * corners.new_tensor([width, height, width, height]), rows[..., 4:]], dim=-1)

    return run


def _first(output: Any) -> Any:
    while isinstance(output, list | tuple):
        output = output[0]
    return output


def _first_line(error: Exception) -> str:
    return next(iter(f"{type(error).__name__}: {error}".splitlines()), "")[:200]
