import polars
import pytest

from support import tracks as made
from wsstad.artefacts.exchange import parquet
from wsstad.errors import UserError
from wsstad.structures.tracks import UNTRACKED

GOOD = {"video": "v", "frame": 3, "x1": 1.0, "y1": 2.0, "x2": 3.0, "y2": 4.0}


def read(folder, *rows):
    polars.DataFrame(list(rows)).write_parquet(folder / "x.parquet")
    return parquet.read(folder / "x.parquet")


def test_boxes_alone_are_enough(tmp_path):
    (video,) = read(tmp_path, GOOD)
    (track,) = video.tracks
    assert (video.video, video.size, track.name, track.label) == ("v", None, UNTRACKED, "object")
    assert (track.boxes.tolist(), track.scores.tolist(), track.observed.tolist()) == ([[1, 2, 3, 4]], [1.0], [True])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frame": 2.5}, "row 1: frame 2.5; allowed: a whole number"),
        ({"x2": 1.0}, "row 1: box 1 2 1 4; allowed: finite, x1 < x2"),
        ({"x1": None}, "row 1: x1 None; allowed: a number"),
        ({"score": 2.0}, "row 1: score 2; allowed: 0 to 1"),
        ({"frame": -1.0}, "row 1: frame -1, counted from 0; allowed: 0 or more"),
    ],
)
def test_a_bad_row_is_named(tmp_path, change, message):
    good = {**GOOD, "frame": 3.0, "score": 1.0}
    with pytest.raises(UserError, match=r"x\.parquet: ") as error:
        read(tmp_path, good, {**good, **change})
    assert message in str(error.value)


def test_another_file_or_table_is_refused_in_one_line(tmp_path):
    with pytest.raises(UserError, match=r"no column 'y2'; needed: video, frame, x1, y1, x2, y2"):
        read(tmp_path, {name: value for name, value in GOOD.items() if name != "y2"})
    (tmp_path / "y.parquet").write_text("text")
    with pytest.raises(UserError, match=r"y\.parquet: no Parquet: ") as error:
        parquet.read(tmp_path / "y.parquet")
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match=r"nowhere"):
        parquet.read(tmp_path / "nowhere")


def test_the_same_boxes_are_the_same_bytes_and_every_column_has_its_type(tmp_path):
    videos = [made.VideoTracks("v", (made.track("1", [0], [[0, 0, 9, 9]]),), made.SIZE, 9, 25.0)]
    for name in ("a", "b"):
        parquet.write(tmp_path / name, videos)
    assert (tmp_path / "a/boxes.parquet").read_bytes() == (tmp_path / "b/boxes.parquet").read_bytes()
    schema = {name: str(kind) for name, kind in polars.read_parquet(tmp_path / "a/boxes.parquet").schema.items()}
    corners = dict.fromkeys(("x1", "y1", "x2", "y2"), "Float64")
    texts = {"video": "String", "frame": "Int64", "track": "String", "label": "String"}
    assert schema == {**texts, **corners, "score": "Float64", "interpolated": "Boolean"}
    (again,) = parquet.read(tmp_path / "a")
    assert (again.size, again.n_frames, again.fps) == (made.SIZE, 9, 25.0)
