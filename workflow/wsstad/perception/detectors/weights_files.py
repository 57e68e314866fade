"""Refuse a bad file of weights before the first job, without loading a library or running code of the file.

`yolo_networks` checks more when it loads the network.
"""

import io
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

ALLOWED = "allowed: a .pt of ultralytics for detection, segmentation or pose, or an .onnx that it exported"
# The models of ultralytics that give upright boxes in one layout, and their tasks; masks and joints are left out.
USABLE = {
    "DetectionModel": "detect",
    "RTDETRDetectionModel": "detect",
    "SegmentationModel": "segment",
    "PoseModel": "pose",
}
POINTER = b"version https://git-lfs"
LARGEST = 1 << 28  # bytes of the pickle that names the classes; the weights lie beside it
METADATA, KEY, VALUE = 14, 1, 2  # the field of an ONNX model that holds pairs of words, and the fields of a pair
VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5  # how a field is written


def problem(path: Path) -> str:
    """Return why a file cannot be a network that finds boxes, and what is allowed; nothing where it may be one."""
    with open(path, "rb") as file:
        head = file.read(len(POINTER))
    if not head:
        return f"is empty; {ALLOWED}"
    if head == POINTER:
        return f"is a pointer of Git LFS, not the weights: `git lfs pull` fetches them; {ALLOWED}"
    try:
        words = _problem_of_onnx(path) if path.suffix == ".onnx" else _problem_of_pt(path)
    except Exception:  # of a damaged archive, or pickle, anything may be raised
        words = "is cut, damaged, or of another kind"
    return f"{words}; {ALLOWED}" if words else ""


def _problem_of_pt(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if any("/code/" in name for name in names):
            return "is TorchScript"
        entry = archive.getinfo(next(name for name in names if name.endswith("data.pkl")))
        if entry.file_size > LARGEST:
            raise ValueError(f"{entry.file_size} bytes")
        pickled = archive.read(entry)
    for module, name in _classes(pickled):
        if module == "ultralytics.nn.tasks":
            return "" if name in USABLE else f"holds a {name}"
        if module.startswith("models."):
            return f"holds a {name} of the code of {module}, as the repositories of YOLOv5 and YOLOv7 write it"
    return "holds no network, but the like of a state dict"


def _classes(pickled: bytes) -> Iterator[tuple[str, str]]:
    """Yield module and name of each class that a pickle names; nothing of it is run."""
    words: list[str] = []
    for code, argument, _ in pickletools.genops(pickled):
        if code.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            yield module, name
        elif code.name == "STACK_GLOBAL" and len(words) > 1:
            yield words[-2], words[-1]
        elif isinstance(argument, str):
            words.append(argument)


def _problem_of_onnx(path: Path) -> str:
    facts = {}
    with open(path, "rb") as file:
        for _, content in _fields(file, path.stat().st_size, keep={METADATA}):
            words = dict(_fields(io.BytesIO(content), len(content), keep={KEY, VALUE}))
            facts[words.get(KEY, b"")] = words.get(VALUE, b"").decode()
    if b"names" not in facts:
        return "names no classes, so ultralytics did not export it"
    task = facts.get(b"task", "detect")
    return "" if task in USABLE.values() else f"is for the task {task!r}"


def _fields(file: BinaryIO, size: int, keep: set[int]) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of the fields of a message that `keep` holds the numbers of; the others are skipped."""
    while file.tell() < size:
        number, kind = divmod(_varint(file), 8)
        if kind == VARINT:
            _varint(file)
            length = 0
        else:
            length = {EIGHT: 8, FOUR: 4}[kind] if kind != BYTES else _varint(file)
        if file.tell() + length > size:
            raise EOFError
        if number in keep:
            yield number, file.read(length)
        else:
            file.seek(length, 1)


def _varint(file: BinaryIO) -> int:
    value = shift = 0
    while True:
        byte = file.read(1)
        if not byte or shift > 63:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7
