"""What a run does about damage that its jobs found: it reads their folders through, and starts again.

At its start a run looks at sizes and times. What has changed without them is noticed by the job that needs it, which
sets it aside and fails; and where one file has changed unseen, others beside it may have.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from wsstad.artefacts import damaged, integrity
from wsstad.progress import Progress

MEGABYTE = 1e6


class Healing:
    """The damage of one run; a file that is damaged again after it was made again is not healed a second time."""

    def __init__(self) -> None:
        damaged.begin_journal()
        self._healed: set[Path] = set()

    def again(self) -> str:
        """Return the line to print before the run starts again; nothing if it is not to."""
        journal = damaged.read_journal()
        damaged.begin_journal()
        if not journal:
            return ""
        if twice := sorted(self._healed & journal.keys()):
            print(f"wsstad: {twice[0]}: damaged twice: this machine's disk or memory changes files", file=sys.stderr)
            return ""
        self._healed |= journal.keys()
        for path, flaw in flaws(files_below({path.parent for path in journal}), "read through"):
            if flaw:
                damaged.set_aside(path)
                journal[path] = flaw
                self._healed.add(path)
        first, reason = next(iter(journal.items()))
        more = f" (and {len(journal) - 1} more)" if len(journal) > 1 else ""
        return f"wsstad: {first}: {reason}{more}: set aside; the run begins again and makes it anew"


def files_below(folders: Iterable[Path]) -> list[Path]:
    """Return the results in some folders and below, sorted."""
    files = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return sorted(path for path in files if integrity.is_of_results(path))


def flaws(paths: Iterable[Path], label: str) -> Iterator[tuple[Path, str | None]]:
    """Yield what is wrong with each file, as `integrity.flaw` does, with progress in megabytes."""
    sizes = {path: path.stat().st_size for path in paths}
    done = 0
    with Progress(label, round(sum(sizes.values()) / MEGABYTE), "MB", brief=True) as progress:
        for path, size in sizes.items():
            yield path, integrity.flaw(path)
            done += size
            progress.add(round(done / MEGABYTE) - progress.done)
