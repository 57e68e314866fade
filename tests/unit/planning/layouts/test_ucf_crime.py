"""UCF-Crime's official lists, and the videos wherever they lie: in miniature, and the real lists."""

import shutil
from collections import Counter

import pytest

from support import layouts
from wsstad.errors import UserError
from wsstad.planning import dataset_tables
from wsstad.planning.layouts import LAYOUTS, ucf_crime

INTERVALS = "Arson002_x264.mp4  Arson  10  20  -1  -1  \nNormal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1  \n"
VIDEOS = (
    "Anomaly-Videos-Part-1/Abuse/Abuse001_x264.mp4",
    "Training-Normal-Videos-Part-1/Normal_Videos001_x264.mp4",
    "Anomaly-Videos-Part-1/Arson/Arson002_x264.mp4",
    "Testing_Normal_Videos_Anomaly/Normal_Videos_003_x264.mp4",
)


@pytest.fixture
def source(tmp_path):
    (tmp_path / "ucf").mkdir()
    layouts.ucf_crime(tmp_path / "ucf")
    return tmp_path / "ucf"


def test_the_official_split_of_the_videos_that_are_there(source, tmp_path):
    made = LAYOUTS["ucf_crime"](source)
    made.write(tmp_path / "tables")
    assert {
        video: tuple(row.values())[1:] for video, row in dataset_tables.read_videos(tmp_path / "tables").items()
    } == {
        "Abuse001_x264": (VIDEOS[0], "abnormal", "Abuse"),
        "Normal_Videos001_x264": (VIDEOS[1], "normal", "Normal"),
        "Arson002_x264": (VIDEOS[2], "abnormal", "Arson"),
        "Normal_Videos_003_x264": (VIDEOS[3], "normal", "Normal"),
    }
    parts = dataset_tables.read_split(tmp_path / "tables", "official")[0]
    assert Counter(parts.values()) == {"train": 2, "test": 2}
    assert parts["Arson002_x264"] == "test"
    assert not made.has_boxes


def test_annotations_beside_them_are_taken(source, tmp_path):
    (source / "Temporal_Anomaly_Annotation.txt").write_text(INTERVALS)
    (source / "lists/Test_annotation.pkl").touch()
    (source / "merged_ucf_crime.json").touch()
    LAYOUTS["ucf_crime"](source).write(tmp_path)
    liu_ma, sst = (dataset_tables.read_annotator(tmp_path, name) for name in ("liu_ma", "sst"))
    assert (liu_ma.path, liu_ma.events) == ("lists/Test_annotation.pkl", "Temporal_Anomaly_Annotation.txt")
    assert (sst.path, sst.size) == ("merged_ucf_crime.json", (320, 240))


def test_the_intervals_name_the_test_videos_too(source):
    before = ucf_crime.read_lists(source)
    (source / "lists/Anomaly_Test.txt").unlink()
    with pytest.raises(UserError, match=r"no Anomaly_Test.txt or Temporal_Anomaly_Annotation.txt"):
        ucf_crime.read_lists(source)
    (source / "Temporal_Anomaly_Annotation.txt").write_text(INTERVALS)
    assert ucf_crime.read_lists(source) == before


def test_a_list_of_something_else_is_one_line_with_its_row(source):
    (source / "Anomaly_Train.txt").write_text("Abuse/Abuse001_x264.mp4\nhello\n")
    with pytest.raises(UserError, match=r"Anomaly_Train.txt: row 2: 'hello'; allowed: <class>/<video>.mp4"):
        ucf_crime.read_lists(source)


def test_videos_of_another_dataset_are_one_line(source):
    shutil.rmtree(source / "Anomaly-Videos-Part-1")
    shutil.rmtree(source / "Training-Normal-Videos-Part-1")
    shutil.rmtree(source / "Testing_Normal_Videos_Anomaly")
    with pytest.raises(UserError, match="none of the 4 videos of the official lists is there"):
        LAYOUTS["ucf_crime"](source)


def test_the_real_lists_have_1610_and_290_videos(shared):
    folder = shared / "data/ucfcrime_splits"
    official = ucf_crime.read_lists(folder)
    assert Counter(part for _, part in official.values()) == ucf_crime.PUBLISHED == {"train": 1610, "test": 290}
    assert Counter(kind == "Normal" for kind, _ in official.values()) == {True: 950, False: 950}
    assert Counter(part for kind, part in official.values() if kind != "Normal") == {"train": 810, "test": 140}
    assert len({kind for kind, _ in official.values()}) == 14
    assert ucf_crime.read_frames(folder).keys() <= official.keys()
