"""Formats of other tools that hold tracks: each track is an event.

Interpolated boxes become what `fill` says between those that were drawn, so that metrics of key-frames see none of
them; those that no straight line gives stay rows. Boxes without a track are one event, whose boxes are simultaneous.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from wsstad.artefacts.exchange.formats import READERS
from wsstad.errors import UserError
from wsstad.evaluation.annotations.parameters import TracksParameters
from wsstad.evaluation.annotations.table import BoxRow
from wsstad.structures import tracks
from wsstad.structures.tracks import UNTRACKED, Track, VideoTracks

ALONE = "untracked"  # the event of boxes without a track


def read(path: Path, videos: Sequence[str], parameters: TracksParameters) -> list[BoxRow]:
    """Read the boxes of every video at `path`, in any format of tracks; raise `UserError` for a label that none has."""
    tracked = READERS[parameters.format](path, **parameters.convention)
    _check_labels(path, tracked, parameters.labels)
    return [row for video in tracked for row in _rows(video, parameters)]


def _rows(video: VideoTracks, parameters: TracksParameters) -> Iterator[BoxRow]:
    """Yield the rows of a video; of a track with several labels, each is a part of one event."""
    parts: Counter[str] = Counter()
    for track in video.tracks:
        if parameters.labels is None or track.label in parameters.labels:
            event = track.name.replace("/", "_") or ALONE
            yield from rows_of(video, track, f"{event}/{parts[event]}" if parts[event] else event, parameters.fill)
            parts[event] += 1


def rows_of(video: VideoTracks, track: Track, event: str, fill: str) -> Iterator[BoxRow]:
    """Yield the rows of a track as those of an event; frames that no box of it is in are filled as `fill` says."""
    kept = np.flatnonzero(tracks.needed(track)).tolist()
    for i, following in zip(kept, [*kept[1:], None], strict=True):
        between = "none"
        if following is not None and track.name != UNTRACKED:
            # Either the boxes in between were left out above, or the file has none.
            between = "linear" if following > i + 1 else fill
        x1, y1, x2, y2 = track.boxes[i].tolist()
        yield BoxRow(video.video, event, int(track.frames[i]), (x1, y1, x2, y2), between, video.size, track.place(i))


def _check_labels(path: Path, videos: Sequence[VideoTracks], labels: Collection[str] | None) -> None:
    known = tracks.labels_of(videos)
    for label in labels or ():
        if label not in known:
            raise UserError(f"{path}: no track has the label {label!r} of `labels`; allowed: {', '.join(known)}")
