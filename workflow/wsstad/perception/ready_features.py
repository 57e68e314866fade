"""Features that others extracted: an npz archive with one array a video, one row for each of its 32 videolets.

The keys of the archive are ``<source>/<video>``. Each row is laid on the clips of its videolet, so that what the other
stages read afterwards is what extraction would have left, and their means are the rows again.
"""

import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json
from wsstad.perception import clip_regions
from wsstad.structures import clips, tubes
from wsstad.structures.clips import VIDEOLETS
from wsstad.structures.tubes import VideoTubes

FPS = "30"  # of all videos of UCF-Crime; it turns frames into the hours in which alarms are counted
# Kind of artefact -> what its manifest counts, as that of the stage it stands in for.
COUNTS = {
    "frames": ("frames", "errors"),
    "tubes": ("unary", "multivariate", "dropped"),
    "image_features": ("clips",),
    "region_features": ("clips",),
}


@dataclass(frozen=True)
class Videolets:
    """The features (32, d), float16, of one video; `key` is theirs in the archive.

    `official_frames` is the length of the video where a list tells it.
    """

    key: str
    features: np.ndarray
    official_frames: int | None

    @property
    def clips(self) -> int:
        """How many clips stand for each videolet.

        The grid is the video's own as nearly as whole clips allow: a clip that two videolets share would be neither's.
        """
        return max(1, round((self.official_frames or 0) / (VIDEOLETS * clips.CLIP_FRAMES)))

    def clip_features(self) -> np.ndarray:
        """Return the features (32 * clips, d) of the clips of the grid."""
        return np.repeat(self.features, self.clips, axis=0)

    def tubes(self, width: int, height: int) -> VideoTubes:
        """Return one tube a videolet, which covers the whole frame: what a video without detections has."""
        length = self.clips * clips.CLIP_FRAMES
        starts = range(0, VIDEOLETS * length, length)
        videolets = [tubes.whole_frame(start, start + length, width, height) for start in starts]
        return VideoTubes(VIDEOLETS * length, width, height, np.zeros(VIDEOLETS * length, dtype=bool), videolets)


def read(
    archives: Mapping[str, Path], source: Path, options: Facts, *, where: Mapping[str, str]
) -> dict[str, Videolets]:
    """Return the features of each video from its archive in `archives`; `where` says which row names the video.

    `options` are the key `features` of dataset.yaml; the list of lengths that they may name lies in `source`. Raises
    `UserError` for a video without an array, and for an array that is not 32 rows of finite numbers.
    """
    lengths = read_lengths(source / options["lengths"]) if options.get("lengths") else {}
    opened: dict[Path, NpzFile] = {}
    result = {}
    with ExitStack() as stack:
        for video, path in archives.items():
            if path not in opened:
                opened[path] = stack.enter_context(_open(path))
            keys = [f"{name}/{video}" for name in options["sources"]]
            key = next((key for key in keys if key in opened[path]), None)
            if key is None:
                allowed = ", ".join(keys)
                raise UserError(f"{where[video]}: {video!r} has no features in {path}; allowed: one of {allowed}")
            result[video] = Videolets(key, _features(opened[path], key, path), lengths.get(video))
    return result


def make(kind: str, videolets: Videolets, size: Sequence[int]) -> Artefact:
    """Return the artefact of one kind: "frames" (their rate alone), "tubes", "image_features", "region_features"."""
    facts: Json = {"imported": videolets.key, "level": "image", "official_frames": videolets.official_frames}
    video = videolets.tubes(*size)
    if kind == "frames":
        return Artefact({}, {"fps": FPS, "frames": video.n_frames, "errors": 0, **facts})
    if kind == "tubes":
        return Artefact(video.to_arrays(), {"unary": 0, "multivariate": 0, "dropped": 0, "linker": "none", **facts})
    features = videolets.clip_features()
    arrays = {"features": features}
    if kind == "region_features":
        tube, clip, boxes = clip_regions.regions(video)
        arrays |= {"tube": tube, "clip": clip, "hash": clip_regions.hashes(clip, boxes)}
    return Artefact(arrays, {"clips": len(features), **facts})


def read_lengths(path: Path) -> dict[str, int]:
    """Return the frames of each video of a list with lines ``<class>/<video>.mp4 <frames> ...``."""
    if not path.is_file():
        raise UserError(f"{path}: no such list of lengths")
    lengths = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        name, frames = [*line.split(), "", ""][:2]
        if not frames.isdecimal() or not int(frames):
            raise UserError(f"{path}: row {number}: {frames!r} frames; allowed: a whole number above 0")
        lengths[Path(name).stem] = int(frames)
    return lengths


def _open(path: Path) -> NpzFile:
    try:
        archive = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not an npz archive: {error}") from error
    if not isinstance(archive, NpzFile):
        raise UserError(f"{path}: one array; allowed: an npz archive with keys <source>/<video>")
    return archive


def _features(archive: NpzFile, key: str, path: Path) -> np.ndarray:
    """Return an array of the archive as float16, (32, d)."""
    try:
        array = archive[key]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: {key}: cannot be read: {error}") from error
    if array.ndim != 2 or len(array) != VIDEOLETS or not array.shape[1] or array.dtype.kind != "f":
        raise UserError(f"{path}: {key}: {array.dtype} of shape {array.shape}; allowed: floats of shape (32, d)")
    with np.errstate(over="ignore"):  # what float16 cannot hold is found below
        features = array.astype(np.float16)
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        row = f"{path}: {key}: row {bad[0]}"
        raise UserError(f"{row}: {len(bad)} rows hold NaN or what float16 cannot; allowed: finite numbers")
    return features
