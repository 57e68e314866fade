"""Lists of features: videos, labels and parts, by the names that the datasets have."""

import numpy as np
import pytest

from wsstad.errors import UserError
from wsstad.planning.layouts import feature_lists

NAMES = {
    "train": ("Abuse001_x264_i3d.npy", "Normal_Videos_003_x264_i3d.npy"),
    "test": ("RoadAccidents002_x264_i3d.npy", "Normal_Videos_900_x264_i3d.npy"),
}


@pytest.fixture
def lists(tmp_path):
    (tmp_path / "source/below").mkdir(parents=True)
    for part, names in NAMES.items():
        for name in names:
            np.save(tmp_path / "source/below" / name, np.zeros((1, 2)))
        (tmp_path / f"{part}.list").write_text("".join(f"/somebody/s/folder/{name}\n" for name in names))
    return {part: tmp_path / f"{part}.list" for part in NAMES}


def test_files_are_found_by_their_names(lists, tmp_path):
    videos = feature_lists.read(tmp_path / "source", lists)
    assert [(v.video, v.label, v.kind, v.part) for v in videos] == [
        ("Abuse001_x264", "abnormal", "Abuse", "train"),
        ("Normal_Videos_003_x264", "normal", "Normal", "train"),
        ("Normal_Videos_900_x264", "normal", "Normal", "test"),
        ("RoadAccidents002_x264", "abnormal", "RoadAccidents", "test"),
    ]
    assert videos[0].path == "below/Abuse001_x264_i3d.npy"


def test_crops_of_a_video_are_one(tmp_path, lists):
    name = "Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6"
    for crop in range(5):
        np.save(tmp_path / f"source/{name}__{crop}.npy", np.zeros((1, 2)))
    with open(lists["train"], "a") as file:
        file.writelines(f"RGB/{name}__{crop}.npy\n" for crop in range(5))
    (added,) = [video for video in feature_lists.read(tmp_path / "source", lists) if video.kind == "Explosion"]
    assert (added.label, added.path) == ("abnormal", f"{name}__0.npy")


def test_mistakes_are_one_line_with_the_row(tmp_path, lists):
    with open(lists["train"], "a") as file:
        file.write("nonesuch_i3d.npy\n")
    with pytest.raises(UserError, match=r"train\.list: row 3: 'nonesuch_i3d\.npy' is not below"):
        feature_lists.read(tmp_path / "source", lists)
    lists["train"].write_text(f"{NAMES['train'][0]}\n")
    with pytest.raises(UserError, match=r"train\.list: no normal videos, by their names"):
        feature_lists.read(tmp_path / "source", lists)
    lists["train"].write_text("\n".join(NAMES["train"]))
    lists["test"].write_text("\n".join([*NAMES["test"], NAMES["train"][0]]))
    with pytest.raises(UserError, match=r"test\.list: row 3: 'Abuse001_x264' is in both lists"):
        feature_lists.read(tmp_path / "source", lists)
    lists["test"].unlink()
    with pytest.raises(UserError, match=r"test\.list: cannot be read as text"):
        feature_lists.read(tmp_path / "source", lists)
