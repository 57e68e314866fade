"""Layouts that know videos by their names, in miniature: the published names of folders, files and lists."""

from collections import Counter

import pytest

from support.layouts import MAKERS, frames, msad, shanghaitech, tad, ucfcrime2local, videos, xd_violence
from wsstad.errors import UserError
from wsstad.evaluation.annotations import conversion
from wsstad.planning import dataset_tables
from wsstad.planning.layouts import LAYOUTS

SHANGHAI_LISTS = {
    "SHANGHAI_train.txt": "frames/01_001 764 0\nframes/01_002 764 0\nframes/02_0015 265 1\nframes/99_0001 5 0\n",
    "SHANGHAI_test.txt": "frames/01_003 764 0 -1 -1\nframes/01_0014 265 1 3 9\n",
}

NAMED = ("shanghaitech", "msad", "xd_violence", "tad", "ucfcrime2local")


@pytest.fixture
def source(tmp_path):
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


def tables_of(layout, source, folder):
    made = LAYOUTS[layout](source)
    made.write(folder)
    rows = dataset_tables.read_videos(folder)
    assert all((source / row["path"]).exists() for row in rows.values())
    (split,) = made.splits
    return made, rows, split


def parts_of(folder, split="official"):
    return dataset_tables.read_split(folder, split)[0]


def test_shanghaitech_in_its_weakly_supervised_split(source, tmp_path):
    shanghaitech(source)
    for name, text in SHANGHAI_LISTS.items():
        (source / name).write_text(text)
    made, rows, split = tables_of("shanghaitech", source, tmp_path / "t")
    assert split == "official"
    assert parts_of(tmp_path / "t") == {
        "01_001": "train", "01_002": "train", "02_0015": "train", "01_003": "test", "01_0014": "test",
    }  # fmt: skip
    assert [rows[v]["label"] for v in ("01_001", "01_003", "02_0015")] == ["normal", "normal", "abnormal"]
    assert made.notes["split"] == "official: 3 videos train, 2 test; 1 that are listed are not there"
    entry = dataset_tables.read_annotator(tmp_path / "t", "masks")
    boxes = conversion.convert(source, rows, entry, tested=dataset_tables.tested(tmp_path / "t"), where="masks")
    assert [(row.video, row.frame, row.box) for row in boxes] == [("01_0014", 0, (10.0, 5.0, 20.0, 15.0))]


def test_shanghaitech_by_the_lists_of_features(source, tmp_path):
    shanghaitech(source)
    (source / "list").mkdir()
    (source / "list/shanghai-i3d-train-10crop.list").write_text("/x/01_001_i3d.npy\n/x/02_0015_i3d.npy\n")
    (source / "list/shanghai-i3d-test-10crop.list").write_text("/x/01_003_i3d.npy\n/x/01_0014_i3d.npy\n")
    tables_of("shanghaitech", source, tmp_path / "t")
    assert Counter(parts_of(tmp_path / "t").values()) == {"train": 2, "test": 2}


def test_shanghaitech_without_lists_divides_no_camera(source, tmp_path):
    shanghaitech(source)
    frames(source, "training/frames/01_001", "training/frames/13_007")
    made, rows, split = tables_of("shanghaitech", source, tmp_path / "t")
    assert split == "cv2"
    assert rows["01_001"]["path"] == "training/videos/01_001.avi"
    assert rows["13_007"] == {
        "video": "13_007", "path": "training/frames/13_007", "label": "normal", "class": "Normal", "group": "13",
    }  # fmt: skip
    assert made.notes["group"] == "3 cameras, by the first number of the names"
    for parts in dataset_tables.read_split(tmp_path / "t", split).values():
        assert len({(video[:2], part) for video, part in parts.items()}) == 3


def test_shanghaitech_of_one_camera_has_no_groups(source, tmp_path):
    videos(source, *(f"training/videos/01_00{n}.avi" for n in range(4)))
    frames(source, *(f"testing/frames/01_001{n}" for n in range(4)))
    made, rows, split = tables_of("shanghaitech", source, tmp_path / "t")
    assert split == "cv4"
    assert "group" not in rows["01_001"]
    assert "too few cameras have both labels" in made.notes["group"]


