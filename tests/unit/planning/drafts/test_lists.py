"""Lists of labels and of groups."""

import re

import pytest

from wsstad.errors import UserError
from wsstad.planning.drafts import lists
from wsstad.planning.drafts.draft import Labelled

PATHS = ["a.mp4", "b.mp4", "sub/c.mp4"]


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "list.csv"
        path.write_text(text)
        return path

    return write


def read(file):
    videos, why = lists.read(file.parent, file, PATHS)
    return {video.path: (video.label, video.kind, video.group, video.part) for video in videos}, why


@pytest.mark.parametrize(
    "text",
    [
        "path\tlabel\na.mp4\tnormal\nsub/c.mp4\tabnormal\n",
        "\ufeffFile Name,Is_Anomaly\r\na.mp4,0\r\nsub/c.mp4,1\r\n",
        "video;label\na;normal\nc;anomaly\n",
        "a.mp4 0\nsub/c 1\n",
        "./a.mp4   normal\n\nsub/c.mp4 abnormal\n",
    ],
)
def test_tables_and_lines_say_the_same(file, text):
    videos, why = read(file(text))
    assert videos == {"a.mp4": ("normal", "normal", "", ""), "sub/c.mp4": ("abnormal", "abnormal", "", "")}
    assert why.endswith("list.csv; 1 videos that are not in it are left out")


def test_a_list_may_have_class_group_and_part(file):
    text = "path,label,class,camera,split,note\na,0,,hall,train,x\nb,1,Arson,hall,testing,\nc,1,,,test,\n"
    assert read(file(text))[0] == {
        "a.mp4": ("normal", "normal", "hall", "train"),
        "b.mp4": ("abnormal", "Arson", "hall", "test"),
        "sub/c.mp4": ("abnormal", "abnormal", "", "test"),
    }


def test_of_several_columns_that_may_be_meant_one_is(file):
    videos, _ = read(file("id,path,label,video\n7,a.mp4,0,x\n8,b.mp4,1,y\n"))
    assert videos.keys() == {"a.mp4", "b.mp4"}


def test_a_label_may_be_the_class(file):
    videos, why = read(file("path,label\na,Normal\nb,Arson\nc,Abuse\n"))
    assert {path: cells[:2] for path, cells in videos.items()} == {
        "a.mp4": ("normal", "normal"),
        "b.mp4": ("abnormal", "Arson"),
        "sub/c.mp4": ("abnormal", "Abuse"),
    }
    assert "what is not normal there is abnormal, such as Abuse, Arson" in why
    assert read(file("path,label\na,noFight\nb,fight\n"))[0]["b.mp4"][:2] == ("abnormal", "fight")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\nx.mp4,0\n", "row 2: 'x.mp4' is not under"),
        ("path,label\na,0\na.mp4,1\n", "row 3: 'a.mp4' is in row 2 already"),
        ("path,label\na,good\nb,bad\n", "row 2: label 'good' is not understood"),
        ("path,label\na,0\nb,0\n", "no abnormal videos"),
        ("path,class\na,x\n", "row 1: there is no column for the label; allowed: label, anomaly"),
        ("path,label\na\n", "row 2: 'a'; allowed: path and label"),
        ("path,label,split\na,0,left\nb,1,test\n", "row 2: part 'left' is unknown; allowed: train"),
        ("", "no rows"),
    ],
)
def test_a_mistake_is_one_line_with_its_row(file, text, words):
    with pytest.raises(UserError, match=re.escape(words)):
        read(file(text))


def test_a_name_that_two_videos_have_must_be_a_path(file):
    with pytest.raises(UserError, match=r"row 1: 'a' may be x/a.mp4 or y/a.mp4; give the whole path"):
        lists.read(file("").parent, file("a 0\n"), ["x/a.mp4", "y/a.mp4"])


def test_groups_come_from_a_list_of_their_own(file):
    videos = [Labelled(path, "normal", "normal") for path in PATHS]
    grouped, why = lists.add_groups(
        file("").parent, file("clip\tlabel\tsource\na.mp4\tx\tA\nc.mp4\tx\tA\nmore.mp4\tx\tB\n"), videos
    )
    assert [video.group for video in grouped] == ["A", "", "A"]
    assert why.startswith("1 from ")
    assert why.endswith("1 videos that are not in it are each a group of their own")
    with pytest.raises(UserError, match="none of its 1 videos, such as 'z'"):
        lists.add_groups(file("").parent, file("path,group\nz,A\n"), videos)
