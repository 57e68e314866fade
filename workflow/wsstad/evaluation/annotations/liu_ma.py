"""UCFCrime_BoundingBox_Annotation (Liu & Ma, ACM MM 2019): a pickle of sparse key-frame boxes.

``{video: [[".../image_0271.jpg", x1, y1, x2, y2], ...]}``, unsorted, one box a key-frame, frames and pixels counted
from 1, the last pixel inside the box: over the whole data set x1 = 1 occurs often and 0 never, x2 = 320 often and 321
never. The pickle is of protocol 0 and needs no class: it is read by an unpickler that refuses them all.

The pickle does not say where an event ends. With `events`, the path of UCF-Crime's ``Temporal_Anomaly_Annotation.txt``,
the key-frames inside one interval are one event. Without it, or outside of every interval, a new event starts where two
key-frames are more than `max_gap` frames apart. In the test set no two events are nearer than 165 frames, and 98.7 %
of the steps inside an event are at most 160, so 160 is the default.
"""

import pickle
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from wsstad.artefacts import foreign
from wsstad.artefacts.exchange import collecting
from wsstad.errors import UserError
from wsstad.evaluation.annotations.parameters import LiuMaParameters
from wsstad.evaluation.annotations.table import BoxRow


# Python's own unpickler: the C one allocates as many objects as a file of 20 bytes claims to hold.
class PlainUnpickler(pickle._Unpickler):
    """An unpickler of lists, dicts, texts and numbers: it refuses every class and function."""

    def find_class(self, module: str, name: str) -> NoReturn:
        """Refuse."""
        raise pickle.UnpicklingError(f"it imports {module}.{name}")

    def persistent_load(self, identifier: object) -> NoReturn:
        """Refuse."""
        raise pickle.UnpicklingError("it refers to something outside of the file")


def read(path: Path, videos: Sequence[str], parameters: LiuMaParameters) -> list[BoxRow]:
    """Read the key-frames of every video of the pickle, sorted, linearly filled inside an event."""
    content = _load(path)
    events = _read_events(Path(parameters.events)) if parameters.events else {}
    rows = []
    for video in sorted(content):
        where = f"{path}: {video}"
        keyframes = sorted(_parse(entry, f"{where}: row {n}") for n, entry in enumerate(content[video]))
        for event, group in enumerate(_group(keyframes, events.get(video, []), parameters.max_gap)):
            for n, box in group:
                shifted = (box[0] - parameters.first_pixel, box[1] - parameters.first_pixel, box[2], box[3])
                rows.append(BoxRow(video, f"{event:02d}", n - 1, shifted, "linear", None, f"{where}: image {n}"))
    return rows


def _load(path: Path) -> dict[str, list[Any]]:
    try:
        with open(path, "rb") as file:
            content = PlainUnpickler(file).load()
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except Exception as error:  # a malformed pickle can raise anything
        raise UserError(f"{path}: refused: {error}") from error
    if not isinstance(content, dict) or not all(isinstance(v, str) and isinstance(r, list) for v, r in content.items()):
        raise UserError(f"{path}: not a mapping of videos to lists of boxes")
    return content


def _parse(entry: Any, where: str) -> tuple[int, tuple[float, float, float, float]]:
    """Return number of the image, counted from 1, and its box."""
    image = re.search(r"(\d+)\.jpg$", str(entry[0])) if isinstance(entry, list) and len(entry) == 5 else None
    if image is None or not all(isinstance(value, int | float) for value in entry[1:]):
        raise UserError(f"{where}: {entry!r}; allowed: [image_<number>.jpg, x1, y1, x2, y2]")
    with foreign.reading(where, "cannot be read as a box"):  # numbers may have any number of digits
        x1, y1, x2, y2 = map(float, entry[1:])
        return int(image[1]), (x1, y1, x2, y2)


def _read_events(path: Path) -> dict[str, list[tuple[int, int]]]:
    """Return the intervals, counted from 1 and inclusive, of every video: ``name class start end start end``."""
    if not path.is_file():
        raise UserError(f"{path}: no such file of events")
    events = {}
    for number, line in enumerate(collecting.read_text(path).splitlines(), start=1):
        cells = line.split()
        if cells and not (len(cells) == 6 and all(re.fullmatch(r"-?[0-9]{1,18}", cell) for cell in cells[2:])):
            raise UserError(f"{path}: row {number}: {line!r}; allowed: name class start end start end")
        if cells:
            bounds = [int(cell) for cell in cells[2:]]
            spans = list(zip(bounds[::2], bounds[1::2], strict=True))
            events[Path(cells[0]).stem] = [(start, end) for start, end in spans if start >= 0]
    return events


def _group(
    keyframes: Sequence[tuple[int, tuple[float, float, float, float]]], spans: Sequence[tuple[int, int]], max_gap: int
) -> list[list[tuple[int, tuple[float, float, float, float]]]]:
    """Split sorted key-frames into events."""
    groups: list[list[tuple[int, tuple[float, float, float, float]]]] = []
    last_span = -1
    for keyframe in keyframes:
        span = next((i for i, (start, end) in enumerate(spans) if start <= keyframe[0] <= end), -1)
        near = bool(groups) and keyframe[0] - groups[-1][-1][0] <= max_gap
        if groups and span == last_span and (span >= 0 or near):
            groups[-1].append(keyframe)
        else:
            groups.append([keyframe])
        last_span = span
    return groups
