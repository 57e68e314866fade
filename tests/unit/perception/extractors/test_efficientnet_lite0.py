"""The mean over frames, and the weights that come with a package."""

from pathlib import Path

import numpy as np
import pytest
import torch

from wsstad.errors import UserError
from wsstad.perception.extractors import efficientnet_lite0
from wsstad.perception.extractors.efficientnet_lite0 import EfficientNetLite0Extractor
from wsstad.perception.extractors.parameters import EfficientNetLite0Parameters

FRAMES = np.random.default_rng(0).integers(0, 256, (16, 48, 64, 3), dtype=np.uint8)


def make(**change):
    parameters = EfficientNetLite0Parameters(**{"type": "efficientnet_lite0", "image_size": 32, **change})
    return EfficientNetLite0Extractor(parameters, Path(), device="cpu", threads=1)


def test_pixels_are_rgb_around_127():
    x = make().normalise(torch.tensor([255, 127, 0], dtype=torch.uint8).expand(1, 32, 32, 3))
    assert x.shape == (1, 3, 32, 32)
    assert x[0, :, 0, 0].tolist() == [1.0, 0.0, -127 / 128]


def test_a_feature_is_the_mean_of_those_of_the_frames():
    extractor = make()
    still = [extractor.features(extractor.prepare_image(np.stack([frame] * 16))[None])[0] for frame in FRAMES]
    feature = extractor.features(extractor.prepare_image(FRAMES)[None])[0]
    np.testing.assert_allclose(feature, np.mean(still, axis=0), rtol=1e-4, atol=1e-5)


def test_a_step_takes_every_nth_frame():
    extractor = make(frame_step=4)
    assert extractor.prepare_image(FRAMES).shape == (4, 32, 32, 3)
    np.testing.assert_array_equal(extractor.prepare_image(FRAMES), make().prepare_image(FRAMES)[::4])
    boxes = np.arange(64, dtype=np.float32).reshape(16, 4) % 20 + np.array([0, 0, 25, 20], np.float32)
    regions = make().prepare_region(FRAMES, boxes)
    np.testing.assert_array_equal(extractor.prepare_region(FRAMES, boxes), regions[::4])


def test_other_weights_than_the_named_ones_are_refused():
    with pytest.raises(UserError, match="sha256 is 5793"):
        make(sha256="0" * 64)


def test_a_package_that_is_absent_is_one_line(monkeypatch):
    monkeypatch.setattr(efficientnet_lite0, "WEIGHTS_PACKAGE", "no_such_package")
    with pytest.raises(UserError, match="no_such_package, which holds the weights, is not installed"):
        make()
