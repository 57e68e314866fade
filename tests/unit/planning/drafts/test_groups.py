"""Groups, guessed from folders and names."""

import pytest

from wsstad.planning.drafts import groups
from wsstad.planning.drafts.draft import Labelled


def videos(*paths, **changes):
    """Return videos, each second one abnormal."""
    return [Labelled(path, label := ("normal", "abnormal")[i % 2], label, **changes) for i, path in enumerate(paths)]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["cam1_a.mp4", "cam1_b.mp4", "cam2_c.mp4", "cam3_d.mp4"], ["cam1", "cam1", "cam2", "cam3"]),
        (["x Camera 07 a.mp4", "camera 07.mp4", "CAMERA 8.mp4", "q.mp4"], ["camera 07", "camera 07", "camera 8", None]),
        (["01_0014", "01_0015", "02_0001", "03_0001"], ["01", "01", "02", "03"]),
        (["7q6K_clip1.mp4", "7q6K-clip2.mp4", "ab_1.mp4", "cd_1.mp4"], ["7q6K", "7q6K", "ab", "cd"]),
        (
            ["Up__#00-01-23_00-02_label_A.mp4", "Up__#00-03-00_00-04_label_B1.mp4", "Go__#1.mp4", "No__#1.mp4"],
            ["Up", "Up", "Go", "No"],
        ),
    ],
)
def test_names_tell_of_sources(paths, expected):
    guessed, _ = groups.guess(videos(*paths))
    assert [guessed.get(path) for path in paths] == expected


@pytest.mark.parametrize(
    "paths",
    [
        ["a.mp4", "b.mp4", "c.mp4", "d.mp4"],
        ["v001.mp4", "v002.mp4", "v003.mp4", "v004.mp4"],
        ["normal_1.mp4", "abnormal_1.mp4", "normal_2.mp4", "abnormal_2.mp4"],
        ["Normal_Videos_006_x264.mp4", "Abuse028_x264.mp4", "Normal_Videos_007_x264.mp4", "Abuse029_x264.mp4"],
        ["a_1.mp4", "b_1.mp4", "c_1.mp4", "d_1.mp4"],
    ],
)
def test_names_without_a_source_give_none(paths):
    guessed, why = groups.guess(videos(*paths))
    assert guessed == {}
    assert why == "nothing in folders or names tells of cameras or sources"


def test_a_class_is_no_source():
    labelled = [Labelled(f"{kind}_{n}.mp4", "abnormal", kind) for kind in ("Arson", "Abuse", "Fire") for n in range(3)]
    assert groups.guess([*labelled, Labelled("x.mp4", "normal", "normal")])[0] == {}


def test_a_group_of_most_videos_is_of_no_use_and_that_is_said():
    guessed, why = groups.guess(videos(*(f"2024_{n}.mp4" for n in range(8))))
    assert guessed == {}
    assert why.endswith("such as '2024', were not taken: '2024' has 4 of 4 normal videos")


def test_folders_go_before_names():
    labelled = [
        Labelled(f"{n}/cam{n % 2}.mp4", ("normal", "abnormal")[n % 2], "x", place=f"site{n // 2}") for n in range(8)
    ]
    guessed, why = groups.guess(labelled)
    assert set(guessed.values()) == {"site0", "site1", "site2", "site3"}
    assert why == "4 from the folders, such as 'site0' of 0/cam0.mp4"
