"""Every parser of what others have written, each with a small good input to change."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save_file
from scipy.io import savemat

from contracts import test_formats
from support import videos
from wsstad import config
from wsstad.artefacts import storage, tables
from wsstad.artefacts.exchange import feature_files, masks
from wsstad.artefacts.storage import Artefact
from wsstad.evaluation.annotations import FORMATS
from wsstad.evaluation.annotations.table import check
from wsstad.perception.detectors import weights_files
from wsstad.perception.networks import c3d_checkpoints, i3d_checkpoints
from wsstad.planning import checksums, dataset_tables
from wsstad.planning.drafts import lists
from wsstad.planning.layouts import feature_lists, ucf_crime
from wsstad.video import containers, images, prechecks, riff


class Parser(NamedTuple):
    """The file that is changed, and what reads it."""

    file: Path
    read: Callable[[], object]


Maker = Callable[[Path], Parser]


def _annotations(name: str) -> Maker:
    read = FORMATS[name].load()  # now, so that which lines are reached is seen

    def make(folder: Path) -> Parser:
        path = test_formats.MAKERS[name](folder)
        file = path if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())[-1]
        return Parser(file, lambda: check(read(path, ["a"], test_formats.parameters(name))))

    return make


def _written(name: str, content: bytes, read: Callable[[Path], object]) -> Maker:
    def make(folder: Path) -> Parser:
        (folder / name).write_bytes(content)
        return Parser(folder / name, lambda: read(folder / name))

    return make


def _made(name: str, write: Callable[[Path], object], read: Callable[[Path], object]) -> Maker:
    def make(folder: Path) -> Parser:
        write(folder / name)
        return Parser(folder / name, lambda: read(folder / name))

    return make


def _masks(path: Path) -> object:
    return masks.read(path.parent, ["a"])


MASK = np.zeros((6, 12, 16), np.uint8)
MASK[2:, 3:9, 4:10] = 1


def _packed(path: Path) -> None:
    np.savez(path, packed=np.packbits(MASK, axis=-1), shape=np.array(MASK.shape))


def _features(form: str) -> Callable[[Path], object]:
    return lambda path: feature_files.read(path, form, ["a"])


def _listed(path: Path) -> object:
    return lists.read(path.parent, path, ["a.mp4", "b.mp4"])


def _feature_lists(path: Path) -> object:
    for name in ("a_Normal.npy", "Abuse001.npy", "b_Normal.npy", "Abuse002.npy"):
        (path.parent / name).touch()
    (path.parent / "test.list").write_text("b_Normal.npy\nAbuse002.npy\n")
    return feature_lists.read(path.parent, {"train": path, "test": path.parent / "test.list"})


def _configuration(path: Path) -> object:
    return config.check(config.read([path]), "config", path)


def _artefact(path: Path) -> None:
    arrays = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.arange(3)}
    storage.write_artefact(path, Artefact(arrays, {"n": 3}), kind="tubes", key="0" * 64)


def _keras(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("conv1/conv1_W", data=np.ones((2, 3)))


STATE = {"conv1a.weight": torch.ones(2, 3), "conv1a.bias": torch.ones(2)}
PICTURE = Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
VIDEOS_TSV = b"video\tpath\tlabel\tclass\na\ta.mp4\tnormal\tnormal\nb\tb.mp4\tabnormal\tfall\n"
CONFIG = (Path(__file__).parents[2] / "config/config.yaml").read_bytes()
DATASET = b"title: A\nannotations:\n  mine: {format: table, path: boxes.tsv}\nchecksums: SHA256SUMS\n"

PARSERS: dict[str, Maker] = {
    **{name: _annotations(name) for name in test_formats.WITH_BOXES},
    "masks.npz": _made("a.npz", _packed, _masks),
    "masks.mat": _made("a.mat", lambda path: savemat(path, {"m": MASK.transpose(1, 2, 0)}), _masks),
    "features.npz": _made("a.npz", lambda path: np.savez(path, a=np.ones((4, 3), "f4")), _features("npz")),
    "features.npy": _made("a.npy", lambda path: np.save(path, np.ones((4, 3), "f4")), _features("npy")),
    "features.txt": _written("a.txt", b"0.1 0.2\n0.3 1e-4\n", _features("sultani")),
    "features.h5": _made(
        "a.h5",
        lambda path: feature_files.write(path.parent, "hdf5", {"a": np.ones((4, 3))})[0].rename(path),
        _features("hdf5"),
    ),
    "c3d.h5": _made("a.h5", _keras, c3d_checkpoints._read),
    "c3d.npz": _made("a.npz", lambda path: np.savez(path, wc1=np.ones((2, 3))), c3d_checkpoints._read),
    "c3d.pth": _made("a.pth", lambda path: torch.save(STATE, path), c3d_checkpoints._read),
    "c3d.pickle": _made(
        "a.pth", lambda path: torch.save(STATE, path, _use_new_zipfile_serialization=False), c3d_checkpoints._read
    ),
    "i3d.safetensors": _made("a.st", lambda path: save_file({"a": np.ones((2, 3))}, path), i3d_checkpoints._read),
    "i3d.pickle": _written("a", b"\x80\x04}\x94\x8c\x01a\x94}\x94\x8c\x01b\x94K\x01ss.", i3d_checkpoints._read),
    "yolo.pt": _made("a.pt", lambda path: torch.save(STATE, path), weights_files.problem),
    "yolo.onnx": _written(
        "a.onnx", b"\x08\x08\x12\x07pytorch:\x04\x12\x00\x1a\x00r\x0e\n\x04task\x12\x06detect", weights_files.problem
    ),
    "table": _written("a.tsv", VIDEOS_TSV, tables.read),
    "videos.tsv": _written("videos.tsv", VIDEOS_TSV, lambda path: dataset_tables.read_videos(path.parent)),
    "dataset.yaml": _written("dataset.yaml", DATASET, lambda path: dataset_tables.read_dataset(path.parent)),
    "config.yaml": _written("config.yaml", CONFIG, _configuration),
    "list": _written("list.csv", b"path,label,group\na.mp4,normal,x\nb.mp4,fall,y\n", _listed),
    "feature list": _written("train.list", b"a_Normal.npy\nAbuse001.npy 1\n", _feature_lists),
    "ucf list": _written(
        "Temporal_Anomaly_Annotation.txt", b"Abuse028_x264.mp4 Abuse 165 240 -1 -1\n", lambda path: _ucf(path.parent)
    ),
    "checksums": _written("SHA256SUMS", b"a" * 64 + b"  a.mp4\nMD5 (b.mp4) = " + b"0" * 32, checksums.read),
    "artefact": _made("a.h5", _artefact, lambda path: storage.read_artefact(path, kind="tubes")),
    "model": _made(
        "a.safetensors",
        lambda path: storage.write_tensors(path, {"a": np.ones((2, 3))}, {"b": 1}, key="0" * 64),
        storage.read_tensors,
    ),
    "container": _made("a.ts", lambda path: videos.write(path, videos.frames(2), kind="ts"), containers.sniff),
    "avi": _made(
        "a.avi", lambda path: videos.write(path, videos.frames(2), kind="avi"), lambda path: riff.count_frames(path, 0)
    ),
    **{
        f"picture.{kind}": _made(f"a.{kind}", PICTURE.save, lambda path: prechecks.check_picture(path, 10**6))
        for kind in ("png", "tiff", "webp", "jpg")
    },
    "pages": _made("a.tiff", PICTURE.save, images.count_pages),
}


def _ucf(source: Path) -> object:
    (source / ucf_crime.TRAIN).write_text("Abuse/Abuse001_x264.mp4\n")
    return ucf_crime.read_lists(source)
