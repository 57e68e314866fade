"""Features that others extracted: a file or an entry of an archive a video, with a row a segment or a row a clip.

`decode` lays them on the grid of clips, in the place of frames, and keeps them there; the extractor of the type `ready`
takes them from there for the image, and for each clip of each tube. Where there are 32 rows, one for each videolet,
each is laid on the clips of its videolet, so that their means are the rows again. Rows of clips are the clips.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wsstad.artefacts import readers, shards
from wsstad.artefacts.exchange import collecting, feature_files
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.storage import Artefact
from wsstad.errors import UserError
from wsstad.jsonable import Facts, Json
from wsstad.perception import clip_regions
from wsstad.structures import clips
from wsstad.structures.clips import VIDEOLETS

STORE = "features"  # the `store` of an artefact of frames that holds none
FPS = "30"  # of all videos of UCF-Crime; it turns frames into the hours in which alarms are counted
# What the rows of a format are, unless dataset.yaml says otherwise.
ROWS = {"npz": "segments", "sultani": "segments", "npy": "clips", "hdf5": "clips"}


@dataclass(frozen=True)
class Videolets:
    """The features (rows, d), float16, of one video; `key` is theirs in the archive, or the name of their file.

    `official_frames` is the length of the video where a list has it. There are 32 rows, or where they are `by_clip`
    one for each clip of 16 frames.
    """

    key: str
    features: np.ndarray
    official_frames: int | None
    by_clip: bool = False

    @property
    def clips(self) -> int:
        """How many clips stand for each of 32 rows.

        The grid is the video's own as nearly as whole clips allow: a clip that two videolets share would be neither's.
        """
        return max(1, round((self.official_frames or 0) / (VIDEOLETS * clips.CLIP_FRAMES)))

    def clip_features(self) -> np.ndarray:
        """Return the features (clips, d) of the clips of the grid."""
        return self.features if self.by_clip else np.repeat(self.features, self.clips, axis=0)


def read(files: Mapping[str, Path], source: Path, options: Facts, *, where: Mapping[str, str]) -> dict[str, Videolets]:
    """Return the features of each video from its file in `files`; `where` gives the row that names each.

    `options` are the key `features` of dataset.yaml; the list of lengths that they may name lies in `source`. Raises
    `UserError` for a video without an array, and for an array that is not rows of finite numbers, 32 where each is a
    segment.
    """
    lengths = read_lengths(source / options["lengths"]) if options.get("lengths") else {}
    form, sources = options.get("format", "npz"), options.get("sources", [])
    if form == "npz" and not sources:
        raise UserError("dataset.yaml: features: 'sources' is missing, which archives have before the names of videos")
    by_clip = (options.get("rows") or ROWS[form]) == "clips"
    result = {}
    for video, path in files.items():
        keys = [f"{name}/{video}" for name in sources] or [video]
        try:
            key, array = feature_files.read(path, form, keys, options.get("crop"))
        except UserError as error:
            raise UserError(f"{where[video]}: {video!r} has no features: {error}") from error
        result[video] = Videolets(key, _checked(array, f"{path}: {key}", by_clip), lengths.get(video), by_clip)
    return result


def on_grid(videolets: Videolets, source_sha256: str, size: Sequence[int]) -> Artefact:
    """Return what stands in the place of a video's decoded frames: its clips, their features, and no pixel.

    `size` is the width and height that the frames would have.
    """
    features = videolets.clip_features()
    n_frames = len(features) * clips.CLIP_FRAMES
    arrays = {
        "seconds": np.arange(n_frames + 1) / float(FPS),
        "size": np.array([n_frames, *size], dtype=np.int64),
        "features": features,
    }
    facts: Json = {"store": STORE, "source_sha256": source_sha256, "container": STORE, "fps": FPS, "start": 0.0}
    facts |= {"joins": 0, "rotation": 0, "mirrored": False, "aspect": "1", "bits": 8, "frames": n_frames}
    facts |= {"errors": 0, "corrupt_frames": 0, "imported": videolets.key, "official_frames": videolets.official_frames}
    return Artefact(arrays, facts)


def extract_all(videos: Sequence[str], frames: Manifest, tubes: Manifest | None) -> Iterator[shards.Outcome]:
    """Yield the features of the whole image of each video, or those of its `tubes`, which are those of the image."""
    yield from shards.one_by_one(videos, lambda video: _extract(video, frames, tubes))


def _extract(video: str, frames: Manifest, tubes: Manifest | None) -> Artefact:
    features = readers.read_arrays(frames, video, "frames")["features"]
    if tubes is None:
        return Artefact({"features": features}, {"clips": len(features)})
    tube, clip, boxes = clip_regions.regions(readers.read_tubes(tubes, video))
    arrays = {"features": features[clip], "tube": tube, "clip": clip, "hash": clip_regions.hashes(clip, boxes)}
    return Artefact(arrays, {"clips": len(clip)})


def read_lengths(path: Path) -> dict[str, int]:
    """Return the frames of each video of a list with lines ``<class>/<video>.mp4 <frames> ...``."""
    if not path.is_file():
        raise UserError(f"{path}: no such list of lengths")
    lengths = {}
    for number, line in enumerate(collecting.read_text(path).splitlines(), start=1):
        name, frames = [*line.split(), "", ""][:2]
        if not (n := collecting.digits(frames)):
            raise UserError(f"{path}: row {number}: {frames!r} frames; allowed: a whole number above 0")
        lengths[Path(name).stem] = n
    return lengths


def _checked(array: np.ndarray, where: str, by_clip: bool) -> np.ndarray:
    """Return features as float16, (rows, d), 32 of them where each is a segment."""
    if not by_clip and len(array) != VIDEOLETS:
        raise UserError(
            f"{where}: {array.dtype} of shape {array.shape}; allowed: floats of shape (32, d), or rows: clips"
        )
    with np.errstate(over="ignore"):  # what float16 cannot hold is found below
        features = array.astype(np.float16)
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        raise UserError(
            f"{where}: row {bad[0]}: {len(bad)} rows hold NaN or what float16 cannot; allowed: finite numbers"
        )
    return features
