import csv
from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wsstad.errors import UserError
from wsstad.evaluation.annotations import ucsd_masks
from wsstad.evaluation.annotations.parameters import UcsdMasksParameters

PARAMETERS = UcsdMasksParameters(format="ucsd_masks", path="x")


def pack(path, masks):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, packed=np.packbits(masks, axis=-1), shape=np.array(masks.shape))


def components(mask):
    """Boxes and areas of the 8-connected components, by flood fill."""
    left = set(zip(*np.nonzero(mask), strict=True))
    found = []
    while left:
        pending = [left.pop()]
        pixels = []
        while pending:
            y, x = pending.pop()
            pixels.append((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            pending += near
        ys, xs = zip(*pixels, strict=True)
        found.append((len(pixels), (min(xs), min(ys), max(xs) + 1, max(ys) + 1)))
    return found


@settings(max_examples=150, deadline=None)
@given(arrays.arrays(np.uint8, (9, 11), elements=st.integers(0, 1)), st.integers(1, 12))
def test_boxes_are_those_of_a_flood_fill(mask, min_area):
    expected = sorted(tuple(map(float, box)) for area, box in components(mask) if area >= min_area)
    assert sorted(ucsd_masks._boxes(mask, min_area)) == expected


def test_packed_masks_and_official_folders_give_the_same_boxes(tmp_path):
    masks = np.zeros((12, 50, 60), dtype=np.uint8)
    masks[3:11, 5:20, 7:30] = 1
    masks[4, 30:34, 40:44] = 1
    masks[4, 0, 0:9] = 1  # 9 pixels: too small
    pack(tmp_path / "packed" / "Test001.npz", masks)
    for name, pattern in (("a", "{:03d}.bmp"), ("b", "frame{:03d}.bmp"), ("c", "{}.bmp")):
        folder = tmp_path / name / "Test001_gt"
        folder.mkdir(parents=True)
        for n, mask in enumerate(masks, start=1):
            cv2.imwrite(str(folder / pattern.format(n)), mask * 255)
    rows = ucsd_masks.read(tmp_path / "packed", ["Test001", "Train001"], PARAMETERS)
    assert [row.frame for row in rows] == [3, 4, 4, 5, 6, 7, 8, 9, 10]
    assert {row.box for row in rows} == {(7.0, 5.0, 30.0, 20.0), (40.0, 30.0, 44.0, 34.0)}
    assert {(row.event, row.fill, row.size) for row in rows} == {("0", "none", (60, 50))}
    for name in "abc":
        again = ucsd_masks.read(tmp_path / name, ["Test001"], PARAMETERS)
        assert [(row.frame, row.box) for row in again] == [(row.frame, row.box) for row in rows]


def test_a_file_that_holds_something_else_is_named(tmp_path):
    np.savez(tmp_path / "Test001.npz", packed=np.zeros((2, 5, 3), dtype=np.uint8), shape=np.array([2, 5, 60]))
    with pytest.raises(UserError, match=r"Test001.npz: packed masks of shape \(2, 5, 3\) for 2 frames of 60 x 5"):
        ucsd_masks.read(tmp_path, ["Test001"], PARAMETERS)
    (tmp_path / "Test002.npz").write_text("no archive")
    with pytest.raises(UserError, match=r"Test002.npz: no packed masks"):
        ucsd_masks.read(tmp_path, ["Test002"], PARAMETERS)
    (tmp_path / "Test003_gt").mkdir()
    (tmp_path / "Test003_gt" / "001.bmp").write_text("no image")
    with pytest.raises(UserError, match=r"001.bmp: not an image"):
        ucsd_masks.read(tmp_path, ["Test003"], PARAMETERS)


def test_equals_the_boxes_published_with_the_real_masks(shared):
    folder = shared / "data" / "ucsd_ped2"
    if not (folder / "gt_boxes.csv").is_file():
        pytest.skip(f"no {folder}")
    with open(folder / "gt_boxes.csv", newline="") as file:
        expected = Counter(
            (row["clip"], int(row["frame_1based"]) - 1, *(float(row[name]) for name in ("x1", "y1", "x2", "y2")))
            for row in csv.DictReader(file)
        )
    videos = [f"Test{n:03d}" for n in range(1, 13)]
    rows = ucsd_masks.read(folder / "masks", videos, PARAMETERS)
    assert Counter((row.video, row.frame, *row.box) for row in rows) == expected
    assert len(rows) == 2410
