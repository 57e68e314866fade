import csv
import itertools
from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from wsstad.errors import UserError
from wsstad.evaluation import groundtruth
from wsstad.evaluation.annotations import ucsd_masks
from wsstad.evaluation.annotations.parameters import UcsdMasksParameters
from wsstad.evaluation.annotations.table import check

PARAMETERS = UcsdMasksParameters(format="ucsd_masks", path="x")


def pack(path, masks):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, packed=np.packbits(masks, axis=-1), shape=np.array(masks.shape))


def components(mask):
    """Boxes and areas of the 8-connected components, by flood fill."""
    left = set(zip(*np.nonzero(mask), strict=True))
    result = []
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
        result.append((len(pixels), (min(xs), min(ys), max(xs) + 1, max(ys) + 1)))
    return result


@settings(max_examples=150, deadline=None)
@given(arrays.arrays(np.uint8, (9, 11), elements=st.integers(0, 1)), st.integers(1, 12))
def test_boxes_are_those_of_a_flood_fill(mask, min_area):
    expected = sorted(tuple(map(float, box)) for area, box in components(mask) if area >= min_area)
    ((*actual,),) = ucsd_masks.link([mask], min_area)
    assert sorted(box for _, box, _ in actual) == expected
    assert sorted(number for number, _, _ in actual) == list(range(len(actual)))
    assert {size for _, _, size in actual} <= {(11, 9)}


MOVIES = arrays.arrays(np.uint8, (4, 5, 6), elements=st.integers(0, 1))


def pixels(masks, parts):
    """For each frame the pixels of each object."""
    result = []
    for mask, part in zip(masks, parts, strict=True):
        _, labels = cv2.connectedComponents(mask, connectivity=8)
        frame = {}
        for number, (x1, y1, x2, y2), _ in part:
            inside = np.zeros_like(labels, dtype=bool)
            inside[int(y1) : int(y2), int(x1) : int(x2)] = True
            # The box may hold pixels of other components: its own is the one that reaches all four sides.
            (label,) = [
                k
                for k in np.unique(labels[inside & (labels > 0)])
                if tuple(np.concatenate([np.argwhere(labels == k).min(0), np.argwhere(labels == k).max(0) + 1]))
                == (y1, x1, y2, x2)
            ][:1]
            frame[number] = labels == label
        result.append(frame)
    return result


@settings(max_examples=100, deadline=None)
@given(MOVIES)
def test_links_have_the_greatest_sum_of_ious_of_all_one_to_one_links(masks):
    result = pixels(masks, list(ucsd_masks.link(masks, 1)))
    for before, after in itertools.pairwise(result):
        ious = {(a, b): (m & n).sum() / (m | n).sum() for a, m in before.items() for b, n in after.items()}
        kept = [(a, a) for a in before.keys() & after.keys()]
        assert all(ious[pair] > 0 for pair in kept)
        small, large = sorted((list(before), list(after)), key=len)
        pair_of = (lambda a, b: (a, b)) if small == list(before) else (lambda a, b: (b, a))
        sums = [
            sum(ious[pair_of(a, b)] for a, b in zip(small, order, strict=True))
            for order in itertools.permutations(large, len(small))
        ]
        assert sum(ious[pair] for pair in kept) == pytest.approx(max(sums))


@settings(max_examples=100, deadline=None)
@given(MOVIES)
def test_an_object_is_part_of_one_component_of_space_and_time(masks):
    structure = np.zeros((3, 3, 3), dtype=int)
    structure[1], structure[:, 1, 1] = 1, 1  # eight neighbours in a frame, the same pixel in the next
    labels, _ = ndimage.label(masks, structure)
    result = pixels(masks, list(ucsd_masks.link(masks, 1)))
    whole = {}
    for frame, objects in enumerate(result):
        for number, inside in objects.items():
            whole.setdefault(number, set()).update(labels[frame][inside].tolist())
    assert all(len(components) == 1 for components in whole.values())
    # Where no component of space and time has two parts in a frame, it is one object.
    per_frame = [[labels[frame][inside].max() for inside in objects.values()] for frame, objects in enumerate(result)]
    if all(len(set(components)) == len(components) for components in per_frame):
        assert len(whole) == labels.max()


