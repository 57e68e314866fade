import csv

import pytest

from support import tracks as made
from wsstad.artefacts.exchange import ava
from wsstad.errors import UserError
from wsstad.structures.tracks import UNTRACKED

# As AVA 2.2 has them: annotations with a person, detections with a score.
TRUTH = "-5KQ66BBWC4,0902,0.077,0.151,0.283,0.811,80,1\n-5KQ66BBWC4,0902,0.077,0.151,0.283,0.811,9,1\n"
DETECTIONS = "1j20qq1JyX4,0902,0.002,0.118,0.714,0.977,12,0.997\n"


def read(folder, text, **options):
    path = folder / "boxes.csv"
    path.write_text(text)
    return ava.read(path, **options)


def test_timestamps_are_seconds_with_a_frame_rate_and_actions_of_a_person_are_tracks(tmp_path):
    (video,) = read(tmp_path, TRUTH, fps=30, start=900)
    assert (video.video, video.size) == ("-5KQ66BBWC4", (ava.UNIT, ava.UNIT))
    assert [(t.name, t.label, t.frames.tolist()) for t in video.tracks] == [("1", "80", [60]), ("1", "9", [60])]
    assert (video.tracks[0].boxes[0] / ava.UNIT).tolist() == pytest.approx([0.077, 0.151, 0.283, 0.811])


def test_detections_have_a_score_and_no_person(tmp_path):
    (video,) = read(tmp_path, DETECTIONS, eighth="score")
    (track,) = video.tracks
    assert (track.name, track.scores.tolist(), track.frames.tolist()) == (UNTRACKED, [0.997], [902])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("v,1,0.1,0.1,0.2", "5 columns; allowed: video,timestamp,x1,y1,x2,y2,action"),
        ("v,1.5,0.1,0.1,0.2,0.2,1,1", "timestamp '1.5'; allowed: a whole number"),
        ("v,1,0.1,0.1,20,0.2,1,1", "x2 '20'; allowed: a share of the frame, 0 to 1"),
        ("v,1,0.1,0.1,0.1,0.2,1,1", "allowed: finite, x1 < x2"),
        ("v,1,0.1,0.1,0.2,0.2,fight,1", "action 'fight'; allowed: a number"),
        ("v,1,0.1,0.1,0.2,0.2,1,0.5", "person '0.5'; allowed: a whole number"),
        ("v,0,0.1,0.1,0.2,0.2,1,1", "track '1' has two boxes in frame 0"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, message):
    with pytest.raises(UserError, match=r"boxes\.csv: row 2: ") as error:
        read(tmp_path, f"v,0,0.1,0.1,0.2,0.2,1,1\n{row}\n")
    assert message in str(error.value)


def test_what_is_written_is_what_the_evaluation_of_ava_reads(tmp_path):
    """Seven or eight columns, whole timestamps, shares of the frame, actions from 1 that the label map names."""
    tracks = (made.track("4", [0, 3], [[0, 0, 640, 240], [64, 0, 128, 48]], scores=[1, 0.5], observed=[True, False]),)
    ava.write(tmp_path, [made.VideoTracks("v", tracks, made.SIZE, 9), made.VideoTracks("w", (), made.SIZE, 9)])
    rows = {name: list(csv.reader((tmp_path / name).read_text().splitlines())) for name in (ava.TRACKS, ava.SCORES)}
    corners = [["v", "0", "0", "0", "1", "0.5", "1"], ["v", "3", "0.1", "0", "0.2", "0.1", "1"]]
    assert rows[ava.TRACKS] == [[*row, "4"] for row in corners]
    assert rows[ava.SCORES] == [[*row, score] for row, score in zip(corners, ("1", "0.5"), strict=True)]
    assert (tmp_path / ava.INTERPOLATED).read_text() == "v,3,0.1,0,0.2,0.1,1,4\n"
    assert (tmp_path / ava.LABELS).read_text() == 'item {\n  name: "car"\n  id: 1\n}\n'
    assert [video.video for video in ava.read(tmp_path)] == ["v", "w"]
