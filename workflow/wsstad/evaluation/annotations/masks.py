"""Masks of any kind: each object is an event, with a box in each frame in which it has pixels."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from wsstad.artefacts.exchange import masks
from wsstad.evaluation.annotations.parameters import MasksParameters
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.evaluation.annotations.tracks import rows_of


def read(path: Path, videos: Sequence[str], parameters: MasksParameters) -> list[BoxRow]:
    """Read the masks of those of `videos` that have some in the folder `path`."""
    masked = masks.read(path, videos, **parameters.convention)
    return [
        replace(row, masks=video.n_frames or 0)
        for video in masked
        for track in video.tracks
        for row in rows_of(video, track, track.name, "none")
    ]
