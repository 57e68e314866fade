"""Every public layout of C3D's weights gives the same weights."""

import hashlib
import pickle

import h5py
import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from scipy import signal

from wsstad.errors import UserError
from wsstad.perception.networks import c3d, c3d_checkpoints

WIDTH = 2
LAYERS = ["conv1a", "conv2a", "conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b", "fc6"]
SHORT = ["conv1", "conv2", "conv3a", "conv3b", "conv4a", "conv4b", "conv5a", "conv5b", "fc6"]


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in c3d.shapes(WIDTH).items()}


def named(weights, names, weight=".weight", bias=".bias"):
    pairs = list(zip(LAYERS, names, strict=True))
    return {new + weight: weights[f"{old}.weight"] for old, new in pairs} | {
        new + bias: weights[f"{old}.bias"] for old, new in pairs
    }


def tensors(arrays):
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def plain(path, weights):
    save_file(weights, path)


def davidea(path, weights):
    more = {"fc7.weight": np.zeros((4, 4), np.float32), "fc8.bias": np.zeros(4, np.float32)}
    torch.save(tensors(named(weights, SHORT) | more), path, _use_new_zipfile_serialization=False)


def jfzhang(path, weights):
    names = [f"features.{i}" for i in (0, 3, 6, 8, 11, 13, 16, 18)] + ["classifier.0"]
    torch.save(tensors(named(weights, names) | {"classifier.3.weight": np.zeros((4, 4), np.float32)}), path)


def mmaction_names(weights):
    return named(weights, [f"{name}.conv" for name in LAYERS[:-1]] + ["fc6"])


def mmaction_bare(path, weights):
    torch.save(tensors(mmaction_names(weights)), path)


def mmaction_recogniser(path, weights):
    state = {f"backbone.{name}": array for name, array in mmaction_names(weights).items()}
    torch.save({"meta": {"epoch": 3}, "state_dict": tensors(state | {"cls_head.fc_cls.bias": np.zeros(2)})}, path)


def tensorflow(path, weights):
    suffixes = ["c1", "c2", "c3a", "c3b", "c4a", "c4b", "c5a", "c5b"]
    arrays = {"global_step": np.array(7)}
    for layer, suffix in zip(LAYERS, suffixes, strict=False):
        arrays[f"var_name/w{suffix}"] = weights[f"{layer}.weight"].transpose(2, 3, 4, 1, 0)
        arrays[f"var_name/w{suffix}/Adam"] = np.zeros(3)
        arrays[f"var_name/b{suffix}"] = weights[f"{layer}.bias"]
    np.savez(path, **arrays, **{"var_name/wd1": weights["fc6.weight"].T, "var_name/bd1": weights["fc6.bias"]})


def caffe(path, weights):
    names = [*LAYERS[:-1], "fc6-1"]
    blobs = named(weights, names, ".0", ".1")
    blobs |= {name: blob.reshape(1, 1, 1, 1, -1) for name, blob in blobs.items() if blob.ndim == 1}
    blobs["fc6-1.0"] = blobs["fc6-1.0"].reshape(1, 1, 1, *weights["fc6.weight"].shape)
    np.savez(path, **blobs)


def keras(path, weights):
    with h5py.File(path, "w") as file:
        for old, new in zip(LAYERS, SHORT, strict=True):
            weight = weights[f"{old}.weight"]
            group = file.create_group(new)
            group[f"{new}_W"] = weight.T if old == "fc6" else weight[:, :, :, ::-1, ::-1]
            group[f"{new}_b"] = weights[f"{old}.bias"]
        file.create_group("flatten_1")


FILES = {
    "plain.safetensors": plain,
    "c3d.pickle": davidea,
    "c3d-pretrained.pth": jfzhang,
    "mmaction.pth": mmaction_bare,
    "recogniser.pth": mmaction_recogniser,
    "tensorflow.npz": tensorflow,
    "caffe.npz": caffe,
    "keras.h5": keras,
}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", FILES)
def test_every_layout_gives_the_same_weights(name, weights, tmp_path):
    path = tmp_path / name
    FILES[name](path, weights)
    loaded = c3d_checkpoints.load(path, sha256=digest(path), width=WIDTH)
    assert loaded.keys() == weights.keys()
    for key, array in loaded.items():
        np.testing.assert_array_equal(array, weights[key])
        assert array.dtype == np.float32


def test_every_layout_is_tested():
    assert len(c3d_checkpoints.LAYOUTS) == len(FILES) - 1  # mmaction2 comes bare and wrapped


