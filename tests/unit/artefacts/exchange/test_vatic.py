import pytest

from support import tracks as made
from wsstad.artefacts.exchange import vatic
from wsstad.errors import UserError

# As UCFCrime2Local has them.
TEXT = '0 161 43 239 155 0 1 0 1 "Anomaly"\n0 161 43 239 155 1 0 0 1 "Anomaly"\n0 162 43 240 155 2 0 1 0 "Anomaly"\n'


def read(folder, text):
    (folder / "v.txt").write_text(text)
    return vatic.read(folder)[0].tracks


def test_lost_boxes_are_none_and_generated_ones_were_not_drawn(tmp_path):
    (track,) = read(tmp_path, TEXT)
    assert (track.name, track.label, track.frames.tolist()) == ("0", "Anomaly", [1, 2])
    assert track.boxes[0].tolist() == [161, 43, 239, 155]
    assert track.observed.tolist() == [False, True]
    assert track.place(0) == f"{tmp_path}/v.txt: row 2"


def test_labels_have_spaces_and_attributes_follow(tmp_path):
    (track,) = read(tmp_path, '0 1 1 5 5 7 0 0 0 "a person" "walking" "score=0.25"\n')
    assert (track.label, track.scores.tolist()) == ("a person", [0.25])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0 1 1 5 5 7 0 0 0", '9 words; allowed: id xmin ymin xmax ymax frame lost occluded generated "label"'),
        ('0 1 1 5 5 7 2 0 0 "a"', "lost '2'; allowed: 0, 1"),
        ('0 1 1 five 5 7 0 0 0 "a"', "xmax 'five'; allowed: a number"),
        ('0 1 1 1 5 7 0 0 0 "a"', "box 1 1 1 5; allowed: finite, x1 < x2"),
        ('0 1 1 5 5 -7 0 0 0 "a"', "frame -7, counted from 0; allowed: 0 or more"),
        ('0 1 1 5 5 1 0 0 0 "Anomaly"', "track '0' has two boxes in frame 1"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, message):
    with pytest.raises(UserError, match=r"v\.txt: row 4: ") as error:
        read(tmp_path, f"{TEXT}{row}\n")
    assert message in str(error.value)


def test_what_is_written_is_the_format_of_the_readme(tmp_path):
    track = made.track("3", [2, 4], [[0, 0.5, 9, 9]] * 2, label="a b", scores=[1, 0.5], observed=[True, False])
    vatic.write(tmp_path, [made.VideoTracks("v", (track,), made.SIZE, 9)])
    assert (tmp_path / "v.txt").read_text().splitlines() == [
        '3 0 0.5 9 9 2 0 0 0 "a b" "score=1"',
        '3 0 0.5 9 9 4 0 0 1 "a b" "score=0.5"',
    ]
    with pytest.raises(UserError, match=r"label 'a\"b'; allowed in VATIC: no quotation mark"):
        vatic.write(tmp_path, [made.VideoTracks("v", (made.track("3", [2], [[0, 0, 9, 9]], label='a"b'),))])
