"""Arrays and facts of a video's artefact, held against what its manifest says of it."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from wsstad.artefacts import storage
from wsstad.artefacts.manifest import Manifest
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError
from wsstad.jsonable import Facts
from wsstad.structures import times
from wsstad.structures.tubes import VideoTubes


def read_fps(manifest: Manifest, video: str) -> float:
    """Return the frames a second of a video."""
    return float(Fraction(_read_facts(manifest, video)["fps"]))


def read_edges(manifest: Manifest, video: str) -> np.ndarray:
    """Return when each frame of a video begins and when the last is over, (n_frames + 1,), as `structures.times`."""
    facts = _read_facts(manifest, video)
    if "imported" in facts:  # features that others extracted: nobody knows the times
        return times.regular(facts["frames"], Fraction(facts["fps"]))
    return read_arrays(manifest, video, "frames", ("seconds",))["seconds"]


def read_start(manifest: Manifest, video: str) -> float:
    """Return the seconds of a video's first frame by the clock of its file."""
    return float(_read_facts(manifest, video).get("start", 0.0))


def _read_facts(manifest: Manifest, video: str) -> Facts:
    return _checked(storage.read_facts(manifest.path(video), kind="frames"), manifest, video).meta


def read_tubes(manifest: Manifest, video: str) -> VideoTubes:
    """Return the tubes of a video."""
    return VideoTubes.from_arrays(read_arrays(manifest, video, "tubes"))


def read_arrays(manifest: Manifest, video: str, kind: str, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Return arrays of the artefact of a video; raise `DamagedError` when it is not the manifest's."""
    return read(manifest, video, kind, names).arrays


def read(manifest: Manifest, video: str, kind: str, names: Sequence[str] | None = None) -> Artefact:
    """Return the artefact of a video with some of its arrays; raise `DamagedError` when it is not the manifest's."""
    return _checked(storage.read_artefact(manifest.path(video), kind=kind, names=names), manifest, video)


def _checked(artefact: Artefact, manifest: Manifest, video: str) -> Artefact:
    if artefact.digest != manifest.rows[video].digest:
        raise DamagedError(manifest.path(video), "does not match its manifest")
    return artefact
