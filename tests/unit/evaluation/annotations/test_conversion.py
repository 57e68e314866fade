"""Annotations that are not what they seem: one line with the user's file, row and what to do."""

import re

import pytest

from wsstad.errors import UserError
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations import conversion
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.annotations.parameters import TableParameters
from wsstad.evaluation.annotations.table import BoxRow

VIDEOS = {f"v{n:03d}": {"label": "abnormal"} for n in range(3)}
HEADER = "video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\n"


def convert(folder, *rows, **more):
    (folder / "boxes.tsv").write_text(HEADER + "".join("\t".join(map(str, row)) + "\n" for row in rows))
    entry = TableParameters(format="table", path="boxes.tsv", **more)
    return conversion.convert(folder, VIDEOS, entry, tested=set(VIDEOS), where="dataset.yaml: annotations.mine")


def test_shares_of_the_picture_are_no_pixels(tmp_path):
    rows = [("v000", 0, frame, 0.1, 0.2, 0.5, 1.0, "none") for frame in range(3)]
    with pytest.raises(UserError, match=r"all 3 boxes lie within 0\.\.1, as boxes\.tsv: row 2: shares of"):
        convert(tmp_path, *rows)
    made = convert(tmp_path, *rows, size=(1, 1))
    truth = groundtruth.from_rows(made, n_frames=9, width=320, height=240)
    assert truth.united.boxes[0].tolist() == [32, 48, 160, 240]
    assert convert(tmp_path, *rows, ("v000", 0, 5, 0, 0, 20, 20, "none")), "small boxes in pixels are boxes"


@pytest.mark.parametrize(
    ("video", "hint"),
    [("v001.mp4", "did you mean v001?"), ("V001", "did you mean v001?"), ("x", "ids there look like v000")],
)
def test_ids_of_no_listed_video_stop_and_the_nearest_is_named(tmp_path, video, hint):
    with pytest.raises(UserError, match=re.escape(hint)) as caught:
        convert(tmp_path, (video, 0, 3, 1, 2, 30, 40, "none"))
    assert "none of its 1 videos is in videos.tsv, such as " in str(caught.value)


@pytest.mark.parametrize("cell", ["2_1", "٢", "2.0", ""])
def test_a_frame_is_written_in_plain_digits(tmp_path, cell):
    with pytest.raises(UserError, match=r"row 2: frame .*; allowed: a whole number"):
        convert(tmp_path, ("v000", 0, cell, 1, 2, 30, 40, "none"))
    with pytest.raises(UserError, match=r"row 2: x1 '1_0'; allowed: a number"):
        convert(tmp_path, ("v000", 0, 3, "1_0", 2, 30, 40, "none"))


def test_what_is_wrong_with_a_box_names_the_file_and_row_of_the_user(tmp_path):
    rows = convert(tmp_path, ("v001", 0, 3, 1, 2, 30, 40, "none"), ("v000", 0, 3, 325, 10, 330, 20, "none"))
    canonical.write(tmp_path / "made.tsv", rows)
    boxes = canonical.read_checked(tmp_path / "made.tsv")
    with pytest.raises(UserError, match=r"^boxes\.tsv: row 3: box 325 10 330 20 of 'v000' lies outside"):
        groundtruth.from_rows(boxes["v000"], n_frames=9, width=320, height=240)


def test_boxes_of_a_larger_picture_ask_for_its_size(tmp_path):
    rows = [("v000", 0, 3, 10, 20, 100, 90, "none"), ("v000", 0, 4, 300, 150, 1914, 1078, "none")]
    with pytest.raises(UserError, match=r"boxes of 'v000' reach 1914 x 1078, the video has 640 x 360: give `size`"):
        groundtruth.from_rows(convert(tmp_path, *rows), n_frames=9, width=640, height=360)
    made = groundtruth.from_rows(convert(tmp_path, *rows, size=(1920, 1080)), n_frames=9, width=640, height=360)
    assert made.united.boxes[4].tolist() == pytest.approx([100, 50, 638, 1078 / 3])
    near = convert(tmp_path, ("v000", 0, 3, 600, 300, 650, 365, "none"))
    assert groundtruth.from_rows(near, n_frames=9, width=640, height=360).united.boxes[3].tolist() == [
        600,
        300,
        640,
        360,
    ]


def test_each_video_has_the_size_that_its_boxes_were_drawn_on(tmp_path):
    (tmp_path / "sizes.tsv").write_text("video\twidth\theight\nv001\t640\t360\n")
    rows = [(f"v{n:03d}", 0, 0, 100, 90, 200, 180, "none") for n in range(2)]
    made = {row.video: row for row in convert(tmp_path, *rows, size=(320, 180), sizes="sizes.tsv")}
    assert (made["v000"].size, made["v001"].size) == ((320, 180), (640, 360))
    truth = groundtruth.from_rows([made["v001"]], n_frames=9, width=1280, height=720)
    assert truth.united.boxes[0].tolist() == [200, 180, 400, 360]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("v001\t640\t", "row 3: no height; needed: video, width, height"),
        ("v001\t640\t0", "row 3: 640 x 0; allowed: whole numbers of pixels"),
        ("v001\t6.5\t3", "row 3: 6.5 x 3"),
        ("v000\t640\t360", "row 3: 'v000' is there already"),
    ],
)
def test_a_bad_table_of_sizes_is_named_with_its_row(tmp_path, row, message):
    (tmp_path / "sizes.tsv").write_text(f"video\twidth\theight\nv000\t640\t360\n{row}\n")
    with pytest.raises(UserError, match=re.escape(f"sizes.tsv: {message}")):
        convert(tmp_path, ("v000", 0, 0, 1, 2, 30, 40, "none"), sizes="sizes.tsv")


def test_a_table_of_masks_keeps_how_many_there_are(tmp_path):
    rows = [BoxRow("a", "0", 3, (1, 2, 9, 9), masks=15), BoxRow("b", "0", 3, (1, 2, 9, 9))]
    canonical.write(tmp_path / "made.tsv", rows)
    assert [row.masks for row in canonical.read(tmp_path / "made.tsv")] == [15, 0]
