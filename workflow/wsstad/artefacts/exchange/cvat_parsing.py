"""Reading CVAT's XML line by line: no tree in memory, no entity, and an error names the line."""

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import numpy as np

from wsstad.artefacts import foreign
from wsstad.artefacts.exchange import collecting
from wsstad.artefacts.exchange.collecting import Box, Collector, number, whole
from wsstad.errors import UserError
from wsstad.structures import tracks
from wsstad.structures.tracks import VideoTracks

CORNERS = ("xtl", "ytl", "xbr", "ybr")
NAMES = ("task/source", "job/source", "meta/source", "task/name")  # where a video is named, best first
KEPT = (*NAMES, "task/id", "task/size")

_Head = dict[str, str]  # what the head of a file says of a video, by parent/tag


@dataclass
class _Listed:
    """A box as it is listed: outside or not."""

    place: int
    frame: int
    corners: tuple[float, ...]
    outside: bool
    keyframe: bool
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class _Track:
    name: str
    label: str
    task: str
    boxes: list[_Listed] = field(default_factory=list)


class Document:
    """What a file holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tasks: list[_Head] = []
        self.meta: _Head = {}
        self.tracks: list[_Track] = []
        self._stack: list[tuple[str, dict[str, str]]] = []
        self._text = ""
        self._parser = expat.ParserCreate()

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Parse a file; raise `UserError` for one that is no CVAT for video 1.1."""
        document = cls(path)
        document._parse()
        return document

    def videos(self, video: str = "") -> list[VideoTracks]:
        """Return the tracks of each video of the file; a file of one video may get its name from outside."""
        tasks = self.tasks or [{}]
        if len(tasks) == 1:
            return [self._video(tasks[0], self.tracks, video)]
        by_task = {task.get("task/id", ""): task for task in tasks}
        for track in self.tracks:
            if track.task not in by_task:
                allowed = ", ".join(by_task)
                raise UserError(f"{self.path}: track {track.name}: task_id {track.task!r}; allowed: {allowed}")
        return [self._video(task, [t for t in self.tracks if t.task == key], "") for key, task in by_task.items()]

    def _video(self, task: _Head, listed: list[_Track], video: str) -> VideoTracks:
        values = {**self.meta, **task}
        source = next((values[key] for key in NAMES if values.get(key)), "")
        name = video or collecting.video_name(source) or self.path.stem
        collector = Collector(f"{self.path}: line")
        for track in listed:
            for box in _filled(track.boxes):
                collector.add(track.name, track.label, box)
        width, height = (collecting.digits(values.get(side, "")) for side in ("width", "height"))
        length = collecting.digits(values.get("task/size", ""))
        size = (width, height) if width is not None and height is not None else None
        return VideoTracks(name, collector.tracks(), size, length)

    def _parse(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        if not self.path.exists():
            raise UserError(f"{self.path}: no such file")
        with foreign.reading(self.path, "not XML"), open(self.path, "rb") as file:
            self._parser.ParseFile(file)

    def _doctype(self, *_: object) -> None:
        raise UserError(f"{self._where()}: a document type; allowed: none, as it may name other files")

    def _where(self) -> str:
        return f"{self.path}: line {self._parser.CurrentLineNumber}"

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._stack and tag != "annotations":
            raise UserError(f"{self._where()}: <{tag}>; allowed: <annotations> of CVAT for video 1.1")
        if tag == "image":
            raise UserError(f"{self._where()}: <image>: this is CVAT for images; export as CVAT for video 1.1")
        self._stack.append((tag, attributes))
        self._text = ""
        if tag == "task":
            self.tasks.append({})
        elif tag == "track":
            name, label = (self._get(key) for key in ("id", "label"))
            self.tracks.append(_Track(name, label, attributes.get("task_id", "")))
        elif self._inside_track() and tag not in ("box", "attribute"):
            raise UserError(f"{self._where()}: <{tag}> in a track; allowed: <box>")
        elif tag == "box":
            self._box()

    def _inside_track(self) -> bool:
        return any(tag == "track" for tag, _ in self._stack)

    def _box(self) -> None:
        where = self._where()
        if not self._inside_track():
            raise UserError(f"{where}: <box> outside of a track; allowed: CVAT for video 1.1")
        flags = {key: self._flag(key) for key in ("outside", "keyframe")}
        corners = tuple(number(self._get(key), key, where) for key in CORNERS)
        rotation = self._stack[-1][1].get("rotation", "0")
        if rotation.strip("0."):
            raise UserError(f"{where}: a box turned by {rotation} degrees; allowed: upright ones")
        frame, line = whole(self._get("frame"), "frame", where), self._parser.CurrentLineNumber
        self.tracks[-1].boxes.append(_Listed(line, frame, corners, flags["outside"], flags["keyframe"]))

    def _flag(self, key: str) -> bool:
        value = self._stack[-1][1].get(key, "1" if key == "keyframe" else "0")
        if value not in ("0", "1"):
            raise UserError(f"{self._where()}: {key} {value!r}; allowed: 0, 1")
        return value == "1"

    def _get(self, key: str) -> str:
        tag, attributes = self._stack[-1]
        if key not in attributes:
            raise UserError(f"{self._where()}: <{tag}> has no {key!r}")
        return attributes[key]

    def _end(self, tag: str) -> None:
        _, attributes = self._stack.pop()
        parent = self._stack[-1][0] if self._stack else ""
        if tag == "attribute" and parent == "box":
            self.tracks[-1].boxes[-1].attributes[attributes.get("name", "")] = self._text.strip()
        elif tag in ("width", "height"):
            self._head().setdefault(tag, self._text.strip())
        elif f"{parent}/{tag}" in KEPT:
            self._head().setdefault(f"{parent}/{tag}", self._text.strip())
        self._text = ""

    def _head(self) -> _Head:
        """Return what is under way in the head: a task, or what holds for all."""
        return self.tasks[-1] if any(tag == "task" for tag, _ in self._stack) else self.meta

    def _characters(self, text: str) -> None:
        self._text += text


def _filled(listed: list[_Listed]) -> list[Box]:
    """Return the boxes of a track in each frame in which it is seen: those listed, and the lines between them."""
    ordered = sorted(listed, key=lambda box: box.frame)
    boxes: list[Box] = []
    for i, box in enumerate(ordered):
        if box.outside:
            continue
        boxes.append(_seen(box))
        following = ordered[i + 1] if i + 1 < len(ordered) else None
        if following and following.frame > box.frame + 1:
            line = tracks.interpolate(np.array(box.corners), np.array(following.corners), following.frame - box.frame)
            boxes += [
                boxes[-1]._replace(frame=frame, x1=x1, y1=y1, x2=x2, y2=y2, observed=False)
                for frame, (x1, y1, x2, y2) in enumerate(line.tolist(), start=box.frame + 1)
            ]
    return boxes


def _seen(box: _Listed) -> Box:
    interpolated = box.attributes.get("interpolated")
    score = box.attributes.get("score", "")
    try:
        value = float(score) if score else 1.0
    except ValueError:  # an attribute of the user's own
        value = 1.0
    observed = box.keyframe if interpolated not in ("true", "false") else interpolated == "false"
    x1, y1, x2, y2 = box.corners
    return Box(box.place, box.frame, x1, y1, x2, y2, value, observed)
