"""Read any public C3D checkpoint into the names and shapes of `wsstad.perception.networks.c3d.shapes`.

======================  ==========================================================================================
layout                  file
======================  ==========================================================================================
plain                   our own names (conv1a.weight .. fc6.bias), such as a safetensors file
DavideA/c3d-pytorch     c3d.pickle, a state_dict: conv1.weight ..
jfzhang95               c3d-pretrained.pth: features.0.weight .., classifier.0.weight
mmaction2               c3d_sports1m_pretrain*.pth: conv1a.conv.weight .., bare or under state_dict and backbone
tensorflow              variables wc1 .. bd1 of hx173149/C3D-tensorflow, as npz
caffe                   blobs conv1a.0 (weight), conv1a.1 (bias) .. fc6-1.1 of facebookarchive/C3D, as npz
keras                   c3d-sports1M_weights.h5 of Keras 1 with Theano: conv1/conv1_W ..
======================  ==========================================================================================

Containers: torch (weights only, so no code of a file is ever run), safetensors, npz, HDF5. TensorFlow and Caffe files
need their own libraries; turn them into npz where these are installed, with one line:

TensorFlow: ``r = tf.train.load_checkpoint(FILE); numpy.savez("c3d.npz", **{k: r.get_tensor(k) for k in
r.get_variable_to_shape_map()})``

Caffe: ``numpy.savez("c3d.npz", **{f"{l.name}.{i}": numpy.array(b.data, "f4").reshape(b.num, b.channels, b.length,
b.height, b.width) for l in net.layers for i, b in enumerate(l.blobs)})`` with ``net`` parsed by C3D's own caffe.proto.
"""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from wsstad.errors import UserError
from wsstad.perception.networks import c3d
from wsstad.perception.networks.weights import check_file

LAYERS = [*(name for name, *_ in c3d.CONVOLUTIONS), "fc6"]
# The names in which conv1a and conv2a, the only ones of their group, have no letter.
SHORT = ["conv1", "conv2", *LAYERS[2:]]
# Wrappers that training frameworks put before the names of a state_dict, and TensorFlow around those of variables.
PREFIXES = ("module.", "backbone.", "var_name/")
# How the rows of fc6 run over what pool5 gives: channel, time, height, width; or with the channels last.
FC6_ORDERS = ("cthw", "thwc")


class Layout(NamedTuple):
    """The names of the arrays, layer by layer, and how to bring weights into torch's order."""

    names: list[tuple[str, str]]
    convolution: Callable[[np.ndarray], np.ndarray] = np.asarray
    dense: Callable[[np.ndarray], np.ndarray] = np.asarray


def _paired(layers: list[str], weight: str = ".weight", bias: str = ".bias") -> list[tuple[str, str]]:
    return [(layer + weight, layer + bias) for layer in layers]


def _unflip(weight: np.ndarray) -> np.ndarray:
    """Undo the half turn in the plane that kernels were given for Theano, which convolves there and not in time."""
    return weight[..., ::-1, ::-1]


def _flat(weight: np.ndarray) -> np.ndarray:
    return weight.reshape(weight.shape[-2:])


LAYOUTS = {
    "plain": Layout(_paired(LAYERS)),
    "DavideA/c3d-pytorch": Layout(_paired(SHORT)),
    "jfzhang95": Layout(_paired([f"features.{i}" for i in (0, 3, 6, 8, 11, 13, 16, 18)] + ["classifier.0"])),
    "mmaction2": Layout(_paired([f"{name}.conv" for name in LAYERS[:-1]] + ["fc6"])),
    "tensorflow": Layout(
        [(f"w{name}", f"b{name}") for name in [n.replace("onv", "") for n in SHORT[:-1]] + ["d1"]],
        convolution=lambda weight: weight.transpose(4, 3, 0, 1, 2),  # (T, H, W, in, out)
        dense=np.transpose,
    ),
    "caffe": Layout(_paired([*LAYERS[:-1], "fc6-1"], ".0", ".1"), dense=_flat),
    "keras": Layout(
        [(f"{name}/{name}_W", f"{name}/{name}_b") for name in SHORT], convolution=_unflip, dense=np.transpose
    ),
}