def test_msad_has_classes_by_name_and_the_boxes_of_sst(source, tmp_path):
    msad(source)
    (source / "merged_MSAD.json").write_text("{}")
    made, rows, _ = tables_of("msad", source, tmp_path / "t")
    assert {video: row["class"] for video, row in rows.items()} == {
        "Assault_1": "Assault", "People_falling_2": "People_falling", "shop_1": "Normal", "testing_3": "Normal",
    }  # fmt: skip
    assert parts_of(tmp_path / "t") == {
        "Assault_1": "train", "shop_1": "train", "People_falling_2": "test", "testing_3": "test",
    }  # fmt: skip
    assert made.annotations == {"sst": {"format": "sst", "path": "merged_MSAD.json"}}


def test_xd_violence_has_its_labels_in_the_names(source, tmp_path):
    xd_violence(source)
    _, rows, _ = tables_of("xd_violence", source, tmp_path / "t")
    assert sorted((row["label"], row["class"]) for row in rows.values()) == [
        ("abnormal", "Car accident"), ("abnormal", "Explosion"), ("normal", "Normal"), ("normal", "Normal"),
    ]  # fmt: skip
    assert Counter(parts_of(tmp_path / "t").values()) == {"train": 2, "test": 2}
    assert {
        rows[video]["path"].split("/")[0] for video, part in parts_of(tmp_path / "t").items() if part == "test"
    } == {"videos"}
    (source / "videos/Other__#1_label_Z-0-0.mp4").write_bytes(b"x")
    (source / "rgb.list").unlink()
    with pytest.raises(UserError, match=r"label 'Z' is unknown; allowed: A, B1"):
        LAYOUTS["xd_violence"](source)


def test_tad_s_folders_of_frames_are_called_mp4(source, tmp_path):
    tad(source)
    _, rows, _ = tables_of("tad", source, tmp_path / "t")
    assert rows["07_RoadSpills_001"]["class"] == "RoadSpills"
    tested = {video for video, part in parts_of(tmp_path / "t").items() if part == "test"}
    assert tested == {"01_Accident_002", "Normal_002"}
    (source / "tad_test_anno.json").write_text('[{"a": 1}]')
    with pytest.raises(UserError, match=r"tad_test_anno\.json: no list of objects with video_path: KeyError"):
        LAYOUTS["tad"](source)


def test_ucfcrime2local_has_boxes_in_vatic_s_format(source, tmp_path):
    ucfcrime2local(source)
    _, rows, _ = tables_of("ucfcrime2local", source, tmp_path / "t")
    assert {video: row["class"] for video, row in rows.items()} == {
        "Arrest001": "Arrest", "Robbery102": "Robbery", "Normal_Videos_003": "Normal", "Normal_Videos_777": "Normal",
    }  # fmt: skip
    entry = dataset_tables.read_annotator(tmp_path / "t", "vatic")
    boxes = conversion.convert(source, rows, entry, tested=dataset_tables.tested(tmp_path / "t"), where="vatic")
    assert [(row.video, row.frame, row.box) for row in boxes] == [("Robbery102", 4, (10.0, 20.0, 30.0, 60.0))]


@pytest.mark.parametrize("layout", NAMED)
def test_something_else_is_one_line(layout, source):
    videos(source, "normal/a.mp4")
    with pytest.raises(UserError, match="not the layout of"):
        LAYOUTS[layout](source)


@pytest.mark.parametrize("layout", ["msad", "xd_violence"])
def test_a_name_that_lies_there_twice_is_one_line(layout, source):
    MAKERS[layout](source)
    first = next(iter(sorted(source.rglob("*.mp4"))))
    videos(source, f"copy/{first.name}")
    with pytest.raises(UserError, match="lies there twice: "):
        LAYOUTS[layout](source)


def test_without_lists_a_split_is_made(source, tmp_path):
    videos(source, *(f"MSAD_anomaly_blur/Fire/Fire_{n}.mp4" for n in range(8)))
    videos(source, *(f"MSAD_normal_training_blur/road_{n}.mp4" for n in range(8)))
    made, rows, split = tables_of("msad", source, tmp_path / "t")
    assert split.startswith("cv")
    assert "the lists of the published split are not there" in made.notes["split"]
    folds = dataset_tables.read_split(tmp_path / "t", split)
    tested = [video for fold in folds.values() for video, part in fold.items() if part == "test"]
    assert sorted(tested) == sorted(rows)
