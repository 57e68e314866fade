"""A dataset's tables: every mistake names its file, row and value."""

import pytest

from wsstad.errors import UserError
from wsstad.planning import dataset_tables

VIDEOS = ["video\tpath\tlabel\tclass", "a\ta.mp4\tabnormal\tfall", "b\tb.mp4\tnormal\tnormal"]
SPLIT = ["fold\tvideo\tpart", "0\ta\ttest", "0\tb\ttest", "1\ta\ttrain"]


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "splits").mkdir()
    (tmp_path / "videos.tsv").write_text("\n".join(VIDEOS) + "\n")
    (tmp_path / "splits" / "s.tsv").write_text("\n".join(SPLIT) + "\n")
    return tmp_path


def test_good_tables_are_read(dataset):
    assert list(dataset_tables.read_videos(dataset)) == ["a", "b"]
    assert dataset_tables.read_split(dataset, "s") == {0: {"a": "test", "b": "test"}, 1: {"a": "train"}}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("c\tc.mp4\tstrange\tx", "row 4: label: 'strange' is unknown; allowed: normal, abnormal"),
        ("../c\tc.mp4\tnormal\tx", "row 4: video: '../c'"),
        ("c d\tc.mp4\tnormal\tx", "row 4: video: 'c d'"),
        ("\tc.mp4\tnormal\tx", "row 4: video: ''"),
        ("c;rm\tc.mp4\tnormal\tx", "row 4: video: 'c;rm'"),
        ("A\tc.mp4\tnormal\tx", "row 4: video 'A' is already in row 2"),
        ("a\tc.mp4\tnormal\tx", "row 4: video 'a' is already in row 2"),
        ("c\t\tnormal\tx", "row 4: path"),
    ],
)
def test_a_bad_video_row_is_named(dataset, row, message):
    (dataset / "videos.tsv").write_text("\n".join([*VIDEOS, row]) + "\n")
    with pytest.raises(UserError) as caught:
        dataset_tables.read_videos(dataset)
    assert f"videos.tsv: {message}" in str(caught.value)


def test_a_table_is_checked_once_until_it_changes(dataset, monkeypatch):
    checked = []
    check = dataset_tables.config.check_rows
    monkeypatch.setattr(dataset_tables.config, "check_rows", lambda *args: checked.append(args[1]) or check(*args))
    for _ in range(3):
        dataset_tables.read_split(dataset, "s")
    assert checked == ["videos", "split"]
    with open(dataset / "videos.tsv", "a") as file:
        file.write("c\tc.mp4\tnormal\tnormal\n")
    assert list(dataset_tables.read_videos(dataset)) == ["a", "b", "c"]
    dataset_tables.read_split(dataset, "s")
    assert checked == ["videos", "split"] * 2


def test_an_unknown_column_is_named(dataset):
    (dataset / "videos.tsv").write_text("video\tpath\tlabel\tclass\tfps\na\ta.mp4\tnormal\tx\t25\n")
    with pytest.raises(UserError, match=r"videos\.tsv: row 1: unknown column 'fps'; allowed: video, path"):
        dataset_tables.read_videos(dataset)


def test_a_column_that_is_not_there_is_named(dataset):
    (dataset / "videos.tsv").write_text("video\tpath\tlabel\na\ta.mp4\tnormal\n")
    with pytest.raises(UserError, match=r"videos\.tsv: row 1: there is no column 'class'"):
        dataset_tables.read_videos(dataset)


@pytest.mark.parametrize("content", ["", "video\tpath\tlabel\tclass\n"])
def test_a_table_without_rows_is_told(dataset, content):
    (dataset / "videos.tsv").write_text(content)
    with pytest.raises(UserError, match=r"videos\.tsv: no videos"):
        dataset_tables.read_videos(dataset)


def test_commas_are_told_and_the_mark_of_windows_is_read_over(dataset):
    path = dataset / "videos.tsv"
    content = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert list(dataset_tables.read_videos(dataset)) == ["a", "b"]
    path.write_bytes(content.replace(b"\t", b","))
    with pytest.raises(UserError, match=r"videos\.tsv: row 1 has commas between its cells; allowed: tabs"):
        dataset_tables.read_videos(dataset)


def test_a_split_that_is_not_there_names_those_that_are(dataset):
    with pytest.raises(UserError, match=r"t\.tsv: no such split; allowed: s$"):
        dataset_tables.read_split(dataset, "t")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0\tz\ttest", "row 5: video 'z' is not in videos.tsv"),
        ("0\ta\ttrain", "row 5: video 'a' stands in fold 0 already"),
        ("0\ta\tvalid", "row 5: part: 'valid' is unknown; allowed: train, test"),
        ("x\ta\ttest", "row 5: fold: 'x'"),
    ],
)
def test_a_bad_split_row_is_named(dataset, row, message):
    (dataset / "splits" / "s.tsv").write_text("\n".join([*SPLIT, row]) + "\n")
    with pytest.raises(UserError) as caught:
        dataset_tables.read_split(dataset, "s")
    assert f"s.tsv: {message}" in str(caught.value)


def test_a_fold_without_both_labels_is_named(dataset):
    with pytest.raises(UserError, match="fold 1 has no test videos; it needs normal and abnormal ones"):
        dataset_tables.check_labels(dataset, "s", "test")


def test_an_empty_label_in_a_split_is_named(dataset):
    (dataset / "videos.tsv").write_text("\n".join([*VIDEOS[:2], "b\tb.mp4\t\t"]) + "\n")
    with pytest.raises(UserError, match=r"videos\.tsv: row 3: label of 'b' is empty, and .*s\.tsv has it"):
        dataset_tables.check_labels(dataset, "s", "test")
