import numpy as np
from hypothesis import given

from support import tracks as made
from wsstad.structures import tracks
from wsstad.structures.tracks import UNTRACKED


def naive_needed(track):
    """Which boxes are observed, or off the line between the observed ones around them, frame by frame."""
    by_frame = {frame: i for i, frame in enumerate(track.frames.tolist())}
    needed = track.observed.tolist()
    for i, frame in enumerate(track.frames.tolist()):
        before = after = frame
        while before in by_frame and not track.observed[by_frame[before]]:
            before -= 1
        while after in by_frame and not track.observed[by_frame[after]]:
            after += 1
        if before not in by_frame or after not in by_frame:
            needed[i] = True
            continue
        first, last = track.boxes[by_frame[before]], track.boxes[by_frame[after]]
        for middle in range(before + 1, after):
            line = first + (last - first) * (middle - before) / (after - before)
            needed[i] |= bool(np.abs(line - track.boxes[by_frame[middle]]).max() > tracks.TOLERANCE)
    return needed


@given(made.tracks_of("1", "car"))
def test_needed_boxes_are_those_of_a_naive_search(track):
    assert tracks.needed(track).tolist() == naive_needed(track)


def test_boxes_on_the_line_are_not_needed():
    boxes = [[x, 0, x + 9, 9] for x in range(5)]
    track = made.track("1", range(5), boxes, observed=[True, False, False, False, True])
    assert tracks.needed(track).tolist() == naive_needed(track) == [True, False, False, False, True]


def test_runs_end_at_gaps():
    track = made.track("1", [0, 1, 4, 6, 7], [[0, 0, 9, 9]] * 5)
    assert [track.frames[run].tolist() for run in track.runs()] == [[0, 1], [4], [6, 7]]


def test_every_box_without_a_track_is_needed():
    track = made.track(UNTRACKED, [0, 0, 1], [[0, 0, 9, 9]] * 3, observed=[True, False, True])
    assert tracks.needed(track).all()
