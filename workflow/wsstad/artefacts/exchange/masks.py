"""Masks: for each frame of a video a picture of which pixels belong to objects.

Read are ``<video>.npz`` (`packed`, through `numpy.packbits` along the last axis, and `shape`), ``<video>.npy`` (frames,
height, width), ``<video>.mat`` (a cell array of masks such as Avenue's `volLabel`, or height x width x frames), and the
folders ``<video>_gt`` and ``<video>`` of images, one a frame in natural order. Where only 0 and one other value are in
a mask, its 8-connected components are linked to objects over time (`mask_objects`); with ``values: objects`` each value
is an object. We write the latter: a pixel belongs to the last of the boxes that are over it, rounded to whole pixels.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from wsstad.artefacts import foreign, storage
from wsstad.artefacts.exchange import collecting, mask_objects
from wsstad.artefacts.exchange.collecting import Box, Collector
from wsstad.errors import UserError
from wsstad.structures.tracks import VideoTracks

IMAGES = {".bmp", ".png", ".tif", ".tiff"}
PLACES = ("{}.npz", "{}.npy", "{}.mat", "{}_gt", "{}")
MATLAB = "no MATLAB file before version 7.3"
BINARY = 2  # values of a mask that does not tell objects apart


def find(path: Path, videos: Collection[str], file: str = "{video}") -> dict[str, Path]:
    """Return the file or folder of masks of each of `videos` that has some in the folder `path`.

    `file` is the name without its ending: ``{video}`` stands for the video's id, ``{number}`` for the number that the
    id ends with, without zeros before it.
    """
    if not path.is_dir():
        raise UserError(f"{path}: no such folder of masks")
    places = {}
    for video in sorted(videos):
        digits = re.search(r"(\d+)$", video)
        stem = file.replace("{video}", video).replace("{number}", str(int(digits[1])) if digits else video)
        place = next((path / form.format(stem) for form in PLACES if (path / form.format(stem)).exists()), None)
        if place is not None:
            places[video] = place
    return places


def read(
    path: Path, videos: Collection[str], *, min_area: int = 10, values: str = "binary", file: str = "{video}"
) -> list[VideoTracks]:
    """Read the masks of those of `videos` that have some in the folder `path`; raise `UserError` for a bad one."""
    return [_read(video, place, min_area, values) for video, place in find(path, videos, file).items()]


def _read(video: str, place: Path, min_area: int, values: str) -> VideoTracks:
    masks = (_checked(mask, f"{place}: frame {frame}", values) for frame, mask in enumerate(masks_of(place)))
    linked = mask_objects.link(masks, min_area) if values == "binary" else mask_objects.by_value(masks, min_area)
    collector, sizes, n_frames = Collector(f"{place}: frame"), set(), 0
    for frame, (size, parts) in enumerate(linked):
        sizes.add(size)
        n_frames = frame + 1
        for number, box in parts:
            collector.add(str(number), collecting.OBJECT, Box(frame, frame, *box))
    if len(sizes) > 1:
        raise UserError(f"{place}: masks of {len(sizes)} sizes; allowed: one, that of the video")
    return VideoTracks(video, collector.tracks(), next(iter(sizes), None), n_frames)


def masks_of(place: Path) -> Iterator[np.ndarray]:
    """Yield the masks of a file or folder, (height, width), one a frame."""
    if place.is_dir():
        return _images(place)
    return READERS[place.suffix](place)


def _images(folder: Path) -> Iterator[np.ndarray]:
    names = [file for file in folder.iterdir() if not file.name.startswith(".")]
    files = [file for file in names if file.suffix.lower() in IMAGES]
    if not files:
        raise UserError(f"{folder}: {len(names)} files and no image; allowed: {', '.join(sorted(IMAGES))}")
    # "frame12.bmp" follows "frame2.bmp"; the official folders of UCSD mix "001.bmp" and "frame001.bmp".
    for file in sorted(files, key=lambda file: [int(part) for part in re.findall(r"\d+", file.name)]):
        with foreign.reading(file, "not an image"):  # OpenCV raises for one of too many pixels
            mask = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        if mask is None:
            raise UserError(f"{file}: not an image")
        yield mask if mask.ndim == 2 else mask[..., :3].max(axis=2)  # the fourth channel is how opaque a pixel is


def _packed(path: Path) -> Iterator[np.ndarray]:
    # Opened here: numpy leaves a file open that is no archive.
    with foreign.reading(path, "no packed masks"), open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
        packed, (frames, height, width) = np.asarray(file["packed"]), map(int, file["shape"])
    if packed.dtype != np.uint8 or packed.shape != (frames, height, (width + 7) // 8):
        raise UserError(f"{path}: packed masks of shape {packed.shape} for {frames} frames of {width} x {height}")
    for mask in packed:
        yield np.unpackbits(mask, axis=-1)[:, :width]


def _array(path: Path) -> Iterator[np.ndarray]:
    with foreign.reading(path, "no array"):
        masks = np.load(path, mmap_mode="r", allow_pickle=False)
    if masks.ndim != 3 or masks.dtype.kind not in "bui":
        raise UserError(f"{path}: {masks.dtype} of shape {masks.shape}; allowed: whole numbers (frames, height, width)")
    yield from masks


def _matlab(path: Path) -> Iterator[np.ndarray]:
    from scipy.io import loadmat

    foreign.try_out(path, "mat", MATLAB)
    with foreign.reading(path, MATLAB):
        content = {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
    arrays = {name: value for name, value in content.items() if isinstance(value, np.ndarray)}
    if len(arrays) != 1:
        raise UserError(f"{path}: variables {', '.join(arrays) or 'none'}; allowed: one, with the masks")
    ((name, masks),) = arrays.items()
    frames = (
        list(masks.ravel()) if masks.dtype == object else list(np.moveaxis(masks, -1, 0)) if masks.ndim == 3 else []
    )
    if (
        not all(isinstance(mask, np.ndarray) and mask.ndim == 2 and mask.dtype.kind in "buif" for mask in frames)
        or not frames
    ):
        allowed = "a cell array of masks, or height x width x frames"
        raise UserError(f"{path}: {name}: {masks.dtype} of shape {masks.shape}; allowed: {allowed}")
    yield from frames


READERS: Mapping[str, Callable[[Path], Iterator[np.ndarray]]] = {".npz": _packed, ".npy": _array, ".mat": _matlab}


def _checked(mask: np.ndarray, where: str, values: str) -> np.ndarray:
    """Return a mask as int32; raise `UserError` for one with more values than may be."""
    present = np.unique(mask)
    if values == "binary" and len(present) > BINARY:
        raise UserError(f"{where}: {len(present)} values; allowed: 2 in a mask, or `values: objects`")
    if mask.dtype.kind == "f" and not np.array_equal(mask, np.round(mask)):
        raise UserError(f"{where}: values that are no whole numbers; allowed: whole numbers")
    whole = mask.astype(np.int32)
    return whole if values == "objects" else (whole != 0).astype(np.int32)


def write(folder: Path, videos: Sequence[VideoTracks]) -> list[Path]:
    """Write ``<video>/<frame>.png`` of 16 bits for each frame, a value a track; return the folders.

    Size and number of frames of the videos must be known. Raises `UserError` for more objects than there are values.
    """
    for video in videos:
        for frame, mask in enumerate(_painted(video)):
            done, content = cv2.imencode(".png", mask)
            if not done:
                raise ValueError(f"{video.video}: frame {frame} cannot be written")
            with storage.atomic(folder / video.video / f"{frame:06d}.png") as temporary:
                temporary.write_bytes(content.tobytes())
    return [folder / video.video for video in videos]


def _painted(video: VideoTracks) -> Iterator[np.ndarray]:
    if video.size is None or video.n_frames is None:
        raise ValueError(f"{video.video}: no size or no number of frames")
    numbers = collecting.numbers_of(video)
    free = max(numbers.values(), default=-1) + 1  # of boxes without a track: one for all
    if free >= np.iinfo(np.uint16).max:
        raise UserError(
            f"{video.video}: a track called {free - 1}; allowed in masks: up to {np.iinfo(np.uint16).max - 2}"
        )
    by_frame: dict[int, list[tuple[int, np.ndarray]]] = {}
    for frame, track, i in collecting.by_frame(video):
        by_frame.setdefault(frame, []).append((numbers.get(track.name, free), track.boxes[i]))
    for frame in range(video.n_frames):
        mask = np.zeros((video.size[1], video.size[0]), dtype=np.uint16)
        for number, box in by_frame.get(frame, []):
            x1, y1, x2, y2 = np.round(box).astype(int).tolist()
            mask[max(y1, 0) : y2, max(x1, 0) : x2] = number + 1
        yield mask
