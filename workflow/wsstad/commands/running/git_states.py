"""Lay the folder of a configuration out in a temporary one, as it was at a Git commit; the work tree is only read.

Of Git only objects are read, by commands that run no hook, no filter and no pager of the repository's settings.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from wsstad.errors import UserError

STATE = re.compile(r"git:(?P<named>.+)|(?P<head>HEAD(?:[~^@].*)?)")
LARGEST = 16_000_000  # bytes of a file that may be part of a configuration; larger ones are taken as they are now
SHA1 = 40  # digits of the name of an object where that is not a SHA-256
FILES = {"100644", "100755"}  # modes; links and submodules are taken as they are now
COMMAND = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never")  # nothing is fetched


def revision(word: str) -> str | None:
    """Return the revision that a side of a comparison names, or None where it names none.

    >>> revision("git:v1.0"), revision("HEAD~1"), revision("before")
    ('v1.0', 'HEAD~1', None)
    """
    match = STATE.fullmatch(word)
    return (match["named"] or match["head"]) if match else None


@contextmanager
def laid_out(folder: Path, revision: str) -> Iterator[tuple[str, Path]]:
    """Yield the short name of a commit, and a folder that is as `folder` was then, where it exists for a while.

    What Git does not track, such as videos, weights and results, is linked to as it is now. Raises `UserError` where
    there is no Git, no repository or no such commit.
    """
    folder = folder.resolve()
    commit = _commit(folder, revision)
    tracked = {text for text in os.fsdecode(_git(folder, "ls-files", "-z")).split("\0") if text}
    with TemporaryDirectory() as temporary:
        place = Path(temporary)
        _write(folder, place, dict(_listed(folder, commit)))
        _link(folder, place, tracked, {parent for path in tracked for parent in Path(path).parents})
        yield commit[:7], place


def _commit(folder: Path, revision: str) -> str:
    if revision.startswith("-"):
        raise UserError(f"git:{revision}: no name of a commit")
    try:
        return _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    except FileNotFoundError as error:
        raise UserError(f"git:{revision}: there is no `git` to ask") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[0] if lines else f"no such commit in the repository of {folder}"
        raise UserError(f"git:{revision}: {reason}") from error


def _listed(folder: Path, commit: str) -> Iterator[tuple[str, str]]:
    """Yield path and object of each file below a folder at a commit that may be part of a configuration."""
    for line in os.fsdecode(_git(folder, "ls-tree", "-r", "-z", "-l", commit, "--", ".")).split("\0"):
        facts, _, path = line.partition("\t")
        if not path:
            continue
        mode, _, name, size = facts.split()
        if mode not in FILES or Path(path).is_absolute() or ".." in Path(path).parts:
            continue
        if not size.isdigit():
            raise UserError(f"{folder}: Git has no content of {path} at {commit[:7]}")
        if int(size) <= LARGEST:
            yield path, name


def _write(folder: Path, place: Path, listed: dict[str, str]) -> None:
    """Write the files of a commit; those that are the same now become links, which keeps their size and times."""
    same = {path for path, name in listed.items() if _is_object(folder / path, name)}
    for path, content in _contents(folder, {path: name for path, name in listed.items() if path not in same}):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    for path in sorted(same):  # last, so that nothing is written through one
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).symlink_to(folder / path)


def _is_object(file: Path, name: str) -> bool:
    """Return whether a file has the content of a Git object."""
    if not file.is_file() or file.stat().st_size > LARGEST:
        return False
    content = file.read_bytes()
    kind = "sha1" if len(name) == SHA1 else "sha256"
    return hashlib.new(kind, b"blob %d\0" % len(content) + content).hexdigest() == name


def _contents(folder: Path, listed: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the content of the object of each path."""
    names = "".join(f"{name}\n" for name in listed.values()).encode()
    output, begin = _git(folder, "cat-file", "--batch", given=names), 0
    for path in listed:
        end = output.index(b"\n", begin)
        begin = end + 1 + int(output[begin:end].split()[-1])
        yield path, output[end + 1 : begin]
        begin += 1  # the newline after it


def _link(folder: Path, place: Path, tracked: Collection[str], above: Collection[Path], below: Path = Path()) -> None:
    """Link to what Git does not track below a folder; `above` are the folders that hold tracked files."""
    for path in sorted((folder / below).iterdir()):
        relative = below / path.name
        if path.name == ".git" or (place / relative).is_file() or (relative.as_posix() in tracked and path.is_file()):
            continue
        if (relative in above or (place / relative).is_dir()) and path.is_dir() and not path.is_symlink():
            (place / relative).mkdir(exist_ok=True)
            _link(folder, place, tracked, above, relative)
        elif not (place / relative).exists():
            (place / relative).symlink_to(path)


def _git(folder: Path, *words: str, given: bytes = b"") -> bytes:
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    done = subprocess.run([*COMMAND, *words], cwd=folder, input=given, env=environment, check=True, capture_output=True)
    return done.stdout
