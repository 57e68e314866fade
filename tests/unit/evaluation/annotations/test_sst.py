import json
from itertools import combinations

import pytest

from wsstad.errors import UserError
from wsstad.evaluation.annotations import sst
from wsstad.evaluation.annotations.parameters import SstParameters
from wsstad.evaluation.annotations.table import check


def segment(first, last, x=0):
    corners = [[x, 5], [x + 10, 5], [x + 10, 25], [x, 25]]
    return {"start_frame": first, "end_frame": last, "keyframes": {str(last): corners, str(first): corners}}


def read(tmp_path, *events):
    content = [{"file_name": name, "bounding_boxes": parts} for name, parts in events]
    (tmp_path / "boxes.json").write_text(json.dumps(content))
    return check(sst.read(tmp_path / "boxes.json", [], SstParameters(format="sst", path="boxes.json")))


def facts(rows):
    return [(row.event, row.frame, row.box[0], row.fill) for row in rows]


def test_a_segment_holds_to_its_end_and_a_gap_stays_empty(tmp_path):
    rows = read(tmp_path, ("a.mp4", [segment(20, 30, x=7), segment(0, 9)]))
    assert facts(rows) == [("00", 0, 0, "hold"), ("00", 9, 0, "none"), ("00", 20, 7, "hold"), ("00", 30, 7, "none")]


def test_where_segments_touch_the_next_one_begins(tmp_path):
    rows = read(tmp_path, ("a.mp4", [segment(0, 9), segment(9, 12, x=7)]))
    assert facts(rows) == [("00", 0, 0, "hold"), ("00", 9, 7, "hold"), ("00", 12, 7, "none")]


def test_simultaneous_segments_get_layers(tmp_path):
    rows = read(tmp_path, ("a.mp4", [segment(0, 9), segment(5, 12, x=7), segment(10, 20)]))
    assert [event for event, *_ in facts(rows)] == ["00", "00", "00", "00", "00/1", "00/1"]


def test_events_are_numbered_by_video_and_first_frame(tmp_path):
    rows = read(tmp_path, ("a.mp4", [segment(50, 60)]), ("b.mp4", [segment(1, 2)]), ("a.mp4", [segment(3, 4)]))
    assert [(row.video, row.event, row.frame) for row in rows if row.fill == "hold"] == [
        ("a", "00", 3),
        ("a", "01", 50),
        ("b", "00", 1),
    ]


@pytest.mark.parametrize(
    "text",
    ["{}", "no JSON", "[1]", '[{"file_name": "a.mp4"}]', '[{"file_name": "a", "bounding_boxes": [{"keyframes": {}}]}]'],
)
def test_another_layout_is_refused_in_one_line(tmp_path, text):
    (tmp_path / "boxes.json").write_text(text)
    with pytest.raises(UserError, match=r"boxes.json: ") as error:
        sst.read(tmp_path / "boxes.json", [], SstParameters(format="sst", path="boxes.json"))
    assert "\n" not in str(error.value)


def test_the_real_file_reads(shared):
    path = shared / "data" / "sst_wsvadl_bbox" / "merged_ucf_crime.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    rows = check(sst.read(path, [], SstParameters(format="sst", path="boxes.json")))
    assert len({row.video for row in rows}) == 909
    assert len({(row.video, row.event.split("/")[0]) for row in rows}) == 1061
    simultaneous = 0
    for event in json.loads(path.read_text()):
        spans = [(part["start_frame"], part["end_frame"]) for part in event["bounding_boxes"]]
        simultaneous += any(a < d and c < b for (a, b), (c, d) in combinations(spans, 2))
    assert len({(row.video, row.event.split("/")[0]) for row in rows if "/" in row.event}) == simultaneous == 45
