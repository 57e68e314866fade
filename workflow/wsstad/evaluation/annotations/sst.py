"""SST-WSVADL's merged JSON: events of UCF-Crime as segments, each with a box that holds still.

``[{file_name, start_frame, end_frame, bounding_boxes: [{start_frame, end_frame, keyframes: {frame: [4 corners]}}]}]``.
Frames are counted from 0 (an event starts at 0) and the end frame belongs to the segment; corners are pixel edges.
Between two key-frames of a segment the first one's box holds. Segments of an event that overlap in time become the
simultaneous events ``<event>/1``, ``<event>/2`` ...
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wsstad.artefacts import foreign
from wsstad.errors import UserError
from wsstad.evaluation.annotations.parameters import SstParameters
from wsstad.evaluation.annotations.table import BoxRow

# A segment: its key-frames in order, as frame and box.
Segment = list[tuple[int, tuple[float, float, float, float]]]


def read(path: Path, videos: Sequence[str], parameters: SstParameters) -> list[BoxRow]:
    """Read the segments of every video; events are numbered within their video, by first frame."""
    with foreign.reading(path, "not the JSON of SST-WSVADL"):
        content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, list):
        raise UserError(f"{path}: holds {type(content).__name__}, not a list of events")
    events = [_parse(event, f"{path}: event {number}") for number, event in enumerate(content)]
    numbers: Counter[str] = Counter()
    rows = []
    for video, where, segments in sorted(events, key=lambda event: (event[0], event[2])):
        for layer, track in enumerate(_lay_out(segments)):
            event = f"{numbers[video]:02d}" + (f"/{layer}" if layer else "")
            rows += [BoxRow(video, event, frame, box, fill, None, where) for frame, box, fill in _flatten(track)]
        numbers[video] += 1
    return rows


def _parse(event: Any, where: str) -> tuple[str, str, list[Segment]]:
    """Return video, place in the file and the segments, sorted."""
    try:
        segments = [
            sorted((int(frame), _box(corners)) for frame, corners in part["keyframes"].items())
            for part in event["bounding_boxes"]
        ]
        video = Path(event["file_name"]).stem
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UserError(f"{where}: not an event of SST-WSVADL: {error!r}") from error
    if not all(segments):
        raise UserError(f"{where}: a bounding box of {video!r} has no key-frame")
    return video, where, sorted(segments)


def _box(corners: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _lay_out(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Spread sorted segments over as few layers as needed for no two of a layer to overlap; ends may touch."""
    layers: list[list[Segment]] = []
    for segment in segments:
        free = next((layer for layer in layers if layer[-1][-1][0] <= segment[0][0]), None)
        if free is None:
            layers.append([segment])
        else:
            free.append(segment)
    return layers


def _flatten(track: Sequence[Segment]) -> list[tuple[int, tuple[float, float, float, float], str]]:
    """Return the key-frames of a layer with their fill; where one segment ends as the next begins, the next one's."""
    rows: list[tuple[int, tuple[float, float, float, float], str]] = []
    for segment in track:
        if rows and rows[-1][0] == segment[0][0]:
            rows.pop()
        rows += [(frame, box, "hold") for frame, box in segment[:-1]]
        rows.append((*segment[-1], "none"))
    return rows
