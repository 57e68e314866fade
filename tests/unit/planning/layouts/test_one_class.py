"""Avenue and Street Scene in miniature: the published names of folders and files, pictures of a few pixels."""

import pytest

from support import layouts
from wsstad.artefacts import foreign
from wsstad.errors import UserError
from wsstad.evaluation.annotations import conversion
from wsstad.planning import dataset_tables
from wsstad.planning.layouts import LAYOUTS


@pytest.fixture(autouse=True)
def no_trial(monkeypatch):
    """Try no file out in a process of its own, which takes a second each: tests/faults/test_foreign.py does."""
    monkeypatch.setattr(foreign, "try_out", lambda *about: None)


def tables_of(layout, source, folder):
    made = LAYOUTS[layout](source)
    made.write(folder)
    return made, dataset_tables.read_videos(folder), dataset_tables.read_split(folder, "cv4")


@pytest.fixture
def avenue(tmp_path):
    source = tmp_path / "avenue"
    source.mkdir()
    layouts.avenue(source)
    return source


def test_avenue_s_masks_are_of_its_test_videos(avenue, tmp_path):
    made, rows, folds = tables_of("avenue", avenue, tmp_path / "t")
    assert rows["01_train"]["path"] == "Avenue Dataset/training_videos/01.avi"
    assert [rows[video]["label"] for video in ("01_train", "test01")] == ["normal", "abnormal"]
    assert len(rows) == 37
    assert sorted(folds) == [0, 1, 2, 3]
    assert made.notes["boxes"] == "masks: 21 of 21 abnormal clips have them"
    entry = dataset_tables.read_annotator(tmp_path / "t", "masks")
    boxes = conversion.convert(avenue, rows, entry, tested=dataset_tables.tested(tmp_path / "t"), where="masks")
    assert {(row.video, row.frame, row.box) for row in boxes} == {
        (f"test{n:02}", 1, (float(n), 5.0, n + 10.0, 15.0)) for n in range(1, 22)
    }


def test_avenue_without_masks_is_measured_by_its_labels(avenue):
    for path in avenue.rglob("*.mat"):
        path.unlink()
    assert not LAYOUTS["avenue"](avenue).has_boxes


def test_street_scene_has_labels_alone(tmp_path):
    source = tmp_path / "StreetScene"
    source.mkdir()
    layouts.street_scene(source)
    for place in (source, tmp_path):
        made, rows, _ = tables_of("street_scene", place, tmp_path / "t")
        assert [row["label"] for row in rows.values()] == ["abnormal"] * 4 + ["normal"] * 5
        assert made.annotations == {"labels": {"format": "none"}}
        assert "not known from public code" in made.notes["boxes"]


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("avenue", "not the layout of CUHK Avenue: there is no folder training_videos/ in it"),
        ("street_scene", "not the layout of Street Scene: there is no folder Train/ and Test/ in it"),
    ],
)
def test_something_else_is_one_line(layout, message, tmp_path, avenue):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        LAYOUTS[layout](tmp_path / "empty")
    for path in avenue.rglob("training_videos/*.avi"):
        path.unlink()
    with pytest.raises(UserError, match=r"0 training clips; the layout of CUHK Avenue has 4 or more"):
        LAYOUTS["avenue"](avenue)
