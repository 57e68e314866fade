"""The weights that have a name, from config/weights.yaml: what each file is, where it comes from, what it must be."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from wsstad import config, names
from wsstad.artefacts import storage
from wsstad.locations import SHARE
from wsstad.parameters import Digest, FileName, Parameters, Positive, Sha256

CATALOGUE = Path("config/weights.yaml")
Word = Annotated[str, Field(min_length=1)]


class Entry(Parameters):
    """A file of weights: from `url`, from inside the archive of a Python `package`, or, with neither, not published."""

    file: FileName
    """Name of the file in the folder of weights."""
    sha256: Digest
    """The sha256 of the file, or as many of its first digits as its publisher gives."""
    mib: Positive
    """Size in MiB, about."""
    licence: Word
    citation: Word
    layout: Word
    """What the file holds, and which variants read it."""
    url: Annotated[str, Field(pattern=r"^https?://[^/\s]+/\S+$")] | None = None
    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9.]+$")] | None = None
    """Name and version of the Python package whose source archive holds the file."""
    package_sha256: Sha256 | None = None
    """The sha256 of that archive."""
    member: Word | None = None
    """Path of the file in the package, below the archive's own folder."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        of_package = [value is not None for value in (self.package, self.package_sha256, self.member)]
        if any(of_package) is not all(of_package) or (self.url and any(of_package)):
            raise ValueError("either url, or package, package_sha256 and member, or none of them")
        return self

    @property
    def published(self) -> bool:
        """Whether it can be fetched."""
        return bool(self.url or self.package)

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        if self.package:
            return f"the source archive of the Python package {self.package}, sha256 {self.package_sha256}"
        return self.url or "nowhere: it is not published"


@cache
def read() -> Mapping[str, Entry]:
    """Return the entries by name: those that come with wsstad, under those of the user's own config/weights.yaml.

    Raises `UserError` for an entry that is wrong.
    """
    entries = {}
    for path in dict.fromkeys((SHARE / CATALOGUE, CATALOGUE.resolve())):
        if path.exists():
            for name, content in config.load_yaml(path).items():
                names.check(str(name), str(path))
                entries[str(name)] = config.parse(content, Entry, f"{path}: {name}")
    return entries


def remedy(sha256: str, folder: Path) -> str:
    """Return how the file with this digest gets into a folder: the command that fetches it, or what is to be done."""
    known = {name: entry for name, entry in read().items() if entry.sha256 == sha256}
    fetched = next((name for name, entry in known.items() if entry.published), None)
    if fetched:
        return f"`wsstad weights get {fetched} --to {folder}` fetches it"
    if known:
        name = next(iter(known))
        return f"`wsstad weights get {name} --to {folder} --from FILE` takes it from where you have it"
    return f"put it into {folder}; `wsstad weights list` has those that can be fetched by name"


def known_as(digest: str) -> str:
    """Return the name of the weights with this sha256, in words; nothing where they have none."""
    name = next((name for name, entry in read().items() if digest.startswith(entry.sha256)), "")
    return f", that of {name}" if name else ""


def digest_of(path: Path) -> str:
    """Return the sha256 of a file; one that has not changed is read once in a process."""
    facts = path.stat()
    return _digest(path.resolve(), facts.st_size, facts.st_mtime_ns)


@cache
def _digest(path: Path, size: int, mtime: int) -> str:
    return storage.file_digest(path)


def is_right(path: Path, sha256: str) -> bool:
    """Return whether a file is there and has this digest, or one that begins so."""
    return path.is_file() and digest_of(path).startswith(sha256)
