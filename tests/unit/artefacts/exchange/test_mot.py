import pytest

from support import tracks as made
from wsstad.artefacts.exchange import mot
from wsstad.errors import UserError
from wsstad.structures.tracks import UNTRACKED

# As MOT17 has them: a ground truth of nine columns, results of ten, detections of seven.
TRUTH = "1,2,912,484,97,109,0,7,1\n2,2,912,484,97,109,1,1,0.5\n3,2,912,484,97,109,1,1,1\n"
RESULTS = "1,3,794.27,247.59,71.245,174.88,-1,-1,-1,-1\n"
DETECTIONS = "1,-1,1359.1,413.27,120.26,362.77,0.5\n1,-1,10,10,20,20,0.25\n"


def read(folder, text, name="v.txt", **options):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return mot.read(folder, **options)[0].tracks


def test_frames_and_pixels_count_from_1_and_a_row_with_conf_0_is_left_out(tmp_path):
    (track,) = read(tmp_path, TRUTH)
    assert (track.name, track.label, track.frames.tolist()) == ("2", "1", [1, 2])
    assert track.boxes[0].tolist() == [911, 483, 1008, 592]
    assert track.place(0) == f"{tmp_path}/v.txt: row 2"


def test_results_have_no_class_and_a_conf_of_minus_1_says_nothing(tmp_path):
    (track,) = read(tmp_path, RESULTS)
    assert (track.label, track.scores.tolist(), track.observed.tolist()) == ("object", [1.0], [True])


def test_detections_have_no_track(tmp_path):
    (track,) = read(tmp_path, DETECTIONS, first_pixel=0)
    assert (track.name, track.frames.tolist(), track.scores.tolist()) == (UNTRACKED, [0, 0], [0.5, 0.25])
    assert track.boxes[1].tolist() == [10, 10, 30, 30]


def test_the_folders_of_the_benchmark_are_found_and_named_by_the_sequence(tmp_path):
    read(tmp_path, DETECTIONS, "MOT17-02/det/det.txt")
    read(tmp_path, TRUTH, "MOT17-02/gt/gt.txt")
    read(tmp_path, "person\n", "MOT17-02/gt/labels.txt")
    (video,) = mot.read(tmp_path)
    assert (video.video, [(t.name, t.label) for t in video.tracks]) == ("MOT17-02", [("2", "person")])


def test_a_single_file_is_the_video_that_it_is_called_after(tmp_path):
    (tmp_path / "cam1.txt").write_text(RESULTS)
    assert [video.video for video in mot.read(tmp_path / "cam1.txt")] == ["cam1"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2,3,4,5", "5 columns; allowed: frame,id,left,top,width,height"),
        ("0,2,9,9,5,5", "frame -1, counted from 0; allowed: 0 or more"),
        ("1.5,2,9,9,5,5", "frame '1.5'; allowed: a whole number"),
        ("2,2,9,9,wide,5", "width 'wide'; allowed: a number"),
        ("2,2,9,9,0,5", "box 8 8 8 13; allowed: finite, x1 < x2, y1 < y2"),
        ("2,2,9,9,nan,5", "box 8 8 nan 13; allowed: finite"),
        ("2,2,9,9,5,5,1.5", "score 1.5; allowed: 0 to 1"),
        ("2,2,9,9,5,5,1,3", "class 3; allowed: 1 to 2, the lines of labels.txt"),
        ("1,2,9,9,5,5,1,1", "track '2' has two boxes in frame 0, counted from 0; allowed: one"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, message):
    (tmp_path / "labels.txt").write_text("car\nperson\n")
    with pytest.raises(UserError, match=r"v\.txt: row 2: ") as error:
        read(tmp_path, f"1,2,1,1,5,5,1,1\n{row}\n")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere: no such file or folder"):
        mot.read(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"no file of boxes; allowed: <video>.txt, <video>/gt/gt.txt"):
        mot.read(tmp_path)


def test_what_is_written_is_what_evaluators_read(tmp_path):
    """Every line has ten columns that are numbers, frames and ids in order; classes are lines of labels.txt."""
    boxes = [[0, 0, 9, 9], [1, 0, 10, 9]]
    tracks = (made.track("b", [0, 2], boxes, observed=[True, False]), made.track("a", [1], [[0, 0, 9, 9]], label="bus"))
    mot.write(tmp_path, [made.VideoTracks("v", tracks, made.SIZE, 40)])
    rows = [line.split(",") for line in (tmp_path / "v.txt").read_text().splitlines()]
    assert rows == [
        ["1", "0", "1", "1", "9", "9", "1", "2", "1", "0"],
        ["2", "1", "1", "1", "9", "9", "1", "1", "1", "0"],
        ["3", "0", "2", "1", "9", "9", "1", "2", "1", "1"],
    ]
    assert (tmp_path / "labels.txt").read_text() == "bus\ncar\n"


def test_a_score_of_0_does_not_leave_the_box_out(tmp_path):
    mot.write(tmp_path, [made.VideoTracks("v", (made.track("1", [0], [[0, 0, 9, 9]], scores=[0]),), made.SIZE, 9)])
    assert len(mot.read(tmp_path)[0].tracks[0].frames) == 1
