"""The check that comes before any file of weights is read."""

from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import UserError


def check_file(path: Path, sha256: str) -> None:
    """Raise `UserError` when a file is absent or not the one with this digest."""
    if not path.is_file():
        raise UserError(f"{path}: no such weights; name their folder with --weights")
    digest = storage.file_digest(path)
    if digest != sha256:
        raise UserError(f"{path}: sha256 is {digest}; the extractor's YAML allows only {sha256}")
