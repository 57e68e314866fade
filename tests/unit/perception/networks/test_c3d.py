"""C3D against a second implementation in plain numpy; its seeded weights."""

import hashlib

import numpy as np
import pytest
import torch

from wsstad.perception.networks import c3d


def numpy_fc6(weights, clip):
    """C3D to fc6 in float64: explicit padding, windows and loops; clip (3, 16, 112, 112)."""
    x = clip.astype(np.float64)
    for name, window in [
        ("conv1a", (1, 2)), ("conv2a", (2, 2)), ("conv3a", None), ("conv3b", (2, 2)), ("conv4a", None),
        ("conv4b", (2, 2)), ("conv5a", None), ("conv5b", (2, 2)),
    ]:  # fmt: skip
        padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (1, 1)])
        patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3, 3), axis=(1, 2, 3))
        x = np.einsum("cthwijk,ocijk->othw", patches, weights[f"{name}.weight"], optimize=True)
        x = np.maximum(x + weights[f"{name}.bias"][:, None, None, None], 0)
        if window:
            x = caffe_pool(x, *window)
    flat = [x[c, t, h, w] for c in range(x.shape[0]) for t in range(1) for h in range(4) for w in range(4)]
    return np.maximum(weights["fc6.weight"].astype(np.float64) @ flat + weights["fc6.bias"], 0)


def caffe_pool(x, time, side):
    """Maxima over windows that start at multiples of their size and are cut at the end."""
    _, t, h, w = x.shape
    rows = [
        [[x[:, i : i + time, j : j + side, k : k + side].max(axis=(1, 2, 3)) for k in range(0, w, side)]
         for j in range(0, h, side)]
        for i in range(0, t, time)
    ]  # fmt: skip
    return np.array(rows).transpose(3, 0, 1, 2)


@pytest.fixture(scope="module")
def clips():
    return np.random.default_rng(1).normal(0, 60, (3, 3, 16, 112, 112)).astype(np.float32)


@pytest.mark.parametrize("packed", [True, False])
def test_fc6_is_that_of_the_plain_implementation(clips, packed, monkeypatch):
    if not packed:
        monkeypatch.setattr("wsstad.perception.networks.convolution.can_pack", lambda: False)
    weights = c3d.seeded_weights(7, width=1)
    # Biases of layers are zero when seeded; checkpoints have others.
    rng = np.random.default_rng(2)
    weights |= {n: rng.normal(0, 0.3, w.shape).astype(np.float32) for n, w in weights.items() if n.endswith("bias")}
    actual = c3d.C3D(weights, batch=2)(torch.from_numpy(clips[:2])).numpy()
    expected = np.stack([numpy_fc6(weights, clip) for clip in clips[:2]])
    assert (expected > 0).any(axis=1).all()
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5 * expected.max())


def test_the_last_row_and_column_of_seven_count_as_in_caffe():
    # With the ports' padding of one the windows are 1, 2, 2 and 2 wide, with Caffe's 2, 2, 2 and 1.
    x = torch.arange(49.0).reshape(1, 1, 1, 7, 7).expand(1, 1, 2, 7, 7)
    pooled = torch.nn.functional.max_pool3d(x, (2, 2, 2), ceil_mode=True)[0, 0, 0]
    assert pooled.tolist() == [[8, 10, 12, 13], [22, 24, 26, 27], [36, 38, 40, 41], [43, 45, 47, 48]]
    np.testing.assert_array_equal(caffe_pool(x[0].numpy(), 2, 2)[0, 0], pooled)


def test_the_shapes_are_those_of_the_published_model():
    assert sum(int(np.prod(shape)) for shape in c3d.shapes().values()) == 61_214_464
    assert c3d.shapes()["fc6.weight"] == (4096, 8192)


def test_the_real_size_gives_4096_values():
    weights = c3d.seeded_weights(0)
    ramp = (np.arange(3 * 16 * 112 * 112) % 251 - 125).astype(np.float32).reshape(1, 3, 16, 112, 112)
    features = c3d.C3D(weights, batch=1)(torch.from_numpy(ramp)).numpy()
    assert features.shape == (1, 4096)
    assert np.isfinite(features).all()
    assert 0.1 < (features > 0).mean() < 0.7


def test_seeded_weights_are_the_same_bytes_everywhere():
    weights = c3d.seeded_weights(0, width=1)
    assert {n: w.shape for n, w in weights.items()} == c3d.shapes(1)
    assert all(w.dtype == np.float32 for w in weights.values())
    # PCG64 seeded with [0, 1] begins with these bits, the lower half of each 64 first.
    assert (c3d._uniform((5,), [0, 1]) * 2**23).tolist() == [371734, 6538731, 8270299, 958617, -3306007]
    assert digest(weights) == "d40248aaa550f6f1d80a9ddb102479a57054c42d616f38b3d8b35862313454f8"
    assert digest(c3d.seeded_weights(1, width=1)) != digest(weights)


def digest(weights):
    return hashlib.sha256(b"".join(weights[name].tobytes() for name in sorted(weights))).hexdigest()


def test_seeded_filters_do_not_answer_to_brightness():
    weights = c3d.seeded_weights(0, width=4)
    for name, weight in weights.items():
        if name.endswith("weight"):
            means = weight.mean(axis=tuple(range(1, weight.ndim)))
            assert np.abs(means).max() < 1e-6 + 1e-5 * np.abs(weight).max()
    still = weights["conv1a.weight"][::2].sum(axis=2)
    assert np.abs(still).max() < 1e-5


def test_features_of_unlike_clips_are_not_collinear():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 255, (4, 3, 1, 14, 14)).repeat(16, 2).repeat(8, 3).repeat(8, 4).astype(np.float32)
    moving = np.stack([np.roll(base[0], (t, t), axis=(2, 3))[:, 0] for t in range(16)], axis=1)
    clips = np.concatenate([base, moving[None]]) - 100
    features = c3d.C3D(c3d.seeded_weights(0, width=8), batch=5)(torch.from_numpy(clips.astype(np.float32))).numpy()
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[np.triu_indices(5, 1)]
    assert cosines.max() < 0.9
    flat = c3d.C3D(c3d.seeded_weights(0, width=8), batch=1)(torch.zeros(1, 3, 16, 112, 112)).numpy()
    assert 0.02 < (flat > 0).mean() < 0.3
