"""Made-up tracks for the tests of files of other tools, and how two sets of them are compared."""

import numpy as np
from hypothesis import strategies as st

from wsstad.structures.tracks import UNTRACKED, Track, VideoTracks

SIZE = (640, 480)
N_FRAMES = 40


def track(name, frames, boxes, *, label="car", scores=None, observed=None):
    """Return a track of boxes at frames."""
    n = len(frames)
    return Track(
        name,
        label,
        np.array(frames, dtype=np.int64),
        np.array(boxes, dtype=np.float64).reshape(-1, 4),
        np.ones(n) if scores is None else np.array(scores, dtype=np.float64),
        np.ones(n, dtype=bool) if observed is None else np.array(observed, dtype=bool),
    )


@st.composite
def tracks_of(draw, name, label, *, whole=False, scored=True):
    """A track with gaps, at coordinates as fine as floats are (or whole pixels), some of them interpolated."""
    frames = sorted(draw(st.sets(st.integers(0, N_FRAMES - 1), min_size=1, max_size=12)))
    boxes = [draw(_box(whole)) for _ in frames]
    scores = [draw(st.integers(1, 4096)) / 4096 if scored else 1.0 for _ in frames]
    return track(name, frames, boxes, label=label, scores=scores, observed=[draw(st.booleans()) for _ in frames])


@st.composite
def _box(draw, whole):
    """A box inside the frame, at least a pixel wide and high."""
    sides = []
    for side in SIZE:
        number = st.integers(0, side - 1) if whole else st.floats(0, side - 1)
        low = draw(number)
        length = st.integers(1, side - low) if whole else st.floats(1, side - low)
        sides.append((low, min(low + draw(length), side)))
    (x1, x2), (y1, y2) = sides
    return x1, y1, x2, y2


@st.composite
def videos(draw, *, labels=("car", "a person & <co>"), **options):
    """Up to two videos of up to three tracks each."""
    made = []
    for video in ("v001", "Fight-2_x264")[: draw(st.integers(1, 2))]:
        names = [str(n) for n in sorted(draw(st.sets(st.integers(0, 99), max_size=3)))]
        tracks = tuple(draw(tracks_of(name, draw(st.sampled_from(labels)), **options)) for name in names)
        made.append(VideoTracks(video, tracks, SIZE, N_FRAMES))
    return made


def differences(before, after):
    """Return what a round trip lost: of tracks, labels, frames, flags; and the largest error of a box and a score."""
    lost, errors, scores = [], [0.0], [0.0]
    read = {video.video: {(t.name, t.label): t for t in video.tracks} for video in after}
    for video in before:
        tracks = read.get(video.video, {})
        if tracks.keys() != {(t.name, t.label) for t in video.tracks}:
            lost.append((video.video, sorted(tracks)))
            continue
        for one in video.tracks:
            other = tracks[one.name, one.label]
            if one.frames.tolist() != other.frames.tolist() or one.observed.tolist() != other.observed.tolist():
                lost.append((video.video, one.name))
                continue
            errors.append(float(np.abs(one.boxes - other.boxes).max()))
            scores.append(float(np.abs(one.scores - other.scores).max()))
    return lost, max(errors), max(scores)


def detections(rows, label="car"):
    """Return the track of boxes that belong to none, from rows of frame, box, score."""
    frames, boxes, scores = zip(*sorted(rows), strict=True)
    return track(UNTRACKED, frames, boxes, label=label, scores=scores)
