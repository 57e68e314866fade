"""Tracks: the boxes of one object over time, with gaps, as annotation tools and trackers exchange them.

Unlike a tube, a track may skip frames, and each of its boxes is marked as observed or interpolated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

UNTRACKED = ""  # the name of the boxes that belong to no track, such as those of a detector
TOLERANCE = 0.05  # px by which a box may differ from the interpolated one, as files round coordinates


@dataclass(frozen=True)
class Track:
    """The boxes of an object: `frames` (n,) int64 rising, `boxes` (n, 4) float64, `scores` (n,) float64 in [0, 1].

    `observed` (n,) bool tells boxes that were drawn or detected from interpolated ones. The track called `UNTRACKED`
    holds boxes that belong together in nothing but their label: several may be in one frame. `where` names the place
    in a file, and `places` (n,) int64 number the boxes in it, for messages.
    """

    name: str
    label: str
    frames: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    observed: np.ndarray
    where: str = ""
    places: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def place(self, i: int) -> str:
        """Return where box `i` was read, as an error names it."""
        return f"{self.where} {self.places[i]}" if len(self.places) else self.where

    def runs(self) -> Iterator[slice]:
        """Yield the boxes of each run of consecutive frames."""
        edges = np.flatnonzero(np.diff(self.frames) != 1) + 1
        for start, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(self.frames)], strict=True):
            if start < stop:
                yield slice(start, stop)


@dataclass(frozen=True)
class VideoTracks:
    """All tracks of a video; `size` (width, height), `n_frames` and `fps` where a file has them.

    `detected` (n_frames,) bool tells the frames in which a detector saw anything, where that is known.
    """

    video: str
    tracks: tuple[Track, ...]
    size: tuple[int, int] | None = None
    n_frames: int | None = None
    fps: float | None = None
    detected: np.ndarray | None = None

    @property
    def labels(self) -> list[str]:
        """The labels of the tracks, sorted."""
        return sorted({track.label for track in self.tracks})


def labels_of(videos: Sequence[VideoTracks]) -> list[str]:
    """Return the labels of the tracks of all videos, sorted."""
    return sorted({label for video in videos for label in video.labels})


def needed(track: Track) -> np.ndarray:
    """Tell (n,) which boxes say more than linear interpolation between the observed ones of their run would.

    Those are the observed ones, and interpolated ones that are no straight line between them.
    """
    if track.name == UNTRACKED:
        return np.ones(len(track.frames), dtype=bool)
    kept = track.observed.copy()
    for run in track.runs():
        anchors = np.flatnonzero(track.observed[run]) + run.start
        if not len(anchors):
            kept[run] = True
            continue
        kept[run.start : anchors[0]] = True
        kept[anchors[-1] + 1 : run.stop] = True
        for first, last in zip(anchors[:-1].tolist(), anchors[1:].tolist(), strict=True):
            line = interpolate(track.boxes[first], track.boxes[last], last - first)
            if (np.abs(line - track.boxes[first + 1 : last]) > TOLERANCE).any():
                kept[first:last] = True
    return kept


def interpolate(first: np.ndarray, last: np.ndarray, steps: int) -> np.ndarray:
    """Return the boxes (steps - 1, 4) on the straight line between two boxes that are `steps` frames apart.

    >>> interpolate(np.array([0, 0, 4, 4]), np.array([3, 0, 7, 4]), 3)[:, 0].tolist()
    [1.0, 2.0]
    """
    share = np.arange(1, steps)[:, None] / steps
    return (1 - share) * first + share * last
