"""Damaged results are set aside, under a name that says so, never removed; a journal lists those that jobs needed.

A job that needs a damaged file cannot make it: another job does. It sets the file aside, adds it to the journal and
ends; the run, which reads the journal when it ends, then starts over without the file, and makes it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsstad.errors import DamagedError, UserError

MARK = ".damaged"  # ends the name of a file that was set aside, with a number where there are several
JOURNAL = Path("results/.damaged.tsv")  # path and reason, a line a file that a job of the run has needed


def set_aside(path: Path) -> Path | None:
    """Rename a file, so that it is made again; return its new path, or None where it is gone."""
    number, aside = 1, path.with_name(path.name + MARK)
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{MARK}{number}")
    try:
        return path.rename(aside)
    except FileNotFoundError:
        return None


def is_aside(path: Path) -> bool:
    """Tell whether a file was set aside.

    >>> [is_aside(Path(name)) for name in ("v.0123456789ab.h5.damaged", "v.h5.damaged2", "v.h5")]
    [True, True, False]
    """
    return path.name.rstrip("0123456789").endswith(MARK)


@contextmanager
def journalled() -> Iterator[None]:
    """Set aside the damaged result that the work inside comes upon, and note it in the journal; raise `UserError`."""
    try:
        yield
    except DamagedError as error:
        results = JOURNAL.parent.resolve()
        if not error.path.resolve().is_relative_to(results):
            raise
        aside = set_aside(error.path)
        with open(JOURNAL, "a", encoding="utf-8") as file:
            file.write(f"{error.path}\t{' '.join(error.reason.split())}\n")  # one write: jobs do not mix their lines
        raise UserError(f"{error}{f'; set aside as {aside.name}' if aside else ''}") from error


def read_journal() -> dict[Path, str]:
    """Return the damaged files that jobs have needed since the journal was begun, each with what is wrong with it."""
    if not JOURNAL.exists():
        return {}
    lines = JOURNAL.read_text(encoding="utf-8", errors="replace").splitlines()
    return {Path(path): reason for path, _, reason in (line.partition("\t") for line in lines)}


def begin_journal() -> None:
    """Begin the journal anew."""
    JOURNAL.unlink(missing_ok=True)
