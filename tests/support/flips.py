"""Flip single bits in the files of a finished benchmark, and see what a reader, or a run, makes of it."""

import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wsstad import heartbeat
from wsstad.artefacts import damaged, integrity, manifest, run_files, seals, storage
from wsstad.commands.running import run_progress
from wsstad.errors import DamagedError, UserError

REPOSITORY = Path(__file__).parents[2]
PRINTED = 2000  # a line of progress after as many
LIMIT = 20.0  # seconds after which a reader hangs
# Of the report: when it was made, and seconds, which no run repeats.
COSTS = re.compile(r'<p class="made .*?</p>|<section id="cost".*?</section>', re.DOTALL)
# What a run says of itself; it has other bytes after every run.
OF_THE_RUN = ("logs/", "benchmarks/", "status.html", ".run.json", "..run.json.sha256", ".lock")


class Flip(NamedTuple):
    """A bit of a file of a kind."""

    kind: str
    path: Path
    bit: int

    def apply(self, *, keep_time: bool) -> None:
        """Flip the bit, and keep the time of the file or not."""
        state = self.path.stat()
        content = bytearray(self.path.read_bytes())
        content[self.bit // 8] ^= 1 << self.bit % 8
        self.path.write_bytes(content)
        if keep_time:
            os.utime(self.path, ns=(state.st_atime_ns, state.st_mtime_ns))


def kind_of(path: Path) -> str:
    """Return what a file of the results is: its folders' first names and its suffix, without names of variants."""
    name = integrity.NAME.fullmatch(path.name.removeprefix("."))
    if seals.is_seal(path):
        return "seal"
    if name:
        named = ("frames", "detections", "tubes", "image", "region", "models", "predictions", "illustrations")
        return f"{next(part for part in named if part in path.parts)}{name['suffix']}"
    if "manifests" in path.parts:
        return "manifest"
    named = ("logs", "benchmarks", "tables", "metrics", "annotations")
    folder = next((part for part in named if part in path.parts), "")
    return f"{folder} {''.join(path.suffixes) if folder else path.name}".strip()


def files(results: Path) -> dict[str, list[Path]]:
    """Return all files of some results that are not empty, by kind."""
    by_kind: dict[str, list[Path]] = {}
    for path in sorted(results.rglob("*")):
        if path.is_file() and path.stat().st_size and "source" not in path.relative_to(results).parts:
            by_kind.setdefault(kind_of(path.relative_to(results)), []).append(path)
    return by_kind


def choose(results: Path, n: int, seed: int, *, once: bool = False) -> Iterator[Flip]:
    """Yield n flips at random, kind after kind; at most one a file if `once`."""
    dice, kinds = random.Random(seed), files(results)  # noqa: S311
    used: set[Path] = set()
    for number in range(n):
        kind = sorted(kinds)[number % len(kinds)]
        path = dice.choice(kinds[kind])
        if once and path in used:
            continue
        used.add(path)
        yield Flip(kind, path, dice.randrange(path.stat().st_size * 8))


# Readers ----------------------------------------------------------------------------------------------------------


def content_of(path: Path) -> object:
    """Return what the readers of the package read of a file; raise `UserError` where they notice damage."""
    name = integrity.NAME.fullmatch(path.name)
    if name and name["suffix"] == manifest.ARTEFACT_SUFFIX:
        artefact = storage.read_artefact(path, kind="")
        arrays = {key: storage.array_digest(array) for key, array in artefact.arrays.items()}
        return artefact.key, artefact.digest, artefact.meta, artefact.origin, arrays
    if name and name["suffix"] == run_files.MODEL_SUFFIX:
        tensors, meta, key = storage.read_tensors(path)
        return meta, key, {name: storage.array_digest(array) for name, array in tensors.items()}
    if path.name == "status.html":
        return None  # how far a run is, for a person alone; each run writes it anew
    if path.name.endswith(".state.json"):
        heartbeat.read(path.with_name(path.name.replace(".state.json", ".log")))
        return None
    if path.name == Path(run_progress.RUN).name:
        run_progress.read_run(path.parent)
        return None
    if "logs" in path.parts or "benchmarks" in path.parts or path.name == ".lock":
        return None
    sealed = seals.target(path) if seals.is_seal(path) else path
    if flaw := integrity.flaw(sealed):
        raise DamagedError(path, flaw)
    return storage.file_digest(sealed)


def read_flipped(flip: Flip, clean: object) -> str:
    """Return what became of a flip when it was read: noticed, harmless, wrong, crash, hang or the name of an error."""
    content = flip.path.read_bytes()
    state = flip.path.stat()
    flip.apply(keep_time=True)
    try:
        return _in_child(flip.path, clean)
    finally:
        flip.path.write_bytes(content)
        os.utime(flip.path, ns=(state.st_atime_ns, state.st_mtime_ns))


def _in_child(path: Path, clean: object) -> str:
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        try:
            outcome = "harmless" if content_of(path) == clean else "wrong"
        except UserError as error:
            outcome = "noticed" if str(path) in str(error) and "\n" not in str(error) else f"unnamed: {error}"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"
        os.write(sender, outcome.encode()[:400])
        os._exit(0)
    os.close(sender)
    ready, _, _ = select.select([receiver], [], [], LIMIT)
    outcome = os.read(receiver, 400).decode(errors="replace") if ready else "hang"
    os.close(receiver)
    if outcome == "hang":
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return outcome or "crash"


def read_campaign(results: Path, n: int, seed: int) -> dict[str, Counter[str]]:
    """Flip n bits, one at a time, and read each; return the outcomes by kind."""
    outcomes: dict[str, Counter[str]] = {}
    clean: dict[Path, object] = {}
    for number, flip in enumerate(choose(results, n, seed)):
        if number % PRINTED == PRINTED - 1:
            print(f"{number + 1} of {n} read", flush=True)
        if flip.path not in clean:
            clean[flip.path] = content_of(flip.path)
        outcomes.setdefault(flip.kind, Counter())[read_flipped(flip, clean[flip.path])] += 1
    return outcomes


# Runs -------------------------------------------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all results that a run leaves the same; of the report without its costs."""
    contents = {}
    for path in sorted((folder / "results").rglob("*")):
        name = path.relative_to(folder / "results").as_posix()
        if path.is_file() and not name.startswith(OF_THE_RUN) and "source/" not in name and not damaged.is_aside(path):
            content = path.read_bytes()
            if name == "report.html":
                content = COSTS.sub("", content.decode(errors="replace")).encode()
            if name != ".report.html.sha256":
                contents[name] = content
    return contents


def copy(folder: Path, to: Path) -> None:
    """Copy a finished folder, its raw videos as the same files: else they would be looked at again."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    subprocess.run(["cp", "-a", f"{folder}/.", str(to)], check=True)
    shutil.rmtree(to / "source/videos")
    subprocess.run(["cp", "-al", str(folder / "source/videos"), str(to / "source")], check=True)


def command(folder: Path, verb: str, *arguments: str, limit: float = 900) -> subprocess.CompletedProcess[str]:
    """Run a verb in a folder; raise `TimeoutExpired` where it hangs."""
    words = [sys.executable, "-m", "wsstad", verb, "--config", "config.yaml", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "workflow"), "OMP_NUM_THREADS": "1"}
    options = {"cwd": folder, "env": environment, "capture_output": True, "text": True, "timeout": limit}
    return subprocess.run(words, check=False, **options)


class Round(NamedTuple):
    """What became of the flips of one run, and the words of what went wrong."""

    outcomes: dict[str, Counter[str]]
    problems: str


def run_flipped(folder: Path, clean: dict[str, bytes], flips: list[Flip], *, keep_time: bool) -> Round:
    """Apply flips in a copy of a finished benchmark and run it; then verify and repair what is left, and run again.

    Outcomes: healed by the same command; latent (nothing that is published is touched, verify notices it, and the
    next run makes it again); aside (verify set it aside, and the setting that it is of is no more); harmless (of what a
    run says of itself); wrong; failed.
    """
    for flip in flips:
        flip.apply(keep_time=keep_time)
    done = command(folder, "run", "--cores", "1")
    problems = "" if not done.returncode else f"run ended with {done.returncode}: {done.stderr[-600:]}"
    first = snapshot(folder)
    last, named = first, ""
    if first != clean:
        verified = command(folder, "verify", "--repair")
        named = verified.stdout
        if verified.returncode or command(folder, "run", "--cores", "1").returncode:
            problems += f"verify or the run after it failed: {verified.stderr[-600:]}"
        last = snapshot(folder)
    outcomes: dict[str, Counter[str]] = {}
    for flip in flips:
        name = flip.path.relative_to(folder / "results").as_posix()
        if name not in clean:
            outcome = "harmless"
        elif done.returncode:
            outcome = "failed"
        elif first.get(name) == clean[name]:
            outcome = "healed"
        elif last.get(name) == clean[name] and name in named and not _is_published(name):
            outcome = "latent"
        elif name in named and _is_of_another_setting(name, last):
            outcome = "aside"
        else:
            outcome = "wrong"
        outcomes.setdefault(flip.kind, Counter())[outcome] += 1
    others = [name for name in {*clean, *last} if clean.get(name) != last.get(name)]
    others = [name for name in others if not (name in named and _is_of_another_setting(name, last))]
    if others:
        problems += f"not as in the clean run: {', '.join(sorted(others)[:5])}"
    return Round(outcomes, problems)


def _is_of_another_setting(name: str, last: dict[str, bytes]) -> bool:
    """Tell whether a file is gone, and no manifest or table of the results names its key."""
    key = integrity.NAME.fullmatch(Path(name).name)
    tables = [content for table, content in last.items() if table.endswith(".tsv")]
    return bool(key) and name not in last and not any(key["key"].encode() in content for content in tables)


def _is_published(name: str) -> bool:
    return name.endswith((".tsv", ".md", ".tex", ".html")) or "/metrics/" in name
