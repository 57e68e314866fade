import pickle
from itertools import pairwise

import pytest

from wsstad.errors import UserError
from wsstad.evaluation.annotations import liu_ma
from wsstad.evaluation.annotations.parameters import LiuMaParameters
from wsstad.evaluation.annotations.table import check

PARAMETERS = LiuMaParameters(format="liu_ma", path="x")


def dump(path, content):
    path.write_bytes(pickle.dumps(content, protocol=0))
    return path


def image(number, box=(1, 1, 320, 240)):
    return [f"/x/Robbery/image_{number:04d}.jpg", *box]


def test_frames_and_pixels_counted_from_one_become_ours(tmp_path):
    rows = liu_ma.read(dump(tmp_path / "b.pkl", {"a": [image(1)]}), [], PARAMETERS)
    assert [(row.frame, row.box, row.fill) for row in rows] == [(0, (0.0, 0.0, 320.0, 240.0), "linear")]
    as_written = liu_ma.read(tmp_path / "b.pkl", [], PARAMETERS.model_copy(update={"first_pixel": 0}))
    assert as_written[0].box == (1.0, 1.0, 320.0, 240.0)


def test_events_are_told_apart_by_the_gap(tmp_path):
    path = dump(tmp_path / "b.pkl", {"a": [image(n) for n in (500, 100, 260, 421)]})
    rows = check(liu_ma.read(path, [], PARAMETERS))
    assert [(row.event, row.frame) for row in rows] == [("00", 99), ("00", 259), ("01", 420), ("01", 499)]


def test_intervals_tell_events_apart_whatever_the_gap(tmp_path):
    path = dump(tmp_path / "b.pkl", {"a_x264": [image(n) for n in (100, 130, 140, 900, 910)], "b": [image(5)]})
    events = tmp_path / "events.txt"
    events.write_text("a_x264.mp4  Abuse  100  130  140  900  \nc.mp4  Normal  -1  -1  -1  -1  \n")
    rows = liu_ma.read(path, [], PARAMETERS.model_copy(update={"events": str(events)}))
    own = [(row.event, row.frame + 1) for row in rows if row.video == "a_x264"]
    assert own == [("00", 100), ("00", 130), ("01", 140), ("01", 900), ("02", 910)]
    assert [row.event for row in rows if row.video == "b"] == ["00"]


class Payload:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_wants_to_run_code_is_refused(tmp_path, capsys, protocol):
    (tmp_path / "b.pkl").write_bytes(pickle.dumps({"a": [Payload()]}, protocol=protocol))
    with pytest.raises(UserError, match=r"b.pkl: refused: it imports \w+.print"):
        liu_ma.read(tmp_path / "b.pkl", [], PARAMETERS)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"no pickle", b"(dp0\nS'a'\np1\n(lp2", b"Pelsewhere\n."])
def test_a_damaged_pickle_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "b.pkl").write_bytes(content)
    with pytest.raises(UserError, match=r"b.pkl: (refused|not a mapping)") as error:
        liu_ma.read(tmp_path / "b.pkl", [], PARAMETERS)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "not a mapping of videos"),
        ({"a": 3}, "not a mapping of videos"),
        ({"a": [["image_0001.jpg", 1, 2, 3]]}, "a: row 0"),
        ({"a": [image(1), ["no number.jpg", 1, 2, 3, 4]]}, "a: row 1"),
        ({"a": [["image_0001.jpg", 1, 2, "x", 4]]}, "a: row 0"),
    ],
)
def test_another_layout_is_named(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        liu_ma.read(dump(tmp_path / "b.pkl", content), [], PARAMETERS)


def test_bad_events_are_named(tmp_path):
    path = dump(tmp_path / "b.pkl", {"a": [image(1)]})
    (tmp_path / "events.txt").write_text("a.mp4 Abuse 1 2 -1 -1\na.mp4 Abuse 1 two -1 -1\n")
    with pytest.raises(UserError, match=r"events.txt: row 2"):
        liu_ma.read(path, [], PARAMETERS.model_copy(update={"events": str(tmp_path / "events.txt")}))
    with pytest.raises(UserError, match="no such file of events"):
        liu_ma.read(path, [], PARAMETERS.model_copy(update={"events": str(tmp_path / "none.txt")}))


def test_the_real_pickles_load_and_the_gap_rule_agrees_with_the_intervals(shared):
    folder = shared / "data" / "ucfcrime_bbox_xuzero"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    by_gap = check(liu_ma.read(folder / "Test_annotation.pkl", [], PARAMETERS))
    intervals = str(shared / "data" / "ucfcrime_splits" / "Temporal_Anomaly_Annotation.txt")
    with_events = PARAMETERS.model_copy(update={"events": intervals})
    by_interval = check(liu_ma.read(folder / "Test_annotation.pkl", [], with_events))
    assert len(by_gap) == len(by_interval) == 3102
    assert len({row.video for row in by_gap}) == 140
    assert len({(row.video, row.event) for row in by_interval}) == 156  # 124 videos with one event, 16 with two
    bounds = [(min(r.box[i] for r in by_gap), max(r.box[i] for r in by_gap)) for i in range(4)]
    assert bounds[0][0] == bounds[1][0] == 0
    assert bounds[2][1] == 320
    assert bounds[3][1] <= 240
    # The steps inside an interval that the gap rule cuts all the same: what `max_gap` claims in its docstring.
    steps = sum(a.event == b.event and a.video == b.video for a, b in pairwise(by_interval))
    cut = sum(a.event == b.event and a.video == b.video and b.frame - a.frame > 160 for a, b in pairwise(by_interval))
    assert round(1 - cut / steps, 3) == 0.987
    assert len(check(liu_ma.read(folder / "Train_annotation.pkl", [], PARAMETERS))) == 25483
