"""Crops of regions, and what a full GPU does."""

import logging
import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsstad.perception.extractors.base import Extractor, crops
from wsstad.perception.extractors.parameters import ExtractorParameters

FRAME = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def cut(box, margin=0.0, size=10):
    boxes = np.array([box], dtype=np.float32)
    return crops([FRAME], boxes, margin=margin, size=size, interpolation="linear")[0]


def naive_cut(box, margin, size=10):
    """The same number by number."""
    height, width = FRAME.shape[:2]
    x1, y1, x2, y2 = (float(value) for value in np.array(box, dtype=np.float32))
    spans = []
    for low, high, side in ((y1, y2, height), (x1, x2, width)):
        grow = margin * max(high - low, 0)
        first = min(max(math.floor(low - grow), 0), side - 1)
        spans.append(slice(first, min(max(math.ceil(high + grow), first + 1), side)))
    return cv2.resize(FRAME[spans[0], spans[1]], (size, size))


def test_a_box_of_the_size_is_the_pixels_themselves():
    np.testing.assert_array_equal(cut([20, 30, 30, 40]), FRAME[30:40, 20:30])


def test_the_margin_grows_each_side():
    np.testing.assert_array_equal(cut([20, 30, 40, 40], 0.1, 24), cv2.resize(FRAME[29:41, 18:42], (24, 24)))


def test_boxes_between_pixels_grow_to_whole_ones():
    np.testing.assert_array_equal(cut([20.5, 30.9375, 29.0625, 39.5]), FRAME[30:40, 20:30])


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ([-5, -5, 10, 10], (0, 12), (0, 12)),
        ([70, 50, 80, 60], (49, 60), (69, 80)),
        ([0, 0, 80, 60], (0, 60), (0, 80)),
    ],
)
def test_the_margin_ends_at_the_border(box, rows, columns):
    expected = cv2.resize(FRAME[slice(*rows), slice(*columns)], (10, 10))
    np.testing.assert_array_equal(cut(box, 0.1), expected)


@pytest.mark.parametrize(
    ("box", "pixel"),
    [
        ([5, 5, 5, 5], (5, 5)),
        ([5.5, 5.5, 5.5, 5.5], (5, 5)),
        ([30, 20, 10, 5], (20, 30)),
        ([100, 100, 120, 120], (59, 79)),
        ([-20, -20, -10, -10], (0, 0)),
        ([80, 0, 80, 0], (0, 79)),
    ],
)
def test_degenerate_boxes_leave_the_nearest_pixel(box, pixel):
    np.testing.assert_array_equal(cut(box, 0.1), np.broadcast_to(FRAME[pixel], (10, 10, 3)))


@given(st.tuples(*[st.integers(-2000, 2000)] * 4), st.floats(0, 1))
def test_any_box_gives_the_crop_that_the_naive_way_gives(box, margin):
    np.testing.assert_array_equal(cut(np.array(box) / 16, margin), naive_cut(np.array(box) / 16, margin))


def test_each_frame_is_cropped_by_its_own_box():
    frames, boxes = np.stack([FRAME, FRAME[::-1]]), np.array([[20, 30, 30, 40], [0, 0, 10, 10]], dtype=np.float32)
    two = crops(frames, boxes, margin=0, size=10, interpolation="linear")
    np.testing.assert_array_equal(two, np.stack([FRAME[30:40, 20:30], FRAME[59:49:-1, :10]]))


class Fake(Extractor):
    """Adds up pixels; holds at most `room` clips."""

    dimension, room = 1, 2

    def _load(self, weights_folder):
        self.sizes = []

    def prepare_image(self, frames):
        return frames

    def prepare_region(self, frames, boxes):
        return frames

    def _forward(self, clips):
        self.sizes.append(len(clips))
        if len(clips) > self.room:
            raise torch.OutOfMemoryError("full")
        return clips.flatten(1).float().sum(1, keepdim=True)


def test_a_full_gpu_halves_the_batch_and_says_so(caplog):
    extractor = Fake(ExtractorParameters(type="fake", batch=8), None, device="cpu")
    clips = np.arange(5, dtype=np.uint8).reshape(5, 1, 1)
    with caplog.at_level(logging.WARNING):
        features = extractor.features(clips)
    assert features[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert extractor.sizes == [8, 4, 2, 2, 2, 2]
    assert "GPU out of memory: from here on in parts of 2 clips" in caplog.text
    extractor.sizes.clear()
    extractor.features(clips[:1])
    assert extractor.sizes == [2, 2, 2, 2]  # the batch is still filled up to 8


def test_a_gpu_too_small_for_one_clip_stops(monkeypatch):
    monkeypatch.setattr(Fake, "room", 0)
    extractor = Fake(ExtractorParameters(type="fake", batch=2), None, device="cpu")
    with pytest.raises(torch.OutOfMemoryError):
        extractor.features(np.zeros((1, 1), np.uint8))
    assert extractor.sizes == [2, 1]


def test_other_errors_are_not_retried(monkeypatch):
    extractor = Fake(ExtractorParameters(type="fake", batch=2), None, device="cpu")
    monkeypatch.setattr(extractor, "_forward", lambda clips: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        extractor.features(np.zeros((1, 1), np.uint8))
