"""What a run notes of itself beside its configuration: where, by which command, from which commit."""

import os
import platform
import re
from pathlib import Path

from wsstad.jsonable import Json

COMMAND = "WSSTAD_COMMAND"  # the variable in which a verb hands its words to Snakemake
HASH = re.compile(r"[0-9a-f]{40,64}")
LARGEST = 10_000_000  # bytes of a file of Git's that is read


def read(where: str) -> Json:
    """Return host, command, files of the configuration (`where`) and commit; empty what is not known."""
    facts = {"host": platform.node(), "command": os.environ.get(COMMAND, ""), "configuration": where}
    return facts | {"commit": commit(Path())}


def commit(folder: Path) -> str:
    """Return the commit that is checked out where `folder` lies, empty outside of a repository.

    Git is not asked: it would run what the settings of a stranger's repository name.
    """
    git = next(
        (path / ".git" for path in (folder.resolve(), *folder.resolve().parents) if (path / ".git").exists()), None
    )
    try:
        return _head(git) if git else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _head(git: Path) -> str:
    if git.is_file():  # a worktree, or a submodule
        git = git.parent / _text(git).partition("gitdir:")[2].strip()
    shared = git / _text(git / "commondir")
    head = _text(git / "HEAD")
    if not head.startswith("ref: "):
        return head if HASH.fullmatch(head) else ""
    name = head.removeprefix("ref: ")
    for place in (git / name, shared / name):
        if text := _text(place):
            return text if HASH.fullmatch(text) else ""
    lines = _text(shared / "packed-refs").splitlines()
    return next((line.split()[0] for line in lines if line.endswith(f" {name}") and HASH.match(line)), "")


def _text(path: Path) -> str:
    """Return what is in a file of Git's; nothing where there is none, or something that is too large to be one."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        return ""
    return path.read_text(encoding="utf-8").strip()
