"""I3D against the network of the package that has the weights, and against a plain second implementation."""

import itertools

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from support import i3d_reference
from wsstad import video
from wsstad.perception.extractors import i3d as extractor
from wsstad.perception.extractors.parameters import I3dParameters
from wsstad.perception.networks import convolution, i3d, i3d_checkpoints
from wsstad.video.pixels import to_rgb

DRIVING_CAR = 103  # of Kinetics-400's classes in alphabetical order, which begin with 0, abseiling
SHA256 = I3dParameters(type="i3d").sha256


@pytest.fixture(scope="module")
def weights():
    return i3d_checkpoints.load(extractor._packaged(), sha256=SHA256)


@pytest.fixture(scope="module")
def raw():
    return i3d_checkpoints._read(extractor._packaged())


@pytest.fixture(scope="module")
def reference():
    with np.load(i3d_reference.FILE) as arrays:
        return dict(arrays)


def scaled(side):
    clip = torch.from_numpy(i3d_reference.clip(side).astype(np.float32) / 127.5 - 1)
    return clip.permute(3, 0, 1, 2)[None]


def logits(mixed_5c, raw):
    """Return the logits of 224 px: the head that features do not have."""
    kernel, bias = (torch.from_numpy(raw[f"params/Logits/Conv3d_0c_1x1/Conv_0/{part}"]) for part in ("kernel", "bias"))
    pooled = F.avg_pool3d(mixed_5c, (2, 7, 7), stride=1).mean(dim=(2, 3, 4))
    return pooled @ kernel[0, 0, 0] + bias


@pytest.mark.parametrize(("side", "packed"), [(75, True), (112, True), (224, True), (75, False)])
def test_it_is_the_network_of_the_package(side, packed, weights, raw, reference, monkeypatch):
    if not packed:
        monkeypatch.setattr(convolution, "can_pack", lambda: False)
    network = i3d.I3D(weights, side=side, batch=1)
    with torch.inference_mode():
        mixed_5c, mean = network.mixed_5c(scaled(side)), network(scaled(side))
    scale = reference[f"largest_{side}"].max()
    np.testing.assert_allclose(mixed_5c.amax(dim=(2, 3, 4))[0], reference[f"largest_{side}"], atol=1e-5 * scale)
    np.testing.assert_allclose(mean[0], reference[f"mean_{side}"], atol=1e-6 * scale)
    if side == 224:
        expected = reference["logits"]
        np.testing.assert_allclose(logits(mixed_5c, raw)[0], expected, atol=1e-5 * np.abs(expected).max())


