"""Every annotation format keeps the one contract: checked canonical rows, a schema of its own, one-line errors."""

import json

import cv2
import numpy as np
import polars
import pytest

from support import cvat_schema
from wsstad import config
from wsstad.errors import UserError
from wsstad.evaluation.annotations import FORMATS, conversion
from wsstad.evaluation.annotations.table import BoxRow, check, read_checked, write

BOX = (10.0, 20.0, 30.0, 60.0)


def make_table(folder):
    path = folder / "boxes.tsv"
    write(path, [BoxRow("a", "0", 4, BOX, "linear"), BoxRow("a", "0", 9, BOX)])
    return path


def make_ucsd_masks(folder):
    for frame in range(10):
        mask = np.zeros((80, 100), dtype=np.uint8)
        if frame in (4, 9):
            mask[20:60, 10:30] = 255
        (folder / "masks" / "a_gt").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / "masks" / "a_gt" / f"{frame + 1:03d}.bmp"), mask)
    return folder / "masks"


def make_liu_ma(folder):
    path = folder / "boxes.pkl"
    path.write_bytes(
        b"(dp0\nS'a'\np1\n(lp2\n(lp3\nS'/x/image_0010.jpg'\np4\naI11\naI21\naI30\naI60\naa"
        b"(lp5\nS'/x/image_0005.jpg'\np6\naI11\naI21\naI30\naI60\naas."
    )
    return path


def make_sst(folder):
    path = folder / "boxes.json"
    corners = [[10, 20], [30, 20], [30, 60], [10, 60]]
    part = {"id": "0", "start_frame": 4, "end_frame": 9, "keyframes": {"9": corners, "4": corners}}
    event = {"id": "0", "file_name": "a.mp4", "start_frame": 4, "end_frame": 9, "bounding_boxes": [part]}
    path.write_text(json.dumps([event]))
    return path


def make_mot(folder):
    (folder / "mot").mkdir()
    (folder / "mot" / "a.txt").write_text("5,7,11,21,20,40,1,1,1\n10,7,11,21,20,40,1,1,1\n")
    return folder / "mot"


def make_coco(folder):
    path = folder / "boxes.json"
    images = [{"id": n, "video_id": 1, "frame_id": n, "file_name": f"a/{n}.jpg"} for n in (4, 9)]
    box = {"category_id": 1, "track_id": 7, "bbox": [10, 20, 20, 40]}
    annotations = [{"id": n, "image_id": n, **box} for n in (4, 9)]
    videos, categories = [{"id": 1, "name": "a"}], [{"id": 1, "name": "car"}]
    content = {"videos": videos, "images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(content))
    return path


def make_cvat(folder):
    (folder / "cvat").mkdir()
    box = '<box frame="{}" outside="{}" occluded="0" keyframe="1" xtl="10" ytl="20" xbr="30" ybr="60"/>'
    listed = "".join(box.format(frame, outside) for frame, outside in ((4, 0), (5, 1), (9, 0), (10, 1)))
    track = f'<track id="7" label="car">{listed}</track>'
    (folder / "cvat" / "a.xml").write_text(cvat_schema.DOCUMENT.format(cvat_schema.task(), track))
    return folder / "cvat"


def make_vatic(folder):
    (folder / "vatic").mkdir()
    rows = [f'7 10 20 30 60 {frame} {lost} 0 0 "car"\n' for frame, lost in ((4, 0), (5, 1), (9, 0))]
    (folder / "vatic" / "a.txt").write_text("".join(rows))
    return folder / "vatic"


def make_ava(folder):
    path = folder / "boxes.csv"
    corners = ",".join(str(value / 1_000_000) for value in BOX)
    path.write_text(f"a,4,{corners},12,7\na,9,{corners},12,7\n")
    return path


def make_masks(folder):
    masks = np.zeros((10, 80, 100), dtype=np.uint8)
    masks[[4, 9], 20:60, 10:30] = 1
    (folder / "arrays").mkdir()
    np.save(folder / "arrays" / "a.npy", masks)
    return folder / "arrays"


def make_parquet(folder):
    columns = {"video": ["a", "a"], "frame": [4, 9], "track": ["7", "7"]}
    corners = {name: [value, value] for name, value in zip(("x1", "y1", "x2", "y2"), BOX, strict=True)}
    polars.DataFrame({**columns, **corners}).write_parquet(folder / "a.parquet")
    return folder / "a.parquet"


WITH_BOXES = sorted(FORMATS.keys() - {"none"})
MAKERS = {
    "table": make_table,
    "ucsd_masks": make_ucsd_masks,
    "liu_ma": make_liu_ma,
    "sst": make_sst,
    "mot": make_mot,
    "coco": make_coco,
    "cvat": make_cvat,
    "vatic": make_vatic,
    "ava": make_ava,
    "masks": make_masks,
    "parquet": make_parquet,
}


def parameters(name):
    return FORMATS[name].parameters(format=name, path="x")


@pytest.mark.parametrize("name", WITH_BOXES)
def test_reads_the_same_boxes_whatever_the_convention(name, tmp_path):
    rows = FORMATS[name].load()(MAKERS[name](tmp_path), ["a"], parameters(name))
    assert [(row.video, row.frame, row.box) for row in check(rows)] == [("a", 4, BOX), ("a", 9, BOX)]
    assert all(row.where for row in rows)


def test_the_file_of_cvat_is_valid(tmp_path):
    assert cvat_schema.errors(make_cvat(tmp_path) / "a.xml") == []


@pytest.mark.parametrize("name", WITH_BOXES)
def test_what_it_reads_survives_the_canonical_table(name, tmp_path):
    rows = check(FORMATS[name].load()(MAKERS[name](tmp_path), ["a"], parameters(name)))
    write(tmp_path / "canonical.tsv", rows)
    again = read_checked(tmp_path / "canonical.tsv")["a"]
    facts = [(row.event, row.frame, row.box, row.fill, row.size) for row in rows]
    assert [(row.event, row.frame, row.box, row.fill, row.size) for row in again] == facts


@pytest.mark.parametrize("name", WITH_BOXES)
def test_a_missing_source_is_one_line_with_its_path(name, tmp_path):
    with pytest.raises(UserError, match="nowhere") as error:
        FORMATS[name].load()(tmp_path / "nowhere", ["a"], parameters(name))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", FORMATS)
def test_it_refuses_unknown_keys(name):
    with pytest.raises(UserError, match="unknown key 'speed'"):
        config.parse({"format": name, "path": "x", "speed": 1}, FORMATS[name].parameters, "dataset.yaml")


@pytest.mark.parametrize("name", WITH_BOXES)
def test_it_wants_a_path(name):
    with pytest.raises(UserError, match="'path' is missing"):
        config.parse({"format": name}, FORMATS[name].parameters, "dataset.yaml")


def test_where_nobody_drew_boxes_there_are_none_and_no_warning(tmp_path, caplog):
    videos = {"a": {"label": "abnormal"}, "n": {"label": "normal"}}
    entry = FORMATS["none"].parameters(format="none")
    with caplog.at_level("INFO"):
        assert conversion.convert(tmp_path, videos, entry, tested={"a", "n"}, where="x: annotations.labels") == []
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "no boxes by x: annotations.labels" in caplog.text
    with pytest.raises(UserError, match="path: 'x' is unknown; allowed: nothing, leave it out"):
        config.parse({"format": "none", "path": "x"}, FORMATS["none"].parameters, "dataset.yaml")
