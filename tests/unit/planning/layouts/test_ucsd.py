"""The published layout of UCSD pedestrians, in miniature: its names of folders and files, pictures of a few pixels."""

import pytest

from support import layouts
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.evaluation.annotations import conversion
from wsstad.planning import dataset_tables
from wsstad.planning.layouts import LAYOUTS


@pytest.fixture
def archive(tmp_path):
    """UCSD_Anomaly_Dataset.v1p2 with Ped2 alone."""
    source = tmp_path / "UCSD_Anomaly_Dataset.v1p2"
    source.mkdir()
    layouts.ucsd_ped2(source)
    return source


@pytest.mark.parametrize("inside", ["", "UCSDped2"])
def test_ped2_is_the_benchmark_that_comes_with_the_project(archive, inside, tmp_path, repository):
    made = LAYOUTS["ucsd_ped2"](archive / inside)
    tables, known = tmp_path / "tables", repository / "config/datasets/ucsd_ped2_frames"
    made.write(tables)
    below = "" if inside else "UCSDped2/"
    rows = dataset_tables.read_videos(tables)
    assert {video: {**row, "path": row["path"].removeprefix(below)} for video, row in rows.items()} == (
        dataset_tables.read_videos(known)
    )
    assert dataset_tables.read_split(tables, "cv4") == dataset_tables.read_split(known, "cv4")
    entry = dataset_tables.read_annotator(tables, "masks")
    assert entry.path == f"{below}Test"
    boxes = conversion.convert(archive / inside, rows, entry, tested=dataset_tables.tested(tables), where="masks")
    assert {(row.video, row.box) for row in boxes} == {(f"Test{n:03}", (10.0, 5.0, 20.0, 15.0)) for n in range(1, 13)}


def test_a_copy_without_masks_is_measured_by_its_labels(archive):
    for path in (archive / "UCSDped2/Test").glob("*_gt/*.bmp"):
        path.unlink()
    made = LAYOUTS["ucsd_ped2"](archive)
    assert made.annotations == {"labels": {"format": "none"}}
    assert not made.has_boxes
    assert made.notes["boxes"] == "masks: 0 of 12 abnormal clips have them"


def test_something_else_is_one_line(tmp_path, archive):
    with pytest.raises(UserError, match="not the layout of UCSDped1: there is no folder Train/ and Test/"):
        LAYOUTS["ucsd_ped1"](tmp_path)
    for clip in (archive / "UCSDped2/Train").glob("Train0*/*.tif"):
        clip.unlink()
    with pytest.raises(UserError, match="0 training clips; the layout of UCSD Ped2 has 4 or more"):
        LAYOUTS["ucsd_ped2"](archive)


def test_the_tables_have_a_row_a_clip(archive, tmp_path):
    LAYOUTS["ucsd_ped2"](archive).write(tmp_path / "t")
    assert len(storage.read_table(tmp_path / "t/splits/cv4.tsv")) == 4 * 28
