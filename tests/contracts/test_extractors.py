"""What every extractor promises."""

import json
from pathlib import Path

import numpy as np
import pytest

from wsstad import config
from wsstad.artefacts.storage import canonical_json
from wsstad.errors import UserError
from wsstad.perception import extractors
from wsstad.perception.extractors import EXTRACTORS

# Small enough for a test; the rest is the default.
SMALL = {
    "c3d": {"type": "c3d", "seed": 0, "width": 1, "batch": 3},
    "efficientnet_lite0": {"type": "efficientnet_lite0", "image_size": 32, "batch": 3},
    "i3d": {"type": "i3d", "image_size": 32, "batch": 3},
    "patches": {"type": "patches", "batch": 3},
    "torchvision_video": {"type": "torchvision_video", "network": "r3d_18", "seed": 0, "image_size": 32, "batch": 3},
}
# The frames of a clip that each looks at.
LOOKED_AT = {
    "c3d": list(range(16)),
    "efficientnet_lite0": list(range(16)),
    "i3d": list(range(16)),
    "patches": [8],
    "torchvision_video": list(range(16)),
}
BOXES = np.tile(np.array([10.0, 5.0, 60.0, 45.0], dtype=np.float32), (16, 1))


def make(name, **change):
    parameters = config.parse({**SMALL[name], **change}, EXTRACTORS[name].parameters, name)
    return extractors.create(parameters, Path(), device="cpu", threads=1)


@pytest.fixture(scope="module", params=SMALL)
def extractor(request):
    return make(request.param)


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 256, (5, 16, 48, 64, 3), dtype=np.uint8)


def test_every_extractor_that_sees_pixels_is_tested():
    assert set(EXTRACTORS) - {"ready"} == set(SMALL)


def test_features_are_finite_floats_of_the_dimension(extractor, frames):
    clips = np.stack([extractor.prepare_image(frames[0]), extractor.prepare_region(frames[0], BOXES)])
    assert clips.dtype == np.uint8
    features = extractor.features(clips)
    assert features.shape == (2, extractor.dimension)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert not np.array_equal(*features)


def test_inputs_are_left_alone(extractor, frames):
    before, boxes = frames[0].copy(), BOXES.copy()
    image, region = extractor.prepare_image(frames[0]), extractor.prepare_region(frames[0], BOXES)
    clips = np.stack([image, region])
    again = clips.copy()
    extractor.features(clips)
    np.testing.assert_array_equal(frames[0], before)
    np.testing.assert_array_equal(BOXES, boxes)
    np.testing.assert_array_equal(clips, again)


def test_bits_do_not_depend_on_place_neighbours_filling_or_threads(extractor, frames):
    clips = np.stack([extractor.prepare_image(f) for f in frames])
    alone = extractor.features(clips[:1])[0]
    for companions in ([0, 1, 2], [1, 0], [3, 4, 0], [0, 0, 0]):
        features = extractor.features(clips[companions])
        np.testing.assert_array_equal(features[companions.index(0)], alone)
    twin = make(extractor.parameters.type)
    np.testing.assert_array_equal(twin.features(clips[:1])[0], alone)
    import torch

    torch.set_num_threads(2)
    try:
        np.testing.assert_array_equal(extractor.features(clips[[2, 0]])[1], alone)
    finally:
        torch.set_num_threads(1)


def test_more_than_a_batch_is_refused(extractor, frames):
    with pytest.raises(ValueError, match="4 clips for a batch of 3"):
        extractor.features(np.stack([extractor.prepare_image(frames[0])] * 4))


def test_a_region_that_is_the_whole_image_is_the_whole_image_warped(extractor, frames):
    whole = np.tile(np.array([0, 0, 64, 48], dtype=np.float32), (16, 1))
    beyond = np.tile(np.array([-30, -30, 94, 78], dtype=np.float32), (16, 1))
    np.testing.assert_array_equal(
        extractor.prepare_region(frames[0], whole), extractor.prepare_region(frames[0], beyond)
    )


def test_each_frame_has_its_own_box(extractor, frames):
    still, changed = extractor.prepare_region(frames[0], BOXES), []
    for frame in range(16):
        moved = BOXES.copy()
        moved[frame] += 3
        differs = (extractor.prepare_region(frames[0], moved) != still).reshape(len(still), -1).any(axis=1)
        assert differs.sum() <= 1  # in its own picture alone
        if differs.any():
            changed.append(frame)
    assert changed == LOOKED_AT[extractor.parameters.type]


def test_inputs_made_of_a_clip_on_the_device_are_those_of_the_cpu(extractor, frames):
    if extractor.parameters.type == "patches":
        pytest.skip("it has no network, and no device")
    on_device = extractor.on_device(frames[0])
    for made, expected in (
        (extractor.prepare_image(on_device), extractor.prepare_image(frames[0])),
        (extractor.prepare_region(on_device, BOXES), extractor.prepare_region(frames[0], BOXES)),
    ):
        np.testing.assert_array_equal(made.numpy(), expected)
    features = extractor.features_of([made, made])
    np.testing.assert_array_equal(features, extractor.features_of([expected, expected]))


@pytest.mark.parametrize("many", [1, 9])
def test_several_regions_of_a_clip_are_those_of_each(extractor, frames, many):
    boxes = BOXES + np.arange(many, dtype=np.float32)[:, None, None]
    for given in (frames[0], *([] if extractor.parameters.type == "patches" else [extractor.on_device(frames[0])])):
        made = list(extractor.prepare_regions(given, boxes))
        assert len(made) == many
        for one, region in zip(boxes, made, strict=True):
            np.testing.assert_array_equal(np.asarray(region), extractor.prepare_region(frames[0], one))


def test_the_facts_are_json_and_hold_the_preprocessing(extractor):
    facts = extractor.facts()
    assert json.loads(canonical_json(facts)) == facts
    assert facts["dimension"] == extractor.dimension
    assert facts.items() >= extractor.parameters.model_dump().items()
    assert {"channel_order", "mean", "margin", "interpolation", "device"} <= facts.keys()


@pytest.mark.parametrize("name", SMALL)
def test_a_gpu_that_is_not_there_is_one_line(name, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    parameters = config.parse(SMALL[name], EXTRACTORS[name].parameters, name)
    with pytest.raises(UserError, match="'cuda' is not available; allowed: cpu, auto"):
        extractors.create(parameters, Path(), device="cuda", threads=1)
