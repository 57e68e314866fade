"""COCO video JSON: the sections of COCO, and ``videos``; annotations with ``track_id``.

There is no one standard. Read are the layouts of CocoVID (``images[].frame_id``, ``annotations[].instance_id``) and TAO
(``frame_index``, ``track_id``); both count frames from 0; `first_frame` is for files that do not. A file without
``videos`` names them by the folders in ``images[].file_name``. A bbox is ``[left, top, width, height]`` in pixels whose
first edge is 0. We write all of these keys, and of our own ``annotations[].interpolated`` and ``images[].detected``
(whether a detector saw anything there), which other readers skip.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeVar

import numpy as np

from wsstad.artefacts import foreign, storage
from wsstad.artefacts.exchange import collecting
from wsstad.artefacts.exchange.collecting import Box, Collector
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json
from wsstad.structures.natural_order import natural_key
from wsstad.structures.tracks import UNTRACKED, Track, VideoTracks, labels_of

FILE = "annotations.json"

Id = str | int | float  # of a video, a category or a frame, as the file has it
T = TypeVar("T")


class Image(NamedTuple):
    """A frame of a video."""

    video: str
    frame: int
    size: tuple[int, int] | None
    detected: bool | None


def files(path: Path) -> dict[str, Path]:
    """Return the file of each video: one file has them all."""
    return {video.video: _file(path) for video in read(path)}


def read(path: Path, videos: Collection[str] | None = None, *, first_frame: int = 0) -> list[VideoTracks]:
    """Read the boxes of all videos of a file, or of `videos` alone; raise `UserError` naming a bad entry."""
    path = _file(path)
    content = _load(path)
    images = _images(content, path, first_frame)
    labels = {
        _get(each, "id", where): str(_get(each, "name", where)) for each, where in _each(content, "categories", path)
    }
    collectors = {image.video: Collector(f"{path}: annotation") for image in images.values()}
    collectors |= {name: Collector(f"{path}: annotation") for name in _names(content, path).values()}
    for n, (entry, where) in enumerate(_each(content, "annotations", path)):
        image = _known(images, _get(entry, "image_id", where), "image_id", where)
        if videos is None or image.video in videos:
            label = _known(labels, _get(entry, "category_id", where), "category_id", where)
            collectors[image.video].add(_track_name(entry), label, _box(entry, n, image.frame, where))
    lengths = _lengths(content, path)
    return [
        _video(video, collector, [image for image in images.values() if image.video == video], lengths.get(video))
        for video, collector in collectors.items()
        if videos is None or video in videos
    ]


def _video(video: str, collector: Collector, images: Sequence[Image], length: int | None) -> VideoTracks:
    sizes = {image.size for image in images if image.size}
    n_frames = length or max((image.frame for image in images), default=-1) + 1
    detected = None
    if images and all(image.detected is not None for image in images):
        detected = np.zeros(n_frames, dtype=bool)
        detected[[image.frame for image in images if image.detected]] = True
    size = next(iter(sizes)) if len(sizes) == 1 else None
    return VideoTracks(video, collector.tracks(), size, n_frames or None, None, detected)


def _file(path: Path) -> Path:
    return path / FILE if path.is_dir() else path


def _load(path: Path) -> Facts:
    with foreign.reading(path, "not JSON"):
        content = json.loads(collecting.read_text(path))
    if not isinstance(content, dict) or not {"images", "annotations", "categories"} <= content.keys():
        raise UserError(f"{path}: no COCO: allowed: an object with images, annotations, categories and perhaps videos")
    return content


def _each(content: Facts, section: str, path: Path) -> Iterator[tuple[Facts, str]]:
    """Yield the entries of a section, each with its place."""
    entries = content.get(section) or []
    if not isinstance(entries, list):
        raise UserError(f"{path}: {section}: {type(entries).__name__}; allowed: a list")
    for n, entry in enumerate(entries):
        where = f"{path}: {section.removesuffix('s') if section != 'categories' else 'category'} {n}"
        if not isinstance(entry, dict):
            raise UserError(f"{where}: {type(entry).__name__}; allowed: an object")
        yield entry, where


def _get(entry: Facts, key: str, where: str) -> Id:
    if key not in entry:
        raise UserError(f"{where}: no {key!r}; it has {', '.join(map(str, entry))}")
    value = entry[key]
    if not isinstance(value, str | int | float):
        raise UserError(f"{where}: {key}: {value!r}; allowed: a text or a number")
    return value


def _known(entries: Mapping[Id, T], key: Id, name: str, where: str) -> T:
    if key not in entries:
        raise UserError(f"{where}: {name} {key!r}: no entry has this id")
    return entries[key]


def _names(content: Facts, path: Path) -> dict[Id, str]:
    """Return the videos by their ids in the file."""
    names: dict[Id, str] = {}
    for entry, where in _each(content, "videos", path):
        name = collecting.video_name(str(_get(entry, "name" if "name" in entry else "file_name", where)))
        if name in names.values():
            raise UserError(f"{where}: video {name!r} is there already")
        names[_get(entry, "id", where)] = name
    return names


def _lengths(content: Facts, path: Path) -> dict[str, int]:
    """Return the number of frames of the videos that have one."""
    names = _names(content, path)
    return {
        names[entry["id"]]: entry["length"]
        for entry, _ in _each(content, "videos", path)
        if isinstance(entry.get("length"), int)
    }


def _images(content: Facts, path: Path, first_frame: int) -> dict[Id, Image]:
    """Return the frames by their ids in the file."""
    names = _names(content, path)
    images: dict[Id, Image] = {}
    unnumbered: dict[str, list[tuple[str, Id]]] = defaultdict(list)
    for entry, where in _each(content, "images", path):
        identifier = _get(entry, "id", where)
        if identifier in images:
            raise UserError(f"{where}: id {identifier!r} is there already")
        if "video_id" in entry:
            video = _known(names, _get(entry, "video_id", where), "video_id", where)
        else:
            video = collecting.video_name(str(PurePosixPath(str(_get(entry, "file_name", where))).parent))
        key = next((key for key in ("frame_index", "frame_id") if key in entry), None)
        if key and not isinstance(entry[key], int):
            raise UserError(f"{where}: {key}: {entry[key]!r}; allowed: a whole number")
        if not key:
            unnumbered[video].append((str(_get(entry, "file_name", where)), identifier))
        frame = entry[key] - first_frame if key else 0
        images[identifier] = Image(video, frame, _size(entry), entry.get("detected"))
    for of_video in unnumbered.values():  # frames without a number: their order
        for frame, (_, identifier) in enumerate(sorted(of_video, key=lambda entry: natural_key(entry[0]))):
            images[identifier] = images[identifier]._replace(frame=frame)
    return images


def _size(entry: Facts) -> tuple[int, int] | None:
    width, height = entry.get("width"), entry.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) and min(width, height) > 0 else None


def _track_name(entry: Facts) -> str:
    name = entry.get("track_id", entry.get("instance_id", UNTRACKED))
    return UNTRACKED if name in (None, -1) else str(name)


def _box(entry: Facts, place: int, frame: int, where: str) -> Box:
    box = entry.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(isinstance(value, int | float) for value in box):
        raise UserError(f"{where}: bbox: {box!r}; allowed: [left, top, width, height]")
    left, top, width, height = map(float, box)
    score = entry.get("score", 1.0)
    if not isinstance(score, int | float):
        raise UserError(f"{where}: score: {score!r}; allowed: 0 to 1")
    return Box(place, frame, left, top, left + width, top + height, float(score), not entry.get("interpolated", False))


def write(folder: Path, videos: Sequence[VideoTracks]) -> list[Path]:
    """Write ``annotations.json`` with all videos, whose size and number of frames must be known; return its path."""
    content: Json = {"info": {"description": "boxes over time, exported by wsstad"}, "licenses": []}
    labels = {label: n for n, label in enumerate(labels_of(videos), start=1)}
    content["categories"] = [{"id": n, "name": label} for label, n in labels.items()]
    content |= {"videos": [], "images": [], "annotations": []}
    n_tracks = 0
    for n, video in enumerate(videos, start=1):
        if video.size is None or video.n_frames is None:
            raise ValueError(f"{video.video}: no size or no number of frames")
        about = {"width": video.size[0], "height": video.size[1]}
        rate = {"fps": video.fps} if video.fps else {}
        content["videos"].append({"id": n, "name": video.video, "length": video.n_frames, **about, **rate})
        first = len(content["images"]) + 1
        content["images"] += _frames(video, n, first, about)
        numbers = collecting.numbers_of(video)
        for frame, track, i in collecting.by_frame(video):
            entry = _annotation(track, i, numbers.get(track.name))
            ids = {"id": len(content["annotations"]) + 1, "image_id": first + frame, "video_id": n}
            content["annotations"].append({**ids, "category_id": labels[track.label], **entry})
        n_tracks += len(numbers)
    path = folder / FILE
    storage.write_text(path, json.dumps(content, allow_nan=False))
    return [path]


def _frames(video: VideoTracks, n: int, first: int, about: Facts) -> list[Json]:
    detected = video.detected
    return [
        {
            **{"id": first + frame, "video_id": n, "frame_id": frame, "frame_index": frame},
            **{"file_name": f"{video.video}/{frame:06d}.jpg", **about},
            **({"detected": bool(detected[frame])} if detected is not None else {}),
        }
        for frame in range(video.n_frames or 0)
    ]


def _annotation(track: Track, i: int, number: int | None) -> Json:
    x1, y1, x2, y2 = track.boxes[i].tolist()
    box = [round(value, collecting.DECIMALS) for value in (x1, y1, x2 - x1, y2 - y1)]
    identity = {} if number is None else {"track_id": number, "instance_id": number}
    score = float(collecting.score_text(track.scores[i]))
    return {
        **identity,
        **{"bbox": box, "area": round(box[2] * box[3], 2), "iscrowd": 0, "score": score},
        "interpolated": not track.observed[i],
    }
