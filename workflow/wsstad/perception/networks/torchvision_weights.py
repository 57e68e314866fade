"""Networks of TorchVision with published weights, or with weights drawn from a seed, ready for inference."""

from pathlib import Path

import torch
from torchvision import models

from wsstad.artefacts import storage
from wsstad.errors import UserError


def load(
    network: str, path: Path | None, sha256: str | None, seed: int | None, **options: float | None
) -> torch.nn.Module:
    """Return a network by TorchVision's name for it, with the state dict of a file, or drawn from `seed`.

    `options` go to the network. Raises `UserError` when the file is absent, has another digest, or other weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed or 0)
        model = models.get_model(network, weights=None, **options)
    if path is not None:
        model.load_state_dict(_read(path, str(sha256), model.state_dict(), network))
    return model.eval().requires_grad_(False)


def _read(path: Path, sha256: str, expected: dict[str, torch.Tensor], network: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a file; one that is missing there, is not known here or has another shape is an error."""
    if not path.is_file():
        raise UserError(f"{path}: no such weights; name their folder with --weights")
    digest = storage.file_digest(path)
    if not digest.startswith(sha256):
        raise UserError(f"{path}: sha256 is {digest}; the YAML allows only {sha256}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever it meets in a foreign file
        raise UserError(f"{path}: cannot be read as weights of torch: {' '.join(str(error).split())[:200]}") from error
    shapes = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items() if isinstance(tensor, torch.Tensor)}
    # What norms count while they train is not in older files, and nothing reads it.
    counted = {name for name in shapes.keys() - found.keys() if name.endswith("num_batches_tracked")}
    wrong = sorted(name for name in (shapes.keys() | found.keys()) - counted if shapes.get(name) != found.get(name))
    if wrong:
        there, wanted = found.get(wrong[0], "missing"), shapes.get(wrong[0], "nothing")
        raise UserError(f"{path}: {wrong[0]} is {there}; allowed for {network}: {wanted}")
    return {**{name: expected[name] for name in counted}, **state}
