"""Boxes that others detected or tracked, in the place of a detector: read from a file, no pixel is looked at.

Boxes are scaled to the video where the file has another size, clipped to the frame and put on the grid. Beside the
columns of detections the artefact then has `track`, the number of each box's track in the video or -1, `observed`, the
`kind` of each track (its label, where that is a kind of tubes, else unary), and where the file has it `detected`, the
frames with any detection. The linker `identity` makes tubes of them.
"""

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from wsstad.artefacts import shards, storage
from wsstad.artefacts.exchange import ava, coco, cvat, formats, masks, mot, parquet, vatic
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.perception.detectors.parameters import PrecomputedParameters
from wsstad.structures import boxes as box
from wsstad.structures.detections import SCORE_STEPS
from wsstad.structures.natural_order import natural_key
from wsstad.structures.tracks import UNTRACKED, Track, VideoTracks
from wsstad.structures.tubes import KINDS

log = logging.getLogger(__name__)

READERS = {**formats.READERS, "masks": masks.read}
FILES: Mapping[str, Callable[[Path], dict[str, Path]]] = {
    "mot": mot.files,
    "coco": coco.files,
    "cvat": cvat.files,
    "vatic": vatic.files,
    "ava": ava.files,
    "parquet": parquet.files,
}
NO_TRACK = -1


def digests(source: Path, variant: PrecomputedParameters, videos: Collection[str]) -> dict[str, str]:
    """Return a digest of the file that each of `videos` has its boxes from; those without one are left out."""
    path = source / variant.path
    if variant.format == "masks":
        files = masks.find(path, videos, variant.file or "{video}")
    else:
        files = FILES[variant.format](path)
    wanted = {video: files[video] for video in videos if video in files}
    contents = {file: _digest(file) for file in set(wanted.values())}
    return {video: contents[file] for video, file in wanted.items()}


def _digest(place: Path) -> str:
    """Return a digest of a file, or of all files in a folder."""
    if place.is_file():
        return storage.file_digest(place)
    contents = [(file.name, storage.file_digest(file)) for file in sorted(place.iterdir()) if file.is_file()]
    return hashlib.sha256(storage.canonical_json(contents).encode()).hexdigest()


def check(contents: Mapping[str, str], videos: Iterable[str], source: Path, variant: PrecomputedParameters) -> None:
    """Raise `UserError` unless there is a file for each of `videos`; one without boxes has an empty one."""
    for video in videos:
        if video not in contents:
            path, form = source / variant.path, variant.format
            raise UserError(
                f"{path}: no boxes of the video {video!r}; allowed: an entry of {form} for each, even if empty"
            )


def read_all(
    videos: Sequence[str], frames: Manifest, source: Path, variant: PrecomputedParameters
) -> Iterator[shards.Outcome]:
    """Yield the detections of each of `videos`; the variant's path starts from the folder `source`."""
    path = source / variant.path
    tracks = {read.video: read for read in READERS[variant.format](path, videos, **variant.convention)}
    yield from shards.one_by_one(videos, lambda video: _artefact(tracks[video], frames, variant, path))


def _artefact(video: VideoTracks, frames: Manifest, variant: PrecomputedParameters, path: Path) -> Artefact:
    decoded = storage.read_artefact(frames.path(video.video), kind="frames", names=["size"])
    n_frames, width, height = (int(value) for value in decoded.arrays["size"])
    arrays, classes = to_arrays(video, variant, n_frames=n_frames, size=(width, height), path=path)
    meta = {"classes": classes, "boxes": len(arrays["score"])}
    return Artefact(arrays, meta, origin={"detector": variant.model_dump()})