def test_keras_kernels_convolve_in_the_plane_and_correlate_in_time(weights, tmp_path):
    path = tmp_path / "keras.h5"
    keras(path, weights)
    with h5py.File(path) as file:
        kernel = file["conv1/conv1_W"][0]
    loaded = c3d_checkpoints.load(path, sha256=digest(path), width=WIDTH)["conv1a.weight"][:1]
    x = np.random.default_rng(1).normal(size=(3, 3, 8, 8))
    theano = sum(signal.convolve2d(x[c, t], kernel[c, t], mode="valid") for c in range(3) for t in range(3))
    actual = torch.nn.functional.conv3d(torch.from_numpy(x[None]), torch.from_numpy(loaded).double())[0, 0, 0]
    np.testing.assert_allclose(actual, theano, rtol=1e-6, atol=1e-6)


def test_fc6_rows_with_the_channels_last_are_put_in_order(weights, tmp_path):
    path = tmp_path / "tf.npz"
    rows = weights["fc6.weight"].reshape(-1, 8 * WIDTH, 1, 4, 4)
    shuffled = weights | {"fc6.weight": rows.transpose(0, 2, 3, 4, 1).reshape(len(rows), -1)}
    tensorflow(path, shuffled)
    loaded = c3d_checkpoints.load(path, sha256=digest(path), width=WIDTH, fc6_order="thwc")
    np.testing.assert_array_equal(loaded["fc6.weight"], weights["fc6.weight"])


def refuse(path, *, sha256=None, width=WIDTH):
    with pytest.raises(UserError) as caught:
        c3d_checkpoints.load(path, sha256=sha256 or digest(path), width=width)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def test_an_unknown_layout_is_listed(tmp_path):
    path = tmp_path / "resnet.pth"
    torch.save({f"layer{i}.weight": torch.zeros(2, i + 1) for i in range(12)}, path)
    message = refuse(path)
    assert "found layer0.weight (2, 1), layer1.weight (2, 2)" in message
    assert "and 4 more" in message
    assert "known layouts: plain, DavideA/c3d-pytorch" in message


def test_a_missing_layer_makes_a_layout_unknown(weights, tmp_path):
    path = tmp_path / "cut.safetensors"
    save_file({name: array for name, array in weights.items() if name != "conv4b.bias"}, path)
    assert "no known C3D" in refuse(path)


def test_wrong_shapes_name_the_array(weights, tmp_path):
    path = tmp_path / "c3d.pth"
    mmaction_bare(path, weights)
    assert "conv1a.weight has shape (2, 3, 3, 3, 3); allowed: (64, 3, 3, 3, 3)" in refuse(path, width=64)
    names = ["c1", "c2", "c3a", "c3b", "c4a", "c4b", "c5a", "c5b", "d1"]
    np.savez(tmp_path / "tf.npz", **{part + name: np.zeros(3) for name in names for part in "wb"})
    assert "wc1 has shape (3,)" in refuse(tmp_path / "tf.npz")


def test_values_that_are_not_finite_are_refused(weights, tmp_path):
    path = tmp_path / "nan.safetensors"
    save_file(weights | {"conv2a.bias": np.full(4, np.nan, np.float32)}, path)
    assert "conv2a.bias holds float32 that are not all finite" in refuse(path)


def test_the_digest_comes_first(tmp_path):
    path = tmp_path / "c3d.pth"
    assert "no such weights" in refuse(path, sha256="0" * 64)
    path.write_bytes(b"\x80")
    assert "the extractor's YAML allows only 0000" in refuse(path, sha256="0" * 64)


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n", b"PK\x03\x04 cut", b"12345678{not json"])
def test_damaged_files_are_one_line(content, tmp_path):
    path = tmp_path / "c3d.pth"
    path.write_bytes(content)
    assert "cannot be read" in refuse(path)


class Hostile:
    def __reduce__(self):
        return (exec, ("import pathlib; pathlib.Path('ran').touch()",))


def test_no_code_of_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "c3d.pickle"
    path.write_bytes(pickle.dumps({"conv1.weight": Hostile()}))
    refuse(path)
    torch.save({"conv1.weight": Hostile()}, path)
    refuse(path)
    np.save(tmp_path / "objects.npy", np.array([Hostile()]), allow_pickle=True)
    np.savez(tmp_path / "c3d.npz", a=np.array([Hostile()], dtype=object))
    refuse(tmp_path / "c3d.npz")
    assert not (tmp_path / "ran").exists()


def test_data_outside_an_hdf5_file_are_not_read(weights, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(64))
    with h5py.File(tmp_path / "c3d.h5", "w") as file:
        file.create_dataset("conv1/conv1_W", (64,), "u1", external=[(str(tmp_path / "secret"), 0, 64)])
        file["link"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/")
    assert "found no arrays" in refuse(tmp_path / "c3d.h5")
