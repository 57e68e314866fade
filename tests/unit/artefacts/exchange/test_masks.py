import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from support import tracks as made
from wsstad.artefacts.exchange import masks
from wsstad.errors import UserError

SIZE = (60, 24)


def movie():
    """Ten frames: one object throughout, and another in frames 3 and 4."""
    frames = np.zeros((10, 24, 60), dtype=np.uint8)
    for frame in range(10):
        frames[frame, 2:12, 5 + frame : 15 + frame] = 1
    frames[3:5, 14:22, 40:50] = 1
    return frames


def cells(frames):
    """Return a cell array as MATLAB has it."""
    array = np.empty((1, len(frames)), dtype=object)
    array[0, :] = list(frames)
    return array


def images(folder, frames, suffix, scale):
    folder.mkdir()
    for n, mask in enumerate(frames, start=1):
        cv2.imwrite(str(folder / f"frame{n}{suffix}"), mask * scale)


WRITERS = {
    "npy": lambda place, frames: np.save(place / "v01.npy", frames),
    "npy of truths": lambda place, frames: np.save(place / "v01.npy", frames > 0),
    "npz": lambda place, frames: np.savez(
        place / "v01.npz", packed=np.packbits(frames, axis=-1), shape=np.array(frames.shape)
    ),
    "cells": lambda place, frames: savemat(place / "v01.mat", {"volLabel": cells(frames)}),
    "mat": lambda place, frames: savemat(place / "v01.mat", {"masks": np.moveaxis(frames, 0, -1)}),
    "png": lambda place, frames: images(place / "v01", frames, ".png", 255),
    "bmp": lambda place, frames: images(place / "v01_gt", frames, ".bmp", 255),
    "tif": lambda place, frames: images(place / "v01", frames, ".tif", 1),
}


@pytest.mark.parametrize("name", WRITERS)
def test_all_files_give_the_same_objects(name, tmp_path):
    WRITERS[name](tmp_path, movie())
    (video,) = masks.read(tmp_path, ["v01", "v02"])
    assert (video.video, video.size, video.n_frames) == ("v01", SIZE, 10)
    assert [(t.name, t.frames.tolist()) for t in video.tracks] == [("0", list(range(10))), ("1", [3, 4])]
    assert video.tracks[0].boxes[4].tolist() == [9, 2, 19, 12]
    assert video.tracks[1].place(0).endswith(": frame 3")


def test_avenue_names_its_files_by_the_number_of_the_video(tmp_path):
    savemat(tmp_path / "1_label.mat", {"volLabel": cells(movie())})
    (video,) = masks.read(tmp_path, ["01", "02"], file="{number}_label")
    assert (video.video, len(video.tracks)) == ("01", 2)


def test_values_are_objects_where_it_is_said(tmp_path):
    frames = movie().astype(np.uint16)
    frames[3:5, 14:22, 40:50] = 7
    np.save(tmp_path / "v01.npy", frames)
    (video,) = masks.read(tmp_path, ["v01"], values="objects")
    assert [(t.name, t.frames.tolist()) for t in video.tracks] == [("0", list(range(10))), ("6", [3, 4])]
    with pytest.raises(UserError, match=r"v01\.npy: frame 3: 3 values; allowed: 2 in a mask, or `values: objects`"):
        masks.read(tmp_path, ["v01"])


@st.composite
def apart(draw):
    """Tracks of whole pixels that never touch: each has a third of the frame to itself."""
    tracks = []
    for band in range(draw(st.integers(0, 3))):
        frames = sorted(draw(st.sets(st.integers(0, 5), min_size=1)))
        boxes = []
        for _ in frames:
            x, y = draw(st.integers(0, 16)), draw(st.integers(0, 20))
            width, height = draw(st.integers(1, 20 - x)), draw(st.integers(1, 24 - y))
            boxes.append([20 * band + x, y, 20 * band + x + width, y + height])
        tracks.append(made.track(str(draw(st.integers(10 * band, 10 * band + 9))), frames, boxes, label="object"))
    return [made.VideoTracks("v01", tuple(tracks), SIZE, 6)]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(apart())
def test_boxes_of_whole_pixels_are_kept_exactly(videos):
    with tempfile.TemporaryDirectory() as folder:
        masks.write(Path(folder), videos)
        again = masks.read(Path(folder), ["v01"], values="objects", min_area=1)
    assert made.differences(videos, again) == ([], 0.0, 0.0)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda place: np.save(place / "v01.npy", np.zeros(9, dtype=np.uint8)), "uint8 of shape (9,); allowed: whole"),
        (lambda place: np.save(place / "v01.npy", np.zeros((2, 3, 4))), "float64 of shape (2, 3, 4); allowed: whole"),
        (lambda place: (place / "v01.npy").write_text("x"), "no array: "),
        (lambda place: (place / "v01.mat").write_text("x"), "no MATLAB file before version 7.3: "),
        (lambda place: savemat(place / "v01.mat", {"a": 1, "b": 2}), "variables a, b; allowed: one"),
        (
            lambda place: savemat(place / "v01.mat", {"a": np.ones((2, 2))}),
            "a: float64 of shape (2, 2); allowed: a cell",
        ),
        (lambda place: (place / "v01").mkdir(), "no image; allowed: .bmp, .png, .tif, .tiff"),
        (lambda place: np.save(place / "v01.npy", np.full((1, 4, 4), [1, 2, 0, 0])), "frame 0: 3 values; allowed: 2"),
    ],
)
def test_what_is_no_mask_is_one_line(tmp_path, write, message):
    write(tmp_path)
    with pytest.raises(UserError, match=r"v01") as error:
        masks.read(tmp_path, ["v01"])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_masks_of_two_sizes_are_refused(tmp_path):
    (tmp_path / "v01").mkdir()
    for n, shape in enumerate(((4, 4), (4, 5))):
        cv2.imwrite(str(tmp_path / "v01" / f"{n}.png"), np.ones(shape, dtype=np.uint8))
    with pytest.raises(UserError, match="masks of 2 sizes; allowed: one"):
        masks.read(tmp_path, ["v01"], min_area=1)