def to_arrays(
    video: VideoTracks, variant: PrecomputedParameters, *, n_frames: int, size: tuple[int, int], path: Path
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the columns of "detections" for a video of `n_frames` frames of `size`, and the classes of its labels.

    Raises `UserError` for a box after the last frame, and where the file has another number of frames.
    """
    tracks = [track for track in video.tracks if variant.classes is None or track.label in variant.classes]
    tracks.sort(key=lambda track: (natural_key(track.name), track.label))
    classes = sorted({track.label for track in tracks})
    _check_frames(video, tracks, n_frames, path)
    scale = _scale(variant.size or video.size or size, size)
    columns = _columns(tracks, classes, scale, size)
    kept = _kept(columns, variant)
    lost = len(kept) - int(kept.sum())
    if lost:
        log.warning(
            "detect: left out %d of %d boxes of %s, as they are too small or weak", lost, len(kept), video.video
        )
    arrays = {
        "size": np.array([n_frames, *size], dtype=np.int64),
        **{name: column[kept] for name, column in columns.items()},
    }
    kinds = [KINDS.index(track.label) if track.label in KINDS else 0 for track in tracks]
    arrays["kind"] = np.array(kinds, dtype=np.uint8)
    if video.detected is not None:
        arrays["detected"] = video.detected
    return arrays, classes


def _check_frames(video: VideoTracks, tracks: Sequence[Track], n_frames: int, path: Path) -> None:
    for track in tracks:
        if track.frames[-1] >= n_frames:
            where = track.place(len(track.frames) - 1)
            raise UserError(f"{where}: frame {track.frames[-1]} of {video.video!r}; allowed: 0 to {n_frames - 1}")
    if video.detected is not None and len(video.detected) != n_frames:
        raise UserError(f"{path}: {video.video!r} has {len(video.detected)} frames there; the video has {n_frames}")
    if video.n_frames is not None and video.n_frames != n_frames:
        log.info("detect: %s: %d frames in %s, %d in the video", video.video, video.n_frames, path, n_frames)


def _scale(drawn_on: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    return np.array([size[0] / drawn_on[0], size[1] / drawn_on[1]] * 2)


def _columns(
    tracks: Sequence[Track], classes: Sequence[str], scale: np.ndarray, size: tuple[int, int]
) -> dict[str, np.ndarray]:
    """Return the columns of all boxes, sorted by frame, then the higher score, then box, then label, then track."""
    counts = [len(track.frames) for track in tracks]
    numbers = [NO_TRACK if track.name == UNTRACKED else n for n, track in enumerate(tracks)]
    boxes = np.concatenate([track.boxes for track in tracks] or [np.zeros((0, 4))]) * scale
    scores = np.concatenate([track.scores for track in tracks] or [np.zeros(0)])
    columns = {
        "frame": np.concatenate([track.frames for track in tracks] or [np.zeros(0)]).astype(np.int32),
        "boxes": box.quantise(box.clip(boxes, *size)),
        "score": (np.round(scores * SCORE_STEPS) / SCORE_STEPS).astype(np.float32),
        "label": np.repeat([classes.index(track.label) for track in tracks], counts).astype(np.int16),
        "track": np.repeat(numbers, counts).astype(np.int32),
        "observed": np.concatenate([track.observed for track in tracks] or [np.zeros(0)]).astype(bool),
    }
    by_box = columns["boxes"].T[::-1]
    order = np.lexsort((columns["track"], columns["label"], *by_box, -columns["score"], columns["frame"]))
    return {name: column[order] for name, column in columns.items()}


def _kept(columns: Mapping[str, np.ndarray], variant: PrecomputedParameters) -> np.ndarray:
    """Tell (n,) which boxes are a pixel wide and high, strong enough, and among the best of their frame."""
    sides = columns["boxes"][:, 2:] - columns["boxes"][:, :2]
    good = (sides >= 1).all(axis=1) & (columns["score"] >= variant.confidence)
    before = np.cumsum(good) - good
    first = np.searchsorted(columns["frame"], columns["frame"])
    rank = before - before[first] if len(first) else before
    return good & (rank < variant.max_detections)
