"""Lists of checksums beside the footage, as ``sha256sum`` and ``md5sum`` write them, and whether videos match them.

More than a quarter of the files with a few flipped bits decode without an error, to other pixels: only a checksum
shows it.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from wsstad.errors import UserError
from wsstad.planning import dataset_tables

if TYPE_CHECKING:
    from wsstad.planning.plan import Plan

DIGESTS = {32: "md5", 40: "sha1", 64: "sha256"}  # by the number of hexadecimal digits
LINE = re.compile(r"\\?(?P<digest>[0-9A-Fa-f]+) [ *](?P<path>.+)")
LARGEST = 64 << 20  # bytes of a list
# What lists are called that lie beside footage. One that holds a digest alone is of the file that it is called after.
SUFFIXES = {".md5", ".sha1", ".sha256"}
NAMES = {"MD5SUMS", "SHA1SUMS", "SHA256SUMS"}
BSD = re.compile(r"(?P<kind>\w+) \((?P<path>.+)\) = (?P<digest>[0-9A-Fa-f]+)")


@dataclass(frozen=True)
class Checksums:
    """A list: the file that it is in, and the digest of each path, relative to the folder of that file."""

    file: Path
    digests: Mapping[str, str]

    def flaw(self, path: str, raw: Path, known: str = "") -> str:
        """Return how a video differs from the list; "" where it does not, or is not in the list.

        `path` is that of a file, or of a folder of images, below the footage's folder, and `raw` where it lies. `known`
        is its sha256 where that is known already.
        """
        below = [name for name in self.digests if name == path or name.startswith(f"{path}/")]
        for name in below:
            digest = self.digests[name]
            file = raw / name[len(path) + 1 :] if name != path else raw
            if not file.is_file():
                return f"{name} of {self.file.name} is not there"
            kind = DIGESTS[len(digest)]
            with open(file, "rb") as content:
                actual = known if kind == "sha256" and known else hashlib.file_digest(content, kind).hexdigest()
            if actual != digest:
                return f"{kind} of {name} is {actual[:12]}..., and {digest[:12]}... in {self.file.name}"
        return ""


def find(plan: "Plan", dataset: str) -> tuple[Path, ...]:
    """Return the lists of a dataset's videos: the one that its dataset.yaml names, or those beside footage.

    Raises `UserError` where the one that is named has none of its videos; lists beside footage may be of other files.
    """
    if dataset in plan.footage:
        folder, rows = plan.footage[dataset].folder, plan.rows(dataset)
        return tuple(file for file in beside(folder) if _covers(_current(file), {row["path"] for row in rows.values()}))
    tables = plan.tables(dataset)
    name = dataset_tables.read_dataset(tables)["checksums"] if (tables / "dataset.yaml").exists() else None
    if name is None:
        return ()
    file = Path(plan.source(dataset)) / name
    listed = _current(file)
    if not _covers(listed, {row["path"] for row in plan.rows(dataset).values()}):
        example = f", such as {next(iter(listed.digests))!r}" if listed.digests else ""
        raise UserError(f"{file}: no path{example} is that of a video of {tables / 'videos.tsv'}")
    return (file,)


def beside(folder: Path) -> list[Path]:
    """Return the lists that lie in a folder, by their names."""
    return sorted(
        path
        for path in folder.iterdir()
        if (path.suffix.lower() in SUFFIXES or path.stem.upper() in NAMES) and path.is_file()
    )


def _covers(listed: Checksums, paths: Set[str]) -> bool:
    """Tell whether a list has a video, or an image of one, of those at `paths`."""
    return any(path in paths or paths & set(map(str, PurePosixPath(path).parents)) for path in listed.digests)


def _current(file: Path) -> Checksums:
    return _read(file, file.stat().st_mtime_ns if file.exists() else 0)


@cache
def _read(file: Path, time: int) -> Checksums:
    """Read a list once for all jobs of a plan, as long as it stays as it is."""
    return read(file)


def read(file: Path) -> Checksums:
    """Read a list; raise `UserError` with the first line that is not of its format."""
    digests: dict[str, str] = {}
    try:
        if (n_bytes := file.stat().st_size) > LARGEST:
            raise UserError(f"{file}: {n_bytes} bytes; allowed: {LARGEST}")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: no list of checksums: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith((";", "#")):
            continue
        match = LINE.fullmatch(line) or BSD.fullmatch(line) or LINE.fullmatch(f"{line.strip()}  {file.stem}")
        if match is None or len(match["digest"]) not in DIGESTS:
            allowed = "a digest (md5, sha1 or sha256), two blanks and a path, as sha256sum writes them"
            raise UserError(f"{file}: line {number}: {line[:80]!r}; allowed: {allowed}")
        path = PurePosixPath(match["path"].replace("\\", "/")).as_posix()
        if digests.setdefault(path, match["digest"].lower()) != match["digest"].lower():
            raise UserError(f"{file}: line {number}: {path!r} is there twice, with two digests")
    return Checksums(file, digests)


def flaw(lists: Sequence[Checksums], path: str, raw: Path, known: str = "") -> str:
    """Return how a video differs from the first of some lists that it does not match; "" where it matches all."""
    return next((found for listed in lists if (found := listed.flaw(path, raw, known))), "")
