"""Names and paths that others wrote, checked where they are read, before a path is made of them."""

import re
from pathlib import PurePosixPath

from wsstad.errors import UserError

PATTERN = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,119}"
ALLOWED = "letters, digits, _ and -, at most 120 of them, - not the first"
_NAME, _SUFFIX = re.compile(PATTERN), re.compile(r"(\.[A-Za-z0-9_]+)+")


def is_name(text: str) -> bool:
    """Return whether a text may be a part of a path.

    >>> is_name("mgpr_v8"), is_name(".."), is_name("-rf"), is_name("a/b"), is_name("a" + chr(10))
    (True, False, False, False, False)
    """
    return _NAME.fullmatch(text) is not None


def printable(text: str) -> str:
    r"""Return a text that does nothing to a terminal, a page or a table but appear there.

    >>> printable("cam\x1b[2J\n1.mp4")
    'cam?[2J?1.mp4'
    """
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def check(text: str, where: object) -> str:
    """Return a name; raise `UserError`, which begins with `where` it stands, unless it is one."""
    if not is_name(text):
        raise UserError(f"{where}: {text[:80]!r} is part of paths; allowed: {ALLOWED}")
    return text


def check_suffix(text: str, where: object) -> str:
    """Return the end of a file's name, such as ``.h5`` or ``.card.json``; raise `UserError` unless it is one."""
    if not _SUFFIX.fullmatch(text):
        raise UserError(f"{where}: {text[:80]!r} is no end of a file's name")
    return text


def check_below(path: str, where: object) -> str:
    """Return a relative path; raise `UserError` when it leads out of the folder that it starts from.

    What lies there may be a link to anywhere: that is for the owner of the folder to say.
    """
    if not path or "\0" in path or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise UserError(f"{where}: {path[:80]!r} leads out of its folder; allowed: a path below it")
    return path
