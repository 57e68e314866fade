"""Video networks of TorchVision: pixels as published with the weights, features that the classifier would see."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import models

from support.variants import parameters_of
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.perception import extractors
from wsstad.perception.extractors import EXTRACTORS
from wsstad.perception.extractors.torchvision_video import NETWORKS, TorchvisionVideoExtractor

DIMENSIONS = {"s3d": 1024, "swin3d_b": 1024} | dict.fromkeys(("mvit_v1_b", "mvit_v2_s", "swin3d_t", "swin3d_s"), 768)


def make(network, folder=Path(), **change):
    parameters = parameters_of(EXTRACTORS, "torchvision_video", **{"network": network, "seed": 0, **change})
    return extractors.create(parameters, folder, device="cpu", threads=1)


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 256, (16, 60, 90, 3), dtype=np.uint8)


def test_all_networks_of_torchvision_are_known():
    assert set(NETWORKS) == set(models.list_models(module=models.video))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("size", [(240, 320), (320, 240), (128, 171)], ids=str)
def test_whole_images_are_prepared_as_published(network, size, monkeypatch):
    monkeypatch.setattr(TorchvisionVideoExtractor, "_forward", lambda self, clips: torch.zeros(len(clips), 1))
    monkeypatch.setattr(models, "get_model", lambda name, weights: torch.nn.Linear(1, 1))  # pixels alone
    extractor = make(network)
    clip = np.random.default_rng(1).integers(0, 256, (16, *size, 3), dtype=np.uint8)
    ours = extractor.normalise(torch.from_numpy(extractor.prepare_image(clip))[None])[0]
    transforms = models.get_model_weights(network)["KINETICS400_V1"].transforms()
    theirs = transforms(torch.from_numpy(clip).permute(0, 3, 1, 2))
    assert ours.shape == theirs.shape
    # OpenCV rounds its weights: a grey level of 255, and the darkest channel is stretched most.
    assert (ours - theirs).abs().max() <= 1.01 / 255 / min(NETWORKS[network].std)


# One of each family; the others differ in depth and width.
@pytest.mark.slow
@pytest.mark.parametrize("network", ["r3d_18", "mc3_18", "r2plus1d_18", "s3d", "mvit_v2_s", "swin3d_t"])
def test_features_are_what_the_classifier_sees(network, frames):
    """With the classifier put on top again, they give the network's own answer."""
    mvit = network.startswith("mvit")
    extractor = make(network, image_size=None if mvit or network == "s3d" else 32)
    clip = torch.from_numpy(extractor.prepare_image(frames))[None]
    feature = extractor.features(clip.numpy())
    assert feature.shape == (1, DIMENSIONS.get(network, 512)) == (1, extractor.dimension)
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(0)
        whole = models.get_model(network, weights=None).eval()
        head = getattr(whole, NETWORKS[network].classifier[-1])
        shape = (1, -1, 1, 1, 1) if network == "s3d" else (1, -1)
        ours = head(torch.from_numpy(feature).reshape(shape)).reshape(1, -1)
        theirs = whole(extractor.normalise(clip))
    assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()


def test_weights_of_a_file_are_read_by_their_published_digits(tmp_path, frames):
    torch.manual_seed(5)
    state = models.get_model("r3d_18", weights=None).state_dict()
    torch.save({k: v for k, v in state.items() if not k.endswith("tracked")}, tmp_path / "w.pth")
    digest = storage.file_digest(tmp_path / "w.pth")
    first = make("r3d_18", tmp_path, seed=None, weights="w.pth", sha256=digest[:8], image_size=32)
    clip = first.prepare_image(frames)[None]
    assert np.array_equal(first.features(clip), make("r3d_18", seed=5, image_size=32).features(clip))
    with pytest.raises(UserError, match=rf"w\.pth: sha256 is {digest}; the YAML allows only 00000000"):
        make("r3d_18", tmp_path, seed=None, weights="w.pth", sha256="0" * 8)
    with pytest.raises(UserError, match=r"w\.pth: \S+ is .*; allowed for mc3_18: "):
        make("mc3_18", tmp_path, seed=None, weights="w.pth", sha256=digest)
    with pytest.raises(UserError, match=r"nonesuch\.pth: no such weights"):
        make("r3d_18", tmp_path, seed=None, weights="nonesuch.pth", sha256=digest)
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(UserError, match=r"text\.pth: cannot be read as weights of torch"):
        make("r3d_18", tmp_path, seed=None, weights="text.pth", sha256=storage.file_digest(tmp_path / "text.pth"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": None}, "either seed or weights and sha256"),
        ({"weights": "w.pth", "sha256": "0" * 8}, "either seed or weights and sha256"),
        ({"network": "mvit_v2_s", "image_size": 112}, "no image_size but 224 for MViT"),
        ({"network": "resnet50"}, "network: 'resnet50' is unknown; allowed: r3d_18, "),
    ],
)
def test_mistakes_are_one_line(change, message):
    with pytest.raises(UserError, match=message):
        make(**{"network": "r3d_18", **change})
