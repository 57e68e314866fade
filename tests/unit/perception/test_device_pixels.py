"""Parts of pictures, scaled: the bytes of OpenCV, whatever the sizes."""

import cv2
import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsstad.perception.device_pixels import cut

SIDES = st.integers(1, 90)


def opencv(picture, place, size):
    left, top, right, bottom = place
    return cv2.resize(picture[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR).reshape(*size[::-1], -1)


@st.composite
def places(draw, width, height):
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return [left, top, draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))]


@given(st.data(), SIDES, SIDES, st.tuples(SIDES, SIDES))
def test_parts_are_those_of_opencv_to_the_byte(data, width, height, size):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    pictures = random.integers(0, 256, (3, height, width, 3), dtype=np.uint8)
    pictures[2] = random.integers(0, 256)  # one of a single grey, whose borders show how weights are rounded
    chosen = data.draw(st.lists(places(width, height), min_size=3, max_size=3))
    done = cut(torch.from_numpy(pictures), torch.tensor(chosen), size)
    for picture, place, part in zip(pictures, chosen, done, strict=True):
        np.testing.assert_array_equal(part.numpy(), opencv(picture, place, size))


def test_half_double_and_the_same_size_are_no_exception():
    picture = np.random.default_rng(1).integers(0, 256, (1, 48, 64, 3), dtype=np.uint8)
    whole = torch.tensor([[0, 0, 64, 48]])
    for size in ((32, 24), (64, 48), (128, 96), (32, 48), (1, 1)):
        np.testing.assert_array_equal(
            cut(torch.from_numpy(picture), whole, size)[0], opencv(picture[0], whole[0], size)
        )


def test_other_numbers_of_channels_and_no_picture():
    grey = np.random.default_rng(2).integers(0, 256, (2, 30, 40, 1), dtype=np.uint8)
    done = cut(torch.from_numpy(grey), torch.tensor([[3, 4, 30, 20]] * 2), (16, 9))
    np.testing.assert_array_equal(done[1].numpy(), opencv(grey[1], [3, 4, 30, 20], (16, 9)))
    assert cut(torch.zeros(0, 30, 40, 3, dtype=torch.uint8), torch.zeros(0, 4), (5, 6)).shape == (0, 6, 5, 3)