def load(path: Path, *, sha256: str, width: int = c3d.FULL_WIDTH, fc6_order: str = "cthw") -> dict[str, np.ndarray]:
    """Return the weights in a checkpoint as float32 under our own names.

    Raises `UserError` when the file is absent, is not the one with this digest, has an unknown layout or wrong shapes.
    """
    check_file(path, sha256)
    arrays = {_strip(name): array for name, array in _read(path).items()}
    layout = LAYOUTS[detect(arrays, path)]
    weights = {}
    for layer, (weight, bias) in zip(LAYERS, layout.names, strict=True):
        turn = layout.dense if layer == "fc6" else layout.convolution
        try:
            weights[f"{layer}.weight"] = turn(arrays[weight])
        except ValueError as error:
            raise UserError(f"{path}: {weight} has shape {arrays[weight].shape}, which is not a {layer}'s") from error
        weights[f"{layer}.bias"] = arrays[bias].reshape(-1)
    _check_shapes(weights, c3d.shapes(width), path)
    if fc6_order == "thwc":
        rows = weights["fc6.weight"].reshape(-1, 1, 4, 4, 8 * width)
        weights["fc6.weight"] = rows.transpose(0, 4, 1, 2, 3).reshape(len(rows), -1)
    return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in weights.items()}


def detect(arrays: Mapping[str, np.ndarray], path: Path) -> str:
    """Return the layout whose names are all there; raise `UserError` that lists what was found."""
    for name, layout in LAYOUTS.items():
        if arrays.keys() >= {key for pair in layout.names for key in pair}:
            return name
    shapes = ", ".join(f"{name} {array.shape}" for name, array in sorted(arrays.items())[:8])
    rest = f" and {len(arrays) - 8} more" if len(arrays) > 8 else ""
    raise UserError(f"{path}: no known C3D; found {shapes or 'no arrays'}{rest}; known layouts: {', '.join(LAYOUTS)}")


def _check_shapes(weights: Mapping[str, np.ndarray], expected: Mapping[str, tuple[int, ...]], path: Path) -> None:
    for name, shape in expected.items():
        if weights[name].shape != shape:
            raise UserError(f"{path}: {name} has shape {weights[name].shape}; allowed: {shape}")
        if weights[name].dtype.kind != "f" or not np.isfinite(weights[name]).all():
            raise UserError(f"{path}: {name} holds {weights[name].dtype} that are not all finite floats")


def _strip(name: str) -> str:
    name = name.removesuffix(":0")
    while prefix := next((p for p in PREFIXES if name.startswith(p)), ""):
        name = name.removeprefix(prefix)
    return name


def _read(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays in a file; its container is told by its content."""
    with open(path, "rb") as file:
        head = file.read(9)
    try:
        if head.startswith(b"\x89HDF"):
            return _read_hdf5(path)
        if head[8:] == b"{":
            from safetensors.numpy import load_file

            return load_file(path)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if all(name.endswith(".npy") for name in archive.namelist()):
                    with np.load(path, allow_pickle=False) as arrays:
                        return {name: arrays[name] for name in arrays.files}
        return _read_torch(path)
    except UserError:
        raise
    except Exception as error:  # each reader has its own errors for a damaged or hostile file
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: cannot be read as torch, safetensors, npz or HDF5: {reason}") from error


def _read_torch(path: Path) -> dict[str, np.ndarray]:
    import torch

    content: Any = torch.load(path, map_location="cpu", weights_only=True)
    while isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise UserError(f"{path}: holds {type(content).__name__}, not a state_dict")
    return {str(k): v.float().numpy() for k, v in content.items() if isinstance(v, torch.Tensor)}


def _read_hdf5(path: Path) -> dict[str, np.ndarray]:
    arrays = {}

    def visit(name: str, item: h5py.HLObject) -> None:
        # Data in other files could be anybody's; links are not followed by `visititems` in the first place.
        if isinstance(item, h5py.Dataset) and item.external is None:
            arrays[name] = item[()]

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return arrays
