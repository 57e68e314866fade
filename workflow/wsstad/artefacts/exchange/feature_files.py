"""Files of features that other code reads and writes: one array (rows, dimensions) a video.

=======  ===========================================================================================================
format   what lies there
=======  ===========================================================================================================
npz      one archive of all videos, with keys ``<source>/<video>`` or ``<video>``
sultani  ``<video>.txt``, 32 lines of numbers: the segments of Sultani et al., CVPR 2018, L2-normalised by their code
npy      ``<video>_i3d.npy`` or the like, a row a clip: (clips, d); (clips, crops, d) as RTFM and MGFN have it; or a
         file a crop, ``<video>__0.npy`` and on, as XD-Violence's and UR-DMU's code has it
hdf5     one file of all videos, with datasets of those keys
=======  ===========================================================================================================

Crops are averaged, or one of them is taken. Files that we write are called after their videos, and
listed as RTFM reads them.
"""

import re
import warnings
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from wsstad.artefacts import foreign, storage
from wsstad.errors import UserError

FORMATS = ("npz", "sultani", "npy", "hdf5")
SEGMENTS = 32
UNREADABLE = "cannot be read as features"
OF_CROP = re.compile(r"(.+)__(\d+)\.npy")
ARCHIVE = {"npz": "features.npz", "hdf5": "features.h5"}


def read(path: Path, form: str, keys: Sequence[str], crop: int | None = None) -> tuple[str, np.ndarray]:
    """Return the features (rows, d) of one video, floats as they are written, and the key or file that has them.

    Of an archive it is the first of `keys` that is there; of several crops the mean, or `crop` alone. Raises
    `UserError` for a file that cannot be read, has no such array, or one of another shape.
    """
    if form == "hdf5":
        foreign.try_out(path, "hdf5", UNREADABLE)
    with _readable(path):
        if form == "sultani":
            key, array = path.name, _text(path)
        elif form == "npy":
            key, array = path.name, _crops(path, crop)
        else:
            with open(path, "rb") as file, _archive(file, form) as archive:
                key, array = _entry(archive, path, keys)
    if array.ndim != 2 or not array.size or array.dtype.kind != "f":
        raise UserError(f"{path}: {key}: {array.dtype} of shape {array.shape}; allowed: floats of shape (rows, d)")
    return key, array


def _text(path: Path) -> np.ndarray:
    with warnings.catch_warnings(action="ignore"):  # of an empty file, which `read` refuses
        return np.loadtxt(path, dtype=np.float64, ndmin=2, encoding="utf-8")


def _archive(file: BinaryIO, form: str) -> Any:
    """Return an archive that is read like a mapping; raise `ValueError` for an npz file that is no archive."""
    if form == "hdf5":
        return h5py.File(file)
    if not zipfile.is_zipfile(file):  # numpy would advise to unpickle it
        raise ValueError("not an npz archive, with keys <source>/<video>")
    file.seek(0)
    return np.load(file, allow_pickle=False)


def _entry(archive: Any, path: Path, keys: Sequence[str]) -> tuple[str, np.ndarray]:
    """Return the first of `keys` that an archive has, and its array."""
    key = next((key for key in keys if key in archive), "")
    if not key:
        raise UserError(f"{path}: has none of {', '.join(keys)}")
    try:
        return key, np.asarray(archive[key])
    except ValueError as error:
        raise UserError(f"{path}: {key}: cannot be read: {error}") from error


def _array(path: Path) -> np.ndarray:
    with open(path, "rb") as file:
        array = np.load(file, allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError("an archive; allowed: one array, or format: npz")
    return array


def _crops(path: Path, crop: int | None) -> np.ndarray:
    """Return an array of a file, or of all the files of its crops, without crops."""
    match = OF_CROP.fullmatch(path.name)
    if match:
        siblings = {
            int(m[2]): p for p in path.parent.iterdir() if (m := OF_CROP.fullmatch(p.name)) and m[1] == match[1]
        }
        chosen = siblings if crop is None else {crop: siblings[crop]} if crop in siblings else {}
        if not chosen:
            raise UserError(f"{path}: there is no crop {crop}; allowed: {', '.join(map(str, sorted(siblings)))}")
        arrays = [_array(file) for _, file in sorted(chosen.items())]
        if len({array.shape for array in arrays}) > 1:
            raise UserError(f"{path}: crops of {len({array.shape for array in arrays})} shapes; allowed: one")
        return np.mean(arrays, axis=0)
    array = _array(path)
    if array.ndim == 3:
        if crop is not None and crop >= array.shape[1]:
            raise UserError(f"{path}: there is no crop {crop}; allowed: 0 to {array.shape[1] - 1}")
        return array.mean(axis=1, dtype=np.float64) if crop is None else array[:, crop]
    return array


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the readers raise for a bad file into one line."""
    if not path.is_file():
        raise UserError(f"{path}: no such file of features")
    with foreign.reading(path, UNREADABLE):
        yield


def segments(features: np.ndarray, n: int = SEGMENTS) -> np.ndarray:
    """Return the means (n, d) over equal parts of the clips, each of length 1, as the files of Sultani's have them.

    A part of fewer clips than 1 is the clip that it begins in.
    """
    bounds = np.round(np.linspace(0, len(features), n + 1)).astype(int)
    starts = np.minimum(bounds[:-1], len(features) - 1)
    means = np.stack([features[a : max(b, a + 1)].mean(axis=0) for a, b in zip(starts, bounds[1:], strict=True)])
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.finfo(np.float64).tiny)


def write(folder: Path, form: str, features: Mapping[str, np.ndarray], abnormal: Collection[str] = ()) -> list[Path]:
    """Write the features (clips, d) of each video in a format; return the files.

    Beside files of single videos lies ``files.list``, their paths, those of `abnormal` videos first, as RTFM wants.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {video: array.astype(np.float64 if form == "sultani" else np.float32) for video, array in features.items()}
    if form in ARCHIVE:
        with storage.atomic(folder / ARCHIVE[form]) as temporary:
            _write_archive(temporary, form, arrays)
        return [folder / ARCHIVE[form]]
    paths = {video: folder / f"{video}.{'txt' if form == 'sultani' else 'npy'}" for video in sorted(arrays)}
    for video, path in paths.items():
        with storage.atomic(path) as temporary, open(temporary, "wb") as file:
            if form == "sultani":
                np.savetxt(file, segments(arrays[video]), fmt="%.6f")
            else:
                np.save(file, arrays[video])
    ordered = sorted(paths, key=lambda video: (video not in abnormal, video))
    storage.write_text(folder / "files.list", "".join(f"{paths[video].resolve()}\n" for video in ordered))
    return [*paths.values(), folder / "files.list"]


def _write_archive(path: Path, form: str, arrays: Mapping[str, np.ndarray]) -> None:
    if form == "npz":
        with open(path, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        return
    with h5py.File(path, "w") as file:
        for video, array in sorted(arrays.items()):
            file.create_dataset(video, data=array)
