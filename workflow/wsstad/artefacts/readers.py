"""Arrays and facts of a video's artefact, held against what its manifest says of it."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError
from wsstad.structures.tubes import VideoTubes


def read_fps(manifest: Manifest, video: str) -> float:
    """Return the frames a second of a video."""
    artefact = storage.read_facts(manifest.path(video), kind="frames")
    return float(Fraction(_checked(artefact, manifest, video).meta["fps"]))


def read_tubes(manifest: Manifest, video: str) -> VideoTubes:
    """Return the tubes of a video."""
    return VideoTubes.from_arrays(read_arrays(manifest, video, "tubes"))


def read_arrays(manifest: Manifest, video: str, kind: str, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Return arrays of the artefact of a video; raise `DamagedError` when it is not the manifest's."""
    return _checked(storage.read_artefact(manifest.path(video), kind=kind, names=names), manifest, video).arrays


def _checked(artefact: Artefact, manifest: Manifest, video: str) -> Artefact:
    if artefact.digest != manifest.rows[video].digest:
        raise DamagedError(manifest.path(video), "does not match its manifest")
    return artefact
