"""The fault matrix: every cell is a job and a fault, with what has to come of it declared beforehand.

A cell passes when that happens, every other result has the bytes of the clean run, and once the fault is gone one plain
re-run of what is missing ends in the clean bytes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support import flips, jobs
from support.jobs import Benchmark, Ended
from wsstad.artefacts import integrity, manifest
from wsstad.artefacts.shards import QUARANTINE_SUFFIX
from wsstad.errors import PASSING_CODES

OUTCOMES = ("STOP", "QUARANTINE", "RETRY", "UNAFFECTED", "KILLED")
STOP, QUARANTINE, RETRY, UNAFFECTED, KILLED = OUTCOMES
VIDEO = "v000"  # of the first shard, over which faults of one video are


def nothing(place: "Place") -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Fault:
    """A fault: what is done to a copy of the clean run before the job, in the job's process, and after it to undo that.

    With `afresh` what the job made is removed before; otherwise it is there.
    """

    name: str
    before: Callable[["Place"], None] = nothing
    inside: Callable[["Place"], None] = nothing
    after: Callable[["Place"], None] = nothing
    afresh: bool = True


@dataclass(frozen=True)
class Cell:
    """A fault of a job and its declared outcome: a code for QUARANTINE and RETRY, words of the line for STOP."""

    job: str
    fault: Fault
    outcome: str
    words: str = ""

    @property
    def name(self) -> str:
        """Its row and its column."""
        return f"{self.fault.name} | {self.job}"


@dataclass
class Place:
    """A copy of the clean run, in which one job is tried."""

    benchmark: Benchmark
    folder: Path
    job: str
    kept: dict[Path, bytes] = field(default_factory=dict)
    spoiled: set[str] = field(default_factory=set)

    @property
    def results(self) -> Path:
        """The folder of the results."""
        return self.folder / "results"

    def spoil(self, name: str, content: bytes | None) -> None:
        """Replace a result, or remove it, for good: it has to be made again."""
        self.spoiled.add(name)
        path = self.results / name
        path.unlink()
        if content is not None:
            path.write_bytes(content)

    def change(self, path: Path, content: bytes | None) -> None:
        """Replace the content of a file, or remove it; `restore` undoes that. The clean run's file is another."""
        self.kept.setdefault(path, path.read_bytes())
        path.unlink()
        if content is not None:
            path.write_bytes(content)

    def restore(self) -> None:
        """Undo all changes."""
        for path, content in self.kept.items():
            path.unlink(missing_ok=True)
            path.write_bytes(content)


def try_cell(benchmark: Benchmark, cell: Cell, folder: Path) -> list[str]:
    """Return what is not as it should be in a cell; nothing if it passes."""
    place = Place(benchmark, benchmark.copy(folder), cell.job)
    if cell.fault.afresh:
        for name in benchmark.made[cell.job]:
            (place.results / name).unlink()
    cell.fault.before(place)
    ended = jobs.run(place.folder, benchmark.jobs[cell.job], lambda: cell.fault.inside(place))
    problems = [f"ended with {ended}"] if not _is_declared(cell, ended, place) else []
    problems += list(_others(place, cell))
    cell.fault.after(place)
    for job in _to_run_again(place):
        again = jobs.run(place.folder, benchmark.jobs[job])
        if again.code:
            problems.append(f"the re-run of {job}: {again}")
    left = flips.snapshot(place.folder)
    different = [name for name in benchmark.clean if left.get(name) != benchmark.clean[name]]
    extra = [name for name in left.keys() - benchmark.clean.keys() if not name.endswith(QUARANTINE_SUFFIX)]
    if different or extra:
        problems.append(f"not as in the clean run: {', '.join(sorted(different + extra)[:4])}")
    return problems


def _is_declared(cell: Cell, ended: Ended, place: Place) -> bool:
    """Tell whether a job ended as its cell declares."""
    if cell.outcome == KILLED:
        return ended.code < 0
    if cell.outcome == STOP:
        named = len(ended.lines) == 1 and re.search(cell.words, ended.lines[0])
        return ended.code == 2 and bool(named) and "Traceback" not in ended.log
    if ended.code:
        return False
    if cell.outcome == UNAFFECTED:
        return all(flips.snapshot(place.folder).get(name) == clean for name, clean in place.benchmark.clean.items())
    rows = manifest.read_manifest(place.results / place.benchmark.manifest(cell.job)).rows.values()
    codes = {row.video: row.code for row in rows if not row.ok}
    return set(codes.values()) == {cell.words} and (cell.words in PASSING_CODES) == (cell.outcome == RETRY)


def _others(place: Place, cell: Cell) -> Iterator[str]:
    """Yield what a fault has done to results beside it: changed, half written, or left over."""
    own = {name for name in place.benchmark.made[cell.job] if cell.outcome in (QUARANTINE, RETRY)}
    own = {name for name in own if integrity.NAME.fullmatch(Path(name).name) is None}  # its manifest and its seal
    now = flips.snapshot(place.folder)
    for name, clean in place.benchmark.clean.items():
        missing = name in place.benchmark.made[cell.job] and name not in now
        if name not in place.spoiled | own and now.get(name) != clean and not missing:
            yield f"{name} is another"
    # The child of a decoding that stops is killed in the middle of a file, which the next run sweeps away.
    if cell.outcome != KILLED and not cell.job.startswith("decode") and (left := list(place.results.rglob(".*.tmp"))):
        yield f"left over: {left[0].name}"


def _to_run_again(place: Place) -> list[str]:
    """Return the jobs that have to run again, as their results are missing, and the one that was tried."""
    for path in [*place.results.rglob(".*.tmp"), place.results / ".damaged.tsv"]:  # as a run does when it begins
        path.unlink(missing_ok=True)
    there = {path.relative_to(place.results).as_posix() for path in place.results.rglob("*") if path.is_file()}
    made = place.benchmark.made
    return [job for job in place.benchmark.jobs if job == place.job or set(made[job]) - there]
