"""What a run notes of itself beside its configuration: where, by which command, from which commit."""

import os
import platform
import re
from pathlib import Path

from wsstad.jsonable import Json

COMMAND = "WSSTAD_COMMAND"  # the variable in which a verb hands its words to Snakemake
HASH = re.compile(r"[0-9a-f]{40,64}")


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
        git = git.parent / git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()
    common = git / "commondir"
    shared = git / common.read_text(encoding="utf-8").strip() if common.is_file() else git
    head = (git / "HEAD").read_text(encoding="utf-8").strip()
    if not head.startswith("ref: "):
        return head if HASH.fullmatch(head) else ""
    name = head.removeprefix("ref: ")
    for place in (git / name, shared / name):
        if place.is_file():
            text = place.read_text(encoding="utf-8").strip()
            return text if HASH.fullmatch(text) else ""
    packed = shared / "packed-refs"
    lines = packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {name}") and HASH.match(line)), "")
