"""Pictures of regions against a plain loop over pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsstad.perception.extractors.parameters import PatchesParameters
from wsstad.perception.extractors.patches import PatchesExtractor

FRAMES = np.random.default_rng(0).integers(0, 256, (16, 48, 64, 3), dtype=np.uint8)


def make(**change) -> PatchesExtractor:
    return PatchesExtractor(PatchesParameters(type="patches", **change), Path(), device="cpu", threads=1)


def naive(image: np.ndarray) -> np.ndarray:
    """The grey levels of an RGB image, row by row, in [0, 1]."""
    levels = []
    for row in image.tolist():
        for red, green, blue in row:
            levels.append(round(0.299 * red + 0.587 * green + 0.114 * blue) / 255)
    return np.array(levels)


def feature_of(extractor: PatchesExtractor, boxes: np.ndarray | None) -> np.ndarray:
    made = extractor.prepare_image(FRAMES) if boxes is None else extractor.prepare_region(FRAMES, boxes)
    return extractor.features(made[None])[0]


@settings(max_examples=25)
@given(st.integers(0, 40), st.integers(0, 30), st.integers(1, 24), st.integers(1, 18), st.sampled_from([0.0, 0.25]))
def test_a_region_is_the_crop_of_the_middle_frame(x: int, y: int, width: int, height: int, margin: float) -> None:
    boxes = np.zeros((16, 4), dtype=np.float32)  # what the other frames' boxes are does not matter
    boxes[8] = (x, y, x + width, y + height)
    grow_x, grow_y = margin * width, margin * height
    left, right = max(0, int(np.floor(x - grow_x))), min(64, int(np.ceil(x + width + grow_x)))
    top, bottom = max(0, int(np.floor(y - grow_y))), min(48, int(np.ceil(y + height + grow_y)))
    expected = naive(cv2.resize(FRAMES[8][top:bottom, left:right], (9, 9), interpolation=cv2.INTER_AREA))
    actual = feature_of(make(size=9, margin=margin), boxes)
    assert actual == pytest.approx(expected, abs=1.01 / 255)  # one grey level: cv2 rounds its own sums


def test_an_image_is_the_whole_middle_frame() -> None:
    extractor = make()
    assert extractor.dimension == 45 * 45
    expected = naive(cv2.resize(FRAMES[8], (45, 45), interpolation=cv2.INTER_AREA))
    assert feature_of(extractor, None) == pytest.approx(expected, abs=1.01 / 255)
    whole = np.tile(np.array([0, 0, 64, 48], dtype=np.float32), (16, 1))
    assert np.array_equal(feature_of(extractor, None), feature_of(extractor, whole))


def test_every_grey_level_survives_float16() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    features = make(size=16).features(levels)[0].astype(np.float16)
    assert features.min() == 0
    assert features.max() == 1
    assert np.array_equal(np.round(features.astype(np.float64) * 255), np.arange(256))


def test_interpolation_is_that_of_the_yaml() -> None:
    expected = cv2.cvtColor(cv2.resize(FRAMES[8], (7, 7), interpolation=cv2.INTER_CUBIC), cv2.COLOR_RGB2GRAY)
    assert np.array_equal(make(size=7, interpolation="cubic").prepare_image(FRAMES)[0], expected)
