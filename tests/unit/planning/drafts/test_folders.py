"""Labels, classes, parts and places, read from folders."""

import os
import re

import pytest

from wsstad.errors import UserError
from wsstad.planning.drafts import folders


@pytest.fixture
def make(tmp_path):
    def touch(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        return tmp_path

    return touch


def facts(videos):
    return {video.path: (video.label, video.kind, video.part, video.place) for video in videos}


def test_two_folders_are_enough_and_other_files_are_left_out(make):
    root = make("normal/a.mp4", "abnormal/b.mp4", "abnormal/notes.txt", "normal/.hidden.mp4", "abnormal/c/1.png")
    videos, why = folders.read(root)
    assert facts(videos) == {
        "normal/a.mp4": ("normal", "normal", "", ""),
        "abnormal/b.mp4": ("abnormal", "abnormal", "", ""),
        "abnormal/c": ("abnormal", "abnormal", "", ""),
    }
    assert why == "normal: normal/; abnormal: abnormal/"


def test_at_any_depth_the_rest_of_the_path_is_class_part_or_place(make):
    root = make(
        "train/normal/a.mp4",
        "train/abnormal/robbery/b.mp4",
        "test/normal/c.mp4",
        "test/abnormal/cam 3/d.mp4",
        "test/abnormal/fire/hall/e.mp4",
    )
    assert facts(folders.read(root)[0]) == {
        "train/normal/a.mp4": ("normal", "normal", "train", ""),
        "train/abnormal/robbery/b.mp4": ("abnormal", "robbery", "train", ""),
        "test/normal/c.mp4": ("normal", "normal", "test", ""),
        "test/abnormal/cam 3/d.mp4": ("abnormal", "abnormal", "test", "cam 3"),
        "test/abnormal/fire/hall/e.mp4": ("abnormal", "fire", "test", "hall"),
    }


def test_folders_below_both_labels_are_places_and_those_above_too(make):
    root = make(
        "west/ok/normal/a.mp4", "west/ok/abnormal/b.mp4", "east/normal/lobby/c.mp4", "east/abnormal/lobby/d.mp4"
    )
    assert {video.path: video.place for video in folders.read(root)[0]} == {
        "west/ok/normal/a.mp4": "west/ok",
        "west/ok/abnormal/b.mp4": "west/ok",
        "east/normal/lobby/c.mp4": "east/lobby",
        "east/abnormal/lobby/d.mp4": "east/lobby",
    }


def test_a_folder_that_is_the_contrary_of_another_names_the_class(make):
    videos, why = folders.read(make("fight/a.mp4", "noFight/b.mp4"))
    assert facts(videos) == {
        "fight/a.mp4": ("abnormal", "fight", "", ""),
        "noFight/b.mp4": ("normal", "normal", "", ""),
    }
    assert why == "normal: noFight/; abnormal: fight/"


def test_other_folders_are_labelled_by_hand(make):
    root = make("quiet/a.mp4", "Abuse/b.mp4", "x/Arson/c.mp4")
    videos, _ = folders.read(root, normal=["quiet"], abnormal=["Abuse/", "x/Arson"])
    assert facts(videos) == {
        "quiet/a.mp4": ("normal", "normal", "", ""),
        "Abuse/b.mp4": ("abnormal", "Abuse", "", ""),
        "x/Arson/c.mp4": ("abnormal", "Arson", "", "x"),
    }


@pytest.mark.parametrize(
    ("names", "given", "words"),
    [
        (["a.mp4", "b.mp4"], {}, "2 of 2 videos, such as a.mp4, are in no folder whose name says normal or abnormal"),
        (["normal/a.mp4", "Abuse/b.mp4"], {}, "1 of 2 videos, such as Abuse/b.mp4"),
        (["normal/a.mp4"], {}, "no abnormal videos; a benchmark needs"),
        (["normal/abnormal/a.mp4", "normal/b.mp4"], {}, "below a normal and an abnormal folder"),
        (["normal/a.mp4", "x/b.mp4"], {"abnormal": ["y"]}, "--abnormal y: no such folder; allowed: normal, x"),
        (["notes.txt"], {}, "no video; 1 file was not looked at: .txt 1"),
    ],
)
def test_a_mistake_is_one_line(make, names, given, words):
    with pytest.raises(UserError, match=re.escape(words)):
        folders.read(make(*names), **given)


def test_a_name_that_is_not_utf8(make):
    root = make("normal/a.mp4", f"abnormal/{os.fsdecode(bytes([255]))}.mp4")
    with pytest.raises(UserError, match="not UTF-8"):
        folders.read(root)


def test_what_a_run_made_is_no_footage(make):
    root = make("normal/a.mp4", "abnormal/b.mp4", "results/mine/frames/a.mp4", "wsstad.yaml")
    assert [video.path for video in folders.read(root)[0]] == ["abnormal/b.mp4", "normal/a.mp4"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        folders.read(tmp_path / "nowhere")
