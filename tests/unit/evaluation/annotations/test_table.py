import pytest

from wsstad.errors import UserError
from wsstad.evaluation.annotations.table import BoxRow, check, read, read_checked, write

HEADER = "video\tevent\tframe\tx1\ty1\tx2\ty2\tfill\n"


def written(tmp_path, *lines, header=HEADER):
    path = tmp_path / "boxes.tsv"
    path.write_text(header + "".join(line.replace(" ", "\t") + "\n" for line in lines))
    return path


def test_the_table_has_fixed_decimals_sorted_rows_and_the_same_bytes_each_time(tmp_path):
    rows = [BoxRow("b", "0", 3, (1, 2, 3, 4)), BoxRow("a", "0", 7, (0.5, 1 / 3, 3, 4), "hold", (320, 240))]
    write(tmp_path / "one.tsv", rows)
    write(tmp_path / "two.tsv", rows[::-1])
    text = (tmp_path / "one.tsv").read_text()
    assert text == (tmp_path / "two.tsv").read_text()
    assert text.splitlines() == [
        HEADER.strip() + "\twidth\theight",
        "a\t0\t7\t0.500\t0.333\t3.000\t4.000\thold\t320\t240",
        "b\t0\t3\t1.000\t2.000\t3.000\t4.000\tnone\t\t",
    ]


def test_size_columns_are_there_only_where_they_say_something(tmp_path):
    write(tmp_path / "boxes.tsv", [BoxRow("a", "0", 3, (1, 2, 3, 4))])
    assert (tmp_path / "boxes.tsv").read_text().startswith(HEADER)
    assert read_checked(tmp_path / "boxes.tsv")["a"][0].size is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a 0 3 30 20 10 60 none", "row 3: box 30 20 10 60"),
        ("a 0 3 10 60 30 60 none", "row 3: box 10 60 30 60"),
        ("a 0 3 nan 20 30 60 none", "row 3: box nan"),
        ("a 0 3 10 20 inf 60 none", "row 3: box 10 20 inf"),
        ("a 0 -1 10 20 30 60 none", "row 3: frame -1; allowed"),
        ("a 0 0 10 20 30 60 none", "row 3: frame 0 of event '0' comes after frame 2"),
        ("a 0 3 10 20 30 60 cubic", "row 3: fill 'cubic'; allowed: none, linear, hold"),
        ("a 0 x 10 20 30 60 none", "row 3: frame 'x'; allowed: a whole number"),
        ("a 0 3 10 wide 30 60 none", "row 3: y1 'wide'; allowed: a number"),
        ("a 0 2 10 20 30 60 none", "row 3: event '0' has two boxes in frame 2"),
    ],
)
def test_a_bad_row_is_named(tmp_path, line, message):
    path = written(tmp_path, "a 0 2 10 20 30 60 linear", line)
    with pytest.raises(UserError, match=r"boxes.tsv: ") as error:
        read_checked(path)
    assert message in str(error.value)


def test_simultaneous_boxes_that_are_not_filled_are_fine(tmp_path):
    path = written(tmp_path, "a 0 2 10 20 30 60 none", "a 0 2 40 20 50 60 none")
    assert len(read_checked(path)["a"]) == 2


def test_a_missing_column_is_named(tmp_path):
    path = written(tmp_path, "a 1", header="video\tframe\n")
    with pytest.raises(UserError, match="row 1: columns video, frame; needed: video, event"):
        read(path)


def test_check_sorts_by_video_event_frame():
    rows = [BoxRow("b", "0", 0, (0, 0, 1, 1)), BoxRow("a", "1", 5, (0, 0, 1, 1)), BoxRow("a", "0", 9, (0, 0, 1, 1))]
    assert [(r.video, r.event) for r in check(rows)] == [("a", "0"), ("a", "1"), ("b", "0")]
