"""C3D (Tran et al., ICCV 2015) from pixels to fc6 after its ReLU, as the published Caffe model computes it.

Input (n, 3, 16, 112, 112) float32, output (n, 4096). Caffe rounds pooled sizes up, so that pool5 takes windows at 0, 2,
4 and 6 of 7 pixels; most ports pad by one instead and take other windows. Flattening is in the order C, T, H, W.
"""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F

from wsstad.perception.networks.convolution import Convolution

# Layer, input and output channels in multiples of `width` (0: the three colours), and the pooling window behind it.
CONVOLUTIONS = (
    ("conv1a", 0, 1, (1, 2, 2)),
    ("conv2a", 1, 2, (2, 2, 2)),
    ("conv3a", 2, 4, None),
    ("conv3b", 4, 4, (2, 2, 2)),
    ("conv4a", 4, 8, None),
    ("conv4b", 8, 8, (2, 2, 2)),
    ("conv5a", 8, 8, None),
    ("conv5b", 8, 8, (2, 2, 2)),
)
CLIP = (16, 112, 112)
POOLED = 1 * 4 * 4  # positions left after pool5
FULL_WIDTH = 64
STEPS = 2**23  # of a seeded draw between 0 and 1
# The variance of a layer's seeded weights times its fan-in: He's 2, and for conv1a that over the mean square of the
# differences between a pixel of real video and those around it (measured: 13 grey levels squared).
GAINS = {name: 2.0 for name, *_ in CONVOLUTIONS} | {"conv1a": 2.0 / 13**2, "fc6": 2.0}


def shapes(width: int = FULL_WIDTH) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight and bias of a C3D whose first layer has `width` channels; 64 is the real one."""
    result: dict[str, tuple[int, ...]] = {}
    for name, before, after, _ in CONVOLUTIONS:
        result[f"{name}.weight"] = (after * width, before * width or 3, 3, 3, 3)
        result[f"{name}.bias"] = (after * width,)
    result["fc6.weight"] = (64 * width, 8 * width * POOLED)
    result["fc6.bias"] = (64 * width,)
    return result


class C3D:
    """Computes fc6 of batches of `batch` clips; weights are arrays under the names and in the shapes of `shapes`."""

    def __init__(
        self, weights: Mapping[str, np.ndarray], *, batch: int, device: str = "cpu", precision: str = "fp32"
    ) -> None:
        self._dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
        self._layers = []
        time, side = CLIP[0], CLIP[1]
        for name, _, _, window in CONVOLUTIONS:
            weight = weights[f"{name}.weight"]
            convolution = Convolution(
                weight,
                weights[f"{name}.bias"],
                input_size=(batch, weight.shape[1], time, side, side),
                padding=1,
                relu=float("inf"),
                device=device,
                dtype=self._dtype,
            )
            self._layers.append((convolution, window))
            if window:
                time, side = -(-time // window[0]), -(-side // window[1])
        self._fc6 = [torch.from_numpy(weights[f"fc6.{part}"]).to(device, self._dtype) for part in ("weight", "bias")]
        self.dimension = len(weights["fc6.bias"])

    def __call__(self, clips: torch.Tensor) -> torch.Tensor:
        """Return fc6 after its ReLU, (n, dimension) float32, of clips (n, 3, 16, 112, 112)."""
        x = clips.to(self._dtype).contiguous(memory_format=torch.channels_last_3d)
        for convolution, window in self._layers:
            x = convolution(x)
            if window:
                x = F.max_pool3d(x, window, ceil_mode=True)
            # ReLU and maximum commute exactly, and the pooled tensor is 4 to 8 times smaller.
            if not convolution.fused:
                x = x.relu_()
        return F.linear(x.contiguous().flatten(1), *self._fc6).relu_().float()


def seeded_weights(seed: int, width: int = FULL_WIDTH) -> dict[str, np.ndarray]:
    """Return weights that depend on `seed` alone, for demonstrations and tests without a checkpoint.

    Paper is silent: it has the Sports-1M weights. Drawn weights make usable random features only if the network does
    not answer to the mean of what it sees, which makes all features nearly the same; so every filter sums to zero.
    Every second filter of conv1a also sums to zero over time at each of its pixels and answers to change alone. The
    gains keep the standard deviation of each layer's output near 1 on real video; fc6's biases lie between -1 and 0.1
    of it, so that features are sparse and yet not all zero, even for a blank clip.

    Only raw bits of PCG64 are used, which are the same in every version of numpy, as distributions are not; and only
    sums that are exact in any order. So the weights are the same bytes on every machine.
    """
    weights = {}
    for index, (name, shape) in enumerate(shapes(width).items()):
        draws = _uniform(shape, [seed, index])
        layer, part = name.split(".")
        if part == "weight":
            if layer == "conv1a":
                draws[::2] -= _mean(draws[::2], (2,))
            draws -= _mean(draws, tuple(range(1, draws.ndim)))
            draws *= np.float32(np.sqrt(3 * GAINS[layer] / np.prod(shape[1:])))  # 3: the variance of -1 .. 1 is 1/3
        else:
            draws = draws * np.float32(0.55) - np.float32(0.45) if layer == "fc6" else np.zeros_like(draws)
        weights[name] = draws
    return weights


def _mean(draws: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Return the mean over `axes`, rounded to the steps of the draws."""
    return (np.rint(draws.mean(axis=axes, keepdims=True, dtype=np.float64) * STEPS) / STEPS).astype(np.float32)


def _uniform(shape: tuple[int, ...], entropy: list[int]) -> np.ndarray:
    """Return float32 of `shape`, uniform over -1 .. 1 in steps of 2**-23."""
    count = int(np.prod(shape))
    bits = np.random.PCG64(np.random.SeedSequence(entropy)).random_raw((count + 1) // 2)
    halves = bits.astype("<u8").view("<u4")[:count] >> 8
    return (halves.astype(np.float32) * np.float32(1 / STEPS) - 1).reshape(shape)