def test_objects_that_touch_go_on_as_the_one_that_shares_most(tmp_path):
    masks = np.zeros((6, 10, 40), dtype=np.uint8)
    for frame, (left, right) in enumerate([(0, 20), (3, 18), (6, 14), (8, 14), (9, 20), (12, 22)]):
        masks[frame, 2:8, left : left + 9] = 1
        masks[frame, 3:6, right : right + 5] = 1
    pack(tmp_path / "Test001.npz", masks)
    rows = ucsd_masks.read(tmp_path, ["Test001"], PARAMETERS)
    frames = {}
    for row in rows:
        frames.setdefault(row.event, []).append(row.frame)
    # The large one is 00 throughout; in frames 2 and 3 they are one; the small one is another object afterwards.
    assert frames == {"00": [0, 1, 2, 3, 4, 5], "01": [0, 1], "02": [4, 5]}


def test_the_union_of_the_objects_is_what_it_was_of_one_event(tmp_path):
    rng = np.random.default_rng(0)
    pack(tmp_path / "Test001.npz", cv2.blur(rng.random((20, 240, 12)), (1, 9)).round().astype(np.uint8))
    rows = ucsd_masks.read(tmp_path, ["Test001"], PARAMETERS.model_copy(update={"min_area": 4}))
    size = {"n_frames": 20, "width": 12, "height": 240}
    objects = groundtruth.from_rows(check(rows), **size)
    together = groundtruth.from_rows(check([replace(row, event="0") for row in rows]), **size)
    assert len(objects.events) > 2
    for own, other in ((objects.united, together.united), (objects.keyframes, together.keyframes)):
        assert np.array_equal(own.boxes, other.boxes)
        assert np.array_equal(own.present, other.present)


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
    assert {(row.event, row.fill, row.size) for row in rows} == {(name, "none", (60, 50)) for name in ("00", "01")}
    assert [row.frame for row in rows if row.event == "01"] == [4]
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
    # In Test008 a person on a bicycle passes behind a car: one component, and a new object afterwards.
    objects = Counter(video for video, _ in {(row.video, row.event) for row in rows})
    assert [objects[video] for video in videos] == [1, 1, 2, 2, 1, 2, 2, 3, 2, 1, 3, 1]


@pytest.mark.parametrize("suffix", [".bmp", ".png", ".tif"])
def test_masks_of_any_lossless_kind_are_read(tmp_path, suffix):
    (tmp_path / "v000_gt").mkdir()
    mask = np.zeros((48, 64), np.uint8)
    mask[10:20, 5:25] = 255
    for number in range(3):
        assert cv2.imwrite(str(tmp_path / "v000_gt" / f"{number}{suffix}"), mask)
    rows = ucsd_masks.read(tmp_path, ["v000"], PARAMETERS)
    assert [(row.frame, row.box) for row in rows] == [(frame, (5, 10, 25, 20)) for frame in range(3)]


def test_missing_masks_are_an_error(tmp_path):
    videos = [f"v{n:03d}" for n in range(3)]
    (tmp_path / "v1_gt").mkdir()
    with pytest.raises(
        UserError, match=r"no masks of any of the 3 videos; looked for .*v000_gt/; the folder has v1_gt"
    ):
        ucsd_masks.read(tmp_path, videos, PARAMETERS)
    (tmp_path / "v000_gt").mkdir()
    (tmp_path / "v000_gt" / "1.jpg").touch()
    with pytest.raises(UserError, match=r"v000_gt: 1 files and no image; allowed: \.bmp, \.png, \.tif"):
        ucsd_masks.read(tmp_path, videos, PARAMETERS)
