import logging

import pytest

from support.scoring import write_tables
from wsstad import cli
from wsstad.errors import UserError
from wsstad.evaluation.annotations.table import read_checked
from wsstad.stages import annotate

LABELS = {"a": "abnormal", "b": "abnormal", "n": "normal", "m": "normal"}
TESTS = {"a": 0, "b": 0, "n": 0, "m": 0}
HEADER = "video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\n"


def run(tmp_path, text, *, annotation="boxes: {format: table, path: boxes.tsv}", annotator="boxes"):
    folder = write_tables(tmp_path / "tables", LABELS, TESTS, annotation=annotation)
    (tmp_path / "boxes.tsv").write_text(HEADER + text.replace(" ", "\t"))
    output = tmp_path / "out" / "boxes.tsv"
    flags = ["--tables", str(folder), "--source", str(tmp_path), "--annotator", annotator, "--output", str(output)]
    annotate.main(flags)
    return output


def test_unknown_videos_are_counted_and_unboxed_test_videos_are_named(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    output = run(tmp_path, "a 0 3 1 2 3 4 none\nx 0 3 1 2 3 4 none\nx 0 4 1 2 3 4 none\n")
    assert list(read_checked(output)) == ["a"]
    assert "ignored 2 of 3 boxes, of 1 videos" in caplog.text
    assert "abnormal test video b has no box by" in caplog.text
    assert "test video a " not in caplog.text


def test_the_size_of_the_dataset_entry_is_passed_on(tmp_path):
    entry = "boxes: {format: table, path: boxes.tsv, size: [320, 240]}"
    output = run(tmp_path, "a 0 3 1 2 3 4 none\nb 0 3 1 2 3 4 none\n", annotation=entry)
    assert {row.size for rows in read_checked(output).values() for row in rows} == {(320, 240)}


def test_bad_boxes_of_unknown_videos_do_not_stop_the_run(tmp_path):
    assert read_checked(run(tmp_path, "a 0 3 1 2 3 4 none\nx 0 3 9 2 3 4 none\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 0 3 9 2 3 4 none\n", "boxes.tsv: row 2: box 9 2 3 4"),
        ("n 0 3 1 2 3 4 none\n", "annotations.boxes: 'n' is normal in videos.tsv, but it has boxes"),
    ],
)
def test_wrong_boxes_of_known_videos_stop_it(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        run(tmp_path, text)
    assert not (tmp_path / "out" / "boxes.tsv").exists()


@pytest.mark.parametrize(
    ("annotation", "annotator", "message"),
    [
        ("boxes: {format: table, path: boxes.tsv}", "other", "no 'other'; allowed: boxes"),
        ("boxes: {format: excel, path: x}", "boxes", "'excel' is unknown; allowed: table, ucsd_masks, liu_ma, sst"),
        ("boxes: {format: liu_ma, path: x, max_gap: 0}", "boxes", "annotations.boxes: max_gap: '0' is not allowed"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, annotation, annotator, message):
    with pytest.raises(UserError, match=message):
        run(tmp_path, "", annotation=annotation, annotator=annotator)


def test_on_the_command_line_a_wrong_box_is_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.run(lambda: run(tmp_path, "a 0 3 9 2 3 4 none\n"))
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("annotator", ["liu_ma", "sst"])
def test_real_annotations_of_the_sample(shared, repository, tmp_path, annotator):
    if not (shared / "data" / "ucf_crime_sample").is_dir():
        pytest.skip("no real sample")
    output = tmp_path / "boxes.tsv"
    tables = repository / "config" / "datasets" / "ucf_crime_sample"
    flags = ["--tables", str(tables), "--source", str(shared / "data"), "--annotator", annotator]
    annotate.main([*flags, "--output", str(output)])
    rows = read_checked(output)
    assert {video: len(boxes) for video, boxes in rows.items()} == {
        "liu_ma": {"RoadAccidents002_x264": 3, "Robbery102_x264": 28},
        "sst": {"RoadAccidents002_x264": 2, "Robbery102_x264": 8},
    }[annotator]
    # Both lie inside the official temporal intervals 240-300 and 1080-1560.
    for video, first, last in (("RoadAccidents002_x264", 239, 300), ("Robbery102_x264", 1079, 1560)):
        assert first <= rows[video][0].frame <= rows[video][-1].frame <= last