def pad(x, windows, strides, value):
    """Pad (n, c, time, height, width) as TensorFlow's "same" does, by its documented formula."""
    ends = []
    for length, window, stride in zip(x.shape[2:], windows, strides, strict=True):
        total = max(window - stride if length % stride == 0 else window - length % stride, 0)
        ends = [total // 2, total - total // 2, *ends]
    return F.pad(x, ends, value=value)


def plain_unit(x, raw, name, stride=1):
    """Convolve, normalise, ReLU: one after the other, in float64."""

    def array(path):
        return torch.from_numpy(raw[path].astype(np.float64))

    kernel = array(f"params/{name}/Conv_0/kernel").permute(4, 3, 0, 1, 2)
    x = F.conv3d(pad(x, kernel.shape[2:], [stride] * 3, 0.0), kernel, stride=stride)
    mean, variance = array(f"batch_stats/{name}/BatchNorm_0/mean"), array(f"batch_stats/{name}/BatchNorm_0/var")
    x = (x - mean.view(1, -1, 1, 1, 1)) / torch.sqrt(variance.view(1, -1, 1, 1, 1) + 0.001)
    return torch.relu(x + array(f"params/{name}/BatchNorm_0/bias").view(1, -1, 1, 1, 1))


def plain_maximum(x, windows, strides):
    return F.max_pool3d(pad(x, windows, strides, float("-inf")), windows, strides)


def plain_module(x, raw, name):
    first = plain_unit(x, raw, f"{name}/Branch_0/Conv3d_0a_1x1")
    branches = [
        plain_unit(plain_unit(x, raw, f"{name}/{branch}/Conv3d_0a_1x1"), raw, f"{name}/{branch}/Conv3d_0b_3x3")
        for branch in ("Branch_1", "Branch_2")
    ]
    last = plain_unit(plain_maximum(x, (3, 3, 3), (1, 1, 1)), raw, f"{name}/Branch_3/Conv3d_0b_1x1")
    return torch.cat([first, *branches, last], dim=1)


@pytest.mark.parametrize("side", [40, 51])
def test_it_is_a_plain_implementation_in_float64(side, weights, raw):
    x = plain_unit(scaled(side).double(), raw, "Conv3d_1a_7x7", stride=2)
    x = plain_unit(plain_maximum(x, (1, 3, 3), (1, 2, 2)), raw, "Conv3d_2b_1x1")
    x = plain_maximum(plain_unit(x, raw, "Conv3d_2c_3x3"), (1, 3, 3), (1, 2, 2))
    x = plain_maximum(plain_module(plain_module(x, raw, "Mixed_3b"), raw, "Mixed_3c"), (3, 3, 3), (2, 2, 2))
    for letter in "bcdef":
        x = plain_module(x, raw, f"Mixed_4{letter}")
    x = plain_maximum(x, (2, 2, 2), (2, 2, 2))
    expected = plain_module(plain_module(x, raw, "Mixed_5b"), raw, "Mixed_5c")
    with torch.inference_mode():
        actual = i3d.I3D(weights, side=side, batch=1).mixed_5c(scaled(side))
    torch.testing.assert_close(actual.double(), expected, rtol=0, atol=1e-5 * expected.max().item())


@pytest.mark.parametrize("over", [i3d.INSIDE, *i3d.BEFORE.values()])
@pytest.mark.parametrize("size", [(4, 7, 8), (1, 1, 2), (5, 6, 3)])
def test_maxima_are_those_of_the_windows_that_lie_inside(over, size):
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 2, *size)) - 9)  # below any padding with zeros
    actual = i3d.maximum(x, over)
    assert actual.shape[2:] == tuple(-(-length // step) for length, step in zip(size, over.stride, strict=True))
    for place in itertools.product(*map(range, actual.shape[2:])):
        window = []
        for at, length, width, step in zip(place, size, *over, strict=True):
            total = max((-(-length // step) - 1) * step + width - length, 0)
            first = at * step - total // 2
            window.append(slice(max(first, 0), first + width))
        np.testing.assert_array_equal(actual[(..., *place)], x[(..., *window)].amax(dim=(2, 3, 4)))


def test_the_shapes_are_those_of_the_published_network(raw):
    kernels = {
        name.removeprefix("params/").removesuffix("/Conv_0/kernel"): (shape[4], shape[3], *shape[:3])
        for name, shape in ((name, array.shape) for name, array in raw.items())
        if name.endswith("kernel") and "Logits" not in name
    }
    shapes = i3d.shapes()
    assert {name.removesuffix(".weight"): shape for name, shape in shapes.items() if len(shape) == 5} == kernels
    assert all(shapes[f"{name}.bias"] == shape[:1] for name, shape in kernels.items())
    assert len(shapes) == 2 * len(kernels)


def as_trained(frame):
    """Return the middle 224x224 of a frame whose shorter side is 256 pixels, as DeepMind prepares its samples."""
    height, width = frame.shape[:2]
    scale = 256 / min(height, width)
    frame = cv2.resize(frame, (round(width * scale), round(height * scale)))
    top, left = (frame.shape[0] - 224) // 2, (frame.shape[1] - 224) // 2
    return frame[top : top + 224, left : left + 224]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "at_least"), [("Normal_Videos_006", 0.9), ("RoadAccidents400", 0.35)])
def test_real_traffic_is_driving_a_car(name, at_least, weights, raw, shared, monkeypatch):
    monkeypatch.setattr(i3d, "FRAMES", 64)  # as in the training; 16 are too few to name an action
    source = video.open_source(shared / "data" / "ucf_crime_sample" / "mp4" / f"{name}_x264.mp4")
    pictures = itertools.islice(source.pictures(), 64)
    clip = np.stack([as_trained(to_rgb(picture.image, picture.width, picture.height)) for picture in pictures])
    x = torch.from_numpy(clip.astype(np.float32) / 127.5 - 1).permute(3, 0, 1, 2)[None]
    with torch.inference_mode():
        likely = logits(i3d.I3D(weights, side=224, batch=1).mixed_5c(x), raw)[0].softmax(0)
    assert likely.argmax() == DRIVING_CAR
    assert likely.max() > at_least
