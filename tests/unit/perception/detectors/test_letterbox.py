"""Letterboxing: the picture of a resize with a grey border around it, and boxes back from it."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsstad.perception.detectors.letterbox import Letterbox


def naive(frame, image_size):
    height, width = frame.shape[:2]
    scale = image_size / max(height, width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = cv2.resize(frame, inner) if inner != (width, height) else frame
    spare = [-side % 32 for side in inner]
    left, top = round(spare[0] / 2 - 0.1), round(spare[1] / 2 - 0.1)
    border = (top, spare[1] - top, left, spare[0] - left)
    return cv2.copyMakeBorder(picture, *border, cv2.BORDER_CONSTANT, value=(114,) * 3)


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([32, 64, 96]))
def test_pictures_are_those_of_a_resize_and_a_border(height, width, image_size):
    frames = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    place = Letterbox.of(height, width, image_size)
    pictures = place.empty(2)
    for frame, picture in zip(frames, pictures, strict=True):
        place.draw(frame, picture)
    np.testing.assert_array_equal(pictures, np.stack([naive(frame, image_size) for frame in frames]))
    np.testing.assert_array_equal(place.draw_all(torch.from_numpy(frames)).numpy(), pictures)


@pytest.mark.parametrize(("shape", "inner", "left", "top"), [((64, 96), (80, 64), 8, 0), ((96, 64), (64, 51), 0, 22)])
def test_a_network_of_one_shape_gets_that_shape(shape, inner, left, top):
    place = Letterbox.of(200, 250, 640, shape)
    assert (place.height, place.width) == shape
    assert (place.inner, place.left, place.top) == (inner, left, top)


@pytest.mark.parametrize(("shape", "expected"), [(None, (64, 64)), ((32, 96), (32, 96))])
def test_a_stretched_frame_fills_the_picture(shape, expected):
    frame = np.random.default_rng(0).integers(0, 256, (100, 200, 3), dtype=np.uint8)
    place = Letterbox.stretched(100, 200, 64, shape)
    (picture,) = place.empty(1)
    place.draw(frame, picture)
    np.testing.assert_array_equal(picture, cv2.resize(frame, expected[::-1]))
    height, width = expected
    boxes = np.array([[0, 0, width, height], [width / 2, 0, width, height / 4]], dtype=np.float32)
    np.testing.assert_allclose(place.undo(boxes), [[0, 0, 200, 100], [100, 0, 200, 25]], rtol=1e-6)


def test_boxes_come_back_from_the_picture():
    place = Letterbox.of(100, 200, 64)
    assert (place.height, place.width, place.left, place.top) == (32, 64, 0, 0)
    place = Letterbox.of(250, 500, 80)
    assert (place.height, place.width, place.inner, place.left, place.top) == (64, 96, (80, 40), 8, 12)
    boxes = np.array([[8, 12, 88, 52], [18, 22, 28, 27]], dtype=np.float32)
    np.testing.assert_allclose(place.undo(boxes), [[0, 0, 500, 250], [62.5, 62.5, 125, 93.75]], rtol=1e-6)
