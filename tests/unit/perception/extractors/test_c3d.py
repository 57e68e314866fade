"""C3D's preprocessing, value by value, and its YAML."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from wsstad import config
from wsstad.errors import UserError
from wsstad.perception.extractors import EXTRACTORS
from wsstad.perception.extractors.c3d import C3dExtractor
from wsstad.perception.extractors.parameters import C3dParameters
from wsstad.perception.networks import c3d


def make(folder=Path(), **change):
    content = {"type": "c3d", "width": 1, "batch": 1, **({} if "weights" in change else {"seed": 0}), **change}
    return C3dExtractor(config.parse(content, C3dParameters, "x.yaml"), folder, device="cpu", threads=1)


def clip(height, width):
    return np.random.default_rng(0).integers(0, 256, (16, height, width, 3), dtype=np.uint8)


def network_input(extractor, prepared):
    return extractor.normalise(torch.from_numpy(prepared[None]))[0].numpy()


def test_an_image_of_the_size_is_only_cropped():
    frames = clip(128, 171)
    np.testing.assert_array_equal(make(channel_order="RGB").prepare_image(frames), frames[:, 8:120, 29:141])


def test_a_larger_image_is_resized_first():
    frames = clip(128, 171).repeat(3, 1).repeat(3, 2)  # linear interpolation by 3 takes the middle one of three
    prepared = make(channel_order="RGB").prepare_image(frames)
    np.testing.assert_array_equal(prepared, frames[:, 1::3, 1::3][:, 8:120, 29:141])


def test_the_network_gets_bgr_minus_the_mean():
    frames = np.zeros((16, 128, 171, 3), dtype=np.uint8)
    frames[3, 8, 29] = (10, 20, 30)
    extractor = make()
    x = network_input(extractor, extractor.prepare_image(frames))
    assert x.shape == (3, 16, 112, 112)
    assert x[:, 3, 0, 0].tolist() == [30 - 90, 20 - 98, 10 - 102]
    assert x[:, 2, 0, 0].tolist() == [-90, -98, -102]


def test_regions_are_in_the_order_of_the_weights_too():
    frames, boxes = clip(112, 112), np.tile(np.array([0, 0, 112, 112], dtype=np.float32), (16, 1))
    np.testing.assert_array_equal(make(margin=0).prepare_region(frames, boxes), frames[..., ::-1])
    np.testing.assert_array_equal(make(margin=0, channel_order="RGB").prepare_region(frames, boxes), frames)


@pytest.mark.parametrize("value_range", [1, 255])
def test_pixels_are_normalised_as_number_by_number(value_range):
    extractor = make(value_range=value_range, mean=[0.5, 0.25, 0.125], std=[0.5, 1, 3])
    prepared = clip(112, 112)
    x = prepared.astype(np.float32)
    x = x / np.float32(255) if value_range == 1 else x
    expected = (x - np.float32([0.5, 0.25, 0.125])) / np.float32([0.5, 1, 3])
    np.testing.assert_array_equal(network_input(extractor, prepared), expected.transpose(3, 0, 1, 2))


def test_order_range_mean_and_std_can_be_others():
    extractor = make(channel_order="RGB", value_range=1, mean=[0.5, 0.25, 0.125], std=[0.5, 1, 2])
    x = network_input(extractor, np.full((16, 112, 112, 3), (255, 51, 0), dtype=np.uint8))
    np.testing.assert_allclose(x[:, 0, 0, 0], [1, -0.05, -0.0625], rtol=1e-6)


@pytest.mark.parametrize("lead", [(), (1,)])
def test_a_mean_volume_is_cropped_like_the_image(tmp_path, lead):
    volume = np.random.default_rng(1).uniform(80, 110, (3, 16, 128, 171)).astype(np.float32)
    path = tmp_path / "mean.npy"
    np.save(path, volume.reshape(*lead, *volume.shape))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    extractor = make(tmp_path, mean_volume="mean.npy", mean_volume_sha256=digest)
    frames = clip(128, 171)
    x = network_input(extractor, extractor.prepare_image(frames))
    expected = frames[..., ::-1].transpose(3, 0, 1, 2) - volume
    np.testing.assert_allclose(x, expected[:, :, 8:120, 29:141], rtol=1e-6, atol=1e-5)


def test_a_mean_volume_of_another_shape_is_refused(tmp_path):
    np.save(tmp_path / "mean.npy", np.zeros((3, 16, 112, 112)))
    digest = hashlib.sha256((tmp_path / "mean.npy").read_bytes()).hexdigest()
    with pytest.raises(UserError, match=r"mean\.npy: holds an array of shape \(3, 16, 112, 112\); allowed"):
        make(tmp_path, mean_volume="mean.npy", mean_volume_sha256=digest)


def test_a_checkpoint_is_used_as_it_is(tmp_path):
    weights = c3d.seeded_weights(4, width=1)
    save_file(weights, tmp_path / "c3d.safetensors")
    digest = hashlib.sha256((tmp_path / "c3d.safetensors").read_bytes()).hexdigest()
    loaded = make(tmp_path, weights="c3d.safetensors", sha256=digest)
    frames = loaded.prepare_image(clip(128, 171))[None]
    np.testing.assert_array_equal(loaded.features(frames), make(seed=4).features(frames))
    assert loaded.facts()["sha256"] == digest
    with pytest.raises(UserError, match="the extractor's YAML allows only 0000"):
        make(tmp_path, weights="c3d.safetensors", sha256="0" * 64)


def test_bf16_is_refused_on_a_cpu():
    with pytest.raises(UserError, match="'bf16' needs a GPU"):
        make(precision="bf16")


def test_bf16_that_gives_other_features_is_refused():
    extractor = make()
    extractor._check_precision(extractor._network)
    with pytest.raises(UserError, match="differs from fp32 here: cosine"):
        extractor._check_precision(lambda x: extractor._network(x).flip(1))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"seed": 1, "weights": "x.pth", "sha256": "0" * 64},
        {"weights": "x.pth"},
        {"seed": 1, "sha256": "0" * 64},
        {"seed": 1, "mean_volume": "mean.npy"},
    ],
)
def test_the_yaml_names_a_seed_or_weights_with_their_digest(keys):
    with pytest.raises(UserError, match=r"x\.yaml: .*allowed: either"):
        config.parse({"type": "c3d", **keys}, C3dParameters, "x.yaml")


def test_the_example_is_valid_once_the_digest_is_filled_in(repository, tmp_path):
    example = tmp_path / "c3d_sports1m.yaml"
    shutil.copy(repository / "config" / "extractors" / "c3d_sports1m.yaml.example", example)
    with pytest.raises(UserError, match="sha256"):
        config.load_variant(example, EXTRACTORS)
    example.write_text(example.read_text().replace("\nsha256: <sha256sum of it>", f"\nsha256: {'a' * 64}"))
    assert config.load_variant(example, EXTRACTORS).width == 64
