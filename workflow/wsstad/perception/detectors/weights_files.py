"""What a file of weights is, by a look that loads no library and runs no code: it is refused before the first job.

`yolo_networks` looks closer when the network is loaded.
"""

import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

ALLOWED = "allowed: a .pt of ultralytics for detection, segmentation or pose, or an .onnx that it exported"
USABLE = {"DetectionModel", "SegmentationModel", "PoseModel"}
TASKS = {"detect", "segment", "pose"}
POINTER = b"version https://git-lfs"
METADATA = 14  # the field of an ONNX model that holds pairs of words
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
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, IndexError, NotImplementedError):
        words = "is cut, damaged, or of another kind"
    return f"{words}; {ALLOWED}" if words else ""


def _problem_of_pt(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if any("/code/" in name for name in names):
            return "is TorchScript"
        pickled = archive.read(next(name for name in names if name.endswith("data.pkl")))
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
        for field, content in _fields(file, path.stat().st_size, keep=METADATA):
            if field == METADATA:
                words = dict(_pairs(content))
                facts[words.get(1, b"")] = words.get(2, b"").decode()
    if b"names" not in facts:
        return "names no classes, so ultralytics did not export it"
    task = facts.get(b"task", "detect")
    return "" if task in TASKS else f"is for the task {task!r}"


def _fields(file: BinaryIO, size: int, keep: int) -> Iterator[tuple[int, bytes]]:
    """Yield the number of each field of a message, and the content of those called `keep`; the others are skipped."""
    while file.tell() < size:
        number, kind = divmod(_varint(file), 8)
        if kind == VARINT:
            _varint(file)
            length = 0
        else:
            length = {EIGHT: 8, FOUR: 4}[kind] if kind != BYTES else _varint(file)
        if file.tell() + length > size:
            raise EOFError
        if number == keep:
            yield number, file.read(length)
        else:
            file.seek(length, 1)
            yield number, b""


def _pairs(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the fields of a short message of words."""
    at = 0
    while at + 1 < len(content):
        number, length, at = content[at] // 8, 0, at + 1
        shift = 0
        while True:
            byte, at = content[at], at + 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        yield number, content[at : at + length]
        at += length


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
