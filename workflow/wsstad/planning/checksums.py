"""Lists of checksums beside the footage, as ``sha256sum`` and ``md5sum`` write them, and whether videos match them.

More than a quarter of the files with a few flipped bits decode without an error, to other pixels: only a checksum
shows it.
"""

import hashlib
import re
from collections.abc import Mapping
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


def find(plan: "Plan", dataset: str) -> Path | None:
    """Return the list that the dataset.yaml of a dataset names; raise `UserError` where it is not one of its videos.

    Footage that is scored has no dataset.yaml.
    """
    if dataset in plan.footage:
        return None
    tables = plan.tables(dataset)
    name = dataset_tables.read_dataset(tables)["checksums"] if (tables / "dataset.yaml").exists() else None
    if name is None:
        return None
    file = Path(plan.source(dataset)) / name
    listed = _read(file, file.stat().st_mtime_ns if file.exists() else 0).digests
    paths = {row["path"] for row in plan.rows(dataset).values()}
    if not any(path in paths or paths & set(map(str, PurePosixPath(path).parents)) for path in listed):
        example = f", such as {next(iter(listed))!r}" if listed else ""
        raise UserError(f"{file}: no path{example} is that of a video of {tables / 'videos.tsv'}")
    return file


@cache
def _read(file: Path, time: int) -> Checksums:
    """Read a list once for all jobs of a plan, as long as it stays as it is."""
    return read(file)


def read(file: Path) -> Checksums:
    """Read a list; raise `UserError` with the first line that is not of its format."""
    digests: dict[str, str] = {}
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: no list of checksums: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith((";", "#")):
            continue
        match = LINE.fullmatch(line) or BSD.fullmatch(line)
        if match is None or len(match["digest"]) not in DIGESTS:
            allowed = "a digest (md5, sha1 or sha256), two blanks and a path, as sha256sum writes them"
            raise UserError(f"{file}: line {number}: {line[:80]!r}; allowed: {allowed}")
        path = PurePosixPath(match["path"].replace("\\", "/")).as_posix()
        if digests.setdefault(path, match["digest"].lower()) != match["digest"].lower():
            raise UserError(f"{file}: line {number}: {path!r} is there twice, with two digests")
    return Checksums(file, digests)
