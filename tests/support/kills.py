"""Kill jobs at every point of every file that they write, and whole runs at random; one plain re-run has to mend it."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from support import flips, injection
from support.injection import at_write
from support.jobs import Benchmark
from support.matrix import KILLED, STOP, Cell, Fault, Place

TARGETS = ("group", "run", "snakemake", "worker")
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LIMIT = 300.0  # seconds after which a run hangs


def points(benchmark: Benchmark) -> Iterator[Cell]:
    """Yield a kill at every point of the writing of every file, by the jobs of the first shard and of no shard."""
    for job in benchmark.jobs:
        if not job.endswith(" 001"):
            own, of_child = benchmark.writes[job]
            for n, point in [(n, point) for n in range(1, own + 1) for point in injection.POINTS]:
                fault = Fault(f"SIGKILL at {point} of file {n}", inside=partial(_kill_at, n, point, False))
                yield Cell(job, fault, KILLED)
            # Of a child, each of which counts anew: one that is killed is no fault of the video.
            for n, point in [(n, point) for n in range(1, of_child + 1) for point in injection.POINTS]:
                fault = Fault(f"SIGKILL of the child at {point} of file {n}", inside=partial(_kill_at, n, point, True))
                yield Cell(job, fault, STOP, "its process was killed")


def _kill_at(n: int, point: str, of_child: bool, place: Place) -> None:
    at_write(n, point, injection.kill, of_child=of_child)


# Whole runs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finished:
    """A benchmark that `wsstad run` has finished: its bytes, and the seconds of a run that makes nothing."""

    benchmark: Benchmark
    clean: dict[str, bytes]

    @classmethod
    def of(cls, benchmark: Benchmark) -> "Finished":
        """Let a run note its records over results that are all there."""
        done = start(benchmark.folder)
        words, _ = done.communicate(timeout=LIMIT)
        clean = flips.snapshot(benchmark.folder)
        if done.returncode or {name: clean.get(name) for name in benchmark.clean} != benchmark.clean:
            raise RuntimeError(f"a run over what its jobs made changed it: {words}")
        return cls(benchmark, clean)


@dataclass
class Trial:
    """A kill of a run: who was killed by what, after how long, and what was not as it should be."""

    target: str
    signal: str
    seconds: float
    hit: bool
    problems: list[str]


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a run in a session of its own, as from a terminal."""
    words = [sys.executable, "-m", "wsstad", "run", "all", "overlays", "--config", "config.yaml", "--cores", "2"]
    environment = {**os.environ, "PYTHONPATH": str(flips.REPOSITORY / "workflow"), "OMP_NUM_THREADS": "1"}
    ends = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(words, cwd=folder, env=environment, start_new_session=True, **ends)


def try_kill(finished: Finished, folder: Path, seed: int) -> Trial:
    """Remove what some jobs made, run, kill at a random moment, and run again to the end."""
    dice = random.Random(seed)  # noqa: S311
    flips.copy(finished.benchmark.folder, folder)
    for job in dice.sample(list(finished.benchmark.jobs), k=dice.choice((1, 2, 4, len(finished.benchmark.jobs)))):
        for name in finished.benchmark.made[job]:
            (folder / "results" / name).unlink(missing_ok=True)
    target, number = dice.choice(TARGETS), dice.choice(SIGNALS)
    seconds = dice.choice((dice.uniform(0.2, 4), dice.uniform(2, 12)))
    process = start(folder)
    time.sleep(seconds)
    hit = _kill(process, target, number, dice)
    try:
        process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return Trial(target, number.name, seconds, hit, [f"still there {LIMIT:g} s later"])
    return Trial(target, number.name, seconds, hit, _again(finished, folder))


def _again(finished: Finished, folder: Path) -> list[str]:
    """Run once more and return what is not as in the clean run."""
    again = start(folder)
    try:
        words, _ = again.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(again.pid, signal.SIGKILL)
        return ["the re-run hangs"]
    left = flips.snapshot(folder)
    problems = [f"the re-run ended with {again.returncode}: {words[-600:]}"] if again.returncode else []
    problems += [
        f"{name} is another" for name in {*left, *finished.clean} if left.get(name) != finished.clean.get(name)
    ]
    return problems + [f"left over: {path.name}" for path in (folder / "results").rglob(".*.tmp")]


def _kill(process: subprocess.Popen[str], target: str, number: signal.Signals, dice: random.Random) -> bool:
    """Send a signal to a whole run, to one of its processes or to a job; return whether there was one."""
    if process.poll() is not None:
        return False
    try:
        if target == "group":
            os.killpg(process.pid, number)
            return True
        below = _below(process.pid)
        if target == "run":
            chosen = process.pid
        elif target == "snakemake":
            chosen = next(pid for pid, words in below.items() if "-m snakemake" in words)
        else:
            chosen = dice.choice([pid for pid, words in below.items() if "wsstad.stages" in words])
        os.kill(chosen, number)
    except (ProcessLookupError, StopIteration, IndexError):
        return False
    return True


def _below(pid: int) -> dict[int, str]:
    """Return the command lines of all descendants of a process."""
    parents, words = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = re.sub(r".*\) ", "", (folder / "stat").read_text(), flags=re.DOTALL).split()
            parents[int(folder.name)] = int(state[1])
            words[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
    descendants, pending = {}, [pid]
    while pending:
        here = pending.pop()
        children = [child for child, parent in parents.items() if parent == here]
        descendants |= {child: words[child] for child in children}
        pending += children
    return descendants
