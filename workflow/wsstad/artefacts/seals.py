"""Seals vouch for what is published as text: beside each file, hidden, the digest of its bytes as sha256sum writes it.

An artefact carries its digests itself; a table for a spreadsheet, a page or a list cannot. From the folder of a table,
``sha256sum --check .benchmark.tsv.sha256`` tells whether it is as it was written.
"""

from pathlib import Path

from wsstad.artefacts import storage

SUFFIX = ".sha256"
NO_SEAL = "has no seal"


def path_of(path: Path) -> Path:
    """Return where the seal of a file lies.

    >>> path_of(Path("results/tables/benchmark.tsv")).as_posix()
    'results/tables/.benchmark.tsv.sha256'
    """
    return path.with_name(f".{path.name}{SUFFIX}")


def is_seal(path: Path) -> bool:
    """Tell whether a file is a seal."""
    return path.name.startswith(".") and path.name.endswith(SUFFIX)


def target(seal: Path) -> Path:
    """Return the file that a seal is of.

    >>> target(Path("results/tables/.benchmark.tsv.sha256")).as_posix()
    'results/tables/benchmark.tsv'
    """
    return seal.with_name(seal.name.removeprefix(".").removesuffix(SUFFIX))


def seal(*paths: Path) -> None:
    """Seal files as they are; whoever writes one seals it at once."""
    for path in paths:
        storage.write_text(path_of(path), _line(path))


def flaw(path: Path) -> str:
    """Return what is wrong with a file that should be sealed; nothing if it is as it was sealed."""
    if not path.is_file():
        return "is no file" if path.exists() else "is missing"
    if not path.stat().st_size:
        return "is empty"
    try:
        sealed = path_of(path).read_bytes()
    except OSError:
        return NO_SEAL
    return "" if sealed == _line(path).encode() else "has changed"


def _line(path: Path) -> str:
    return f"{storage.file_digest(path)}  {path.name}\n"
