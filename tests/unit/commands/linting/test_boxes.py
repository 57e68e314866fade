"""Checks of annotations: each fault is found, where it is, and a sound annotator gives nothing."""

import pytest

from wsstad.commands.linting import boxes
from wsstad.commands.linting.finding import VideoFacts
from wsstad.evaluation.annotations.parameters import TableParameters
from wsstad.evaluation.annotations.table import BoxRow

WHERE = "dataset.yaml: annotations.mine"


def video(name, label="abnormal", n_frames=50, size=(64, 48), truth="decoded"):
    row = {"video": name, "path": f"{name}.mp4", "label": label, "class": label}
    return VideoFacts(row, f"videos.tsv: row {name}", f"{name}.mp4", 9, n_frames, size, truth)


FACTS = {"a": video("a"), "b": video("b"), "n": video("n", "normal")}


def row(name="a", frame=0, box=(1, 1, 20, 20), size=None, n=2, event="0"):
    return BoxRow(name, event, frame, tuple(map(float, box)), "none", size, f"boxes.tsv: row {n}")


def findings(rows, facts=FACTS, tested=frozenset("a")):
    return [(finding.severity, finding.kind, finding.where) for finding in boxes.check(rows, facts, tested, WHERE)]


def test_a_sound_annotator_gives_nothing():
    rows = [row(frame=n, n=n + 2) for n in range(50)] + [row("b", box=(-0.5, 0, 64.9, 48))]
    assert findings(rows, tested={"a", "b", "n"}) == []


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ([row(), row(box=(10, 10, 80, 20), n=3)], ("warning", "box over the edge", "boxes.tsv: row 3")),
        ([row(), row(box=(70, 10, 80, 20), n=3)], ("error", "box outside", "boxes.tsv: row 3")),
        ([row(), row(frame=50, n=3)], ("warning", "frame", "boxes.tsv: row 3")),
        ([row(), row(box=(9, 9, 9, 20), n=3)], ("error", "box", "boxes.tsv: row 3")),
        ([row(), row(frame=-1, n=3, event="1")], ("error", "box", "boxes.tsv: row 3")),
        ([row(frame=4), row(frame=2, n=3)], ("error", "order", WHERE)),
        ([row(), row("n")], ("error", "boxes of normal videos", "videos.tsv: row n")),
        ([row("b")], ("warning", "no box", "videos.tsv: row a")),
        ([row(), row("x")], ("warning", "unknown videos", WHERE)),
        ([row("a.mp4")], ("error", "unknown videos", WHERE)),
        ([row(box=(0.1, 0.2, 0.5, 1)), row(box=(0, 0, 1, 1))], ("error", "units", WHERE)),
        ([row(box=(40, 30, 10, 10)), row(box=(30, 30, 10, 9))], ("error", "corners", WHERE)),
        ([row(box=(100, 100, 300, 200)), row(box=(0, 0, 320, 240))], ("error", "picture", WHERE)),
        ([row(frame=1), row(frame=50)], ("error", "frame base", WHERE)),
    ],
)
def test_a_fault_is_found_once_and_where_it_is(rows, finding):
    assert findings(rows) == [finding]


def test_an_id_that_is_meant_is_named():
    (finding,) = boxes.check([row("A.mp4")], FACTS, set(), WHERE)
    assert finding.text == (
        "1 of 1 boxes are of 1 videos that are not listed, such as 'A.mp4'; the id in videos.tsv is 'a'"
    )


def test_the_picture_that_boxes_were_drawn_on_is_what_counts():
    assert findings([row(box=(10, 10, 320, 240), size=(320, 240))]) == []
    assert findings([row(), row(box=(10, 10, 322, 240), size=(320, 240), n=3)]) == [
        ("warning", "box over the edge", "boxes.tsv: row 3")
    ]


def test_an_estimate_of_the_frames_is_not_taken_at_its_word():
    facts = {"a": video("a", n_frames=1000, truth="estimated")}
    assert findings([row(frame=1010)], facts) == []
    assert findings([row(frame=1021)], facts) == [("warning", "frame", "boxes.tsv: row 2")]
    assert findings([row(frame=10**6, box=(900, 900, 999, 999))], {"a": video("a", truth="")}) == []


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path):
    (tmp_path / "boxes.tsv").write_text("video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\na\t0\tone\t1\t1\t2\t2\tnone\n")
    rows, findings = boxes.read(tmp_path, FACTS, TableParameters(format="table", path="boxes.tsv"), WHERE)
    assert rows == []
    assert findings[0].text.endswith("boxes.tsv: row 2: frame 'one'; allowed: a whole number")
