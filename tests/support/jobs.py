"""A small benchmark whose jobs run one at a time, by the rules' own commands, each in a forked process.

Forked, so that libraries are imported once, and a fault that is injected ends with its job. The process that forks must
never have computed anything itself: threads of OpenCV are not forked, and whatever waits for them waits for ever.
"""

import logging
import os
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from support import flips
from workflow import conftest
from wsstad.artefacts import atomic, keys, seals, storage
from wsstad.planning import command_line
from wsstad.planning.stages import STAGES

LIMIT = 60.0  # seconds after which a job hangs
BENCHMARK = {**conftest.CONFIG["benchmarks"][0], "methods": ["random", "upper_bound", "mgpr_tiny"], "seeds": [0]}
OVERLAYS = {"methods": ["mgpr_tiny"], "seeds": [0]}
# In the order in which they can run; a job is named by its module, what it takes, and its shard.
ORDER = (
    *("annotate", "decode", "detect", "link", "extract image", "extract region", "audit", "train", "describe"),
    *("predict", "evaluate", "overlay", "tabulate", "illustrate", "report"),
)
# What jobs import when it is needed, imported once for all of them.
HEAVY = (
    "cv2",
    "scipy.stats",
    "sklearn.decomposition",
    "sklearn.model_selection",
    "torch",
    "torch._dynamo",
    "wsstad.learning.checkpoint",
    "wsstad.learning.learner",
    "wsstad.learning.methods.mgpr",
    "wsstad.learning.model_jobs",
    "wsstad.learning.prediction_jobs",
    "wsstad.perception.extraction",
    "wsstad.perception.networks.c3d",
    "wsstad.reporting.page.render",
    *(f"wsstad.stages.{name.split()[0]}" for name in ORDER),
)

Injection = Callable[[], None]


class Ended(NamedTuple):
    """How a job ended: its exit status, or minus the signal; and all that it wrote to its log."""

    code: int
    log: str

    @property
    def lines(self) -> list[str]:
        """The lines that name the cause to the user."""
        return [line.removeprefix("wsstad: ") for line in self.log.splitlines() if line.startswith("wsstad: ")]


@dataclass
class Benchmark:
    """A finished benchmark.

    Parameters
    ----------
    folder : where it lies; never changed once it is made, but copied.
    jobs : the words of each job's command, by name, in the order in which they can run.
    made : the files that each job wrote, below `results`.
    writes : how many files each job wrote, itself and (decode alone) by its child.
    clean : the bytes of all results.
    """

    folder: Path
    jobs: dict[str, list[str]]
    made: dict[str, list[str]] = field(default_factory=dict)
    writes: dict[str, tuple[int, int]] = field(default_factory=dict)
    clean: dict[str, bytes] = field(default_factory=dict)

    def copy(self, to: Path) -> Path:
        """Copy by links, which is safe: every result is written under another name and renamed."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.folder, to, copy_function=os.link)
        return to

    def manifest(self, job: str) -> str:
        """Return the file that a job writes last, before its seal."""
        return next(name for name in reversed(self.made[job]) if not seals.is_seal(Path(name)))

    def inputs(self, job: str) -> list[str]:
        """Return the artefacts that a job can read, by the manifests in its command, in the order of its command."""
        words = {word.removeprefix("results/") for word in self.jobs[job][1:]}
        makers = [other for other in self.jobs if other != job and words & set(self.made[other])]
        return [name for other in makers for name in self.made[other] if name.endswith((".h5", ".safetensors"))]

    def maker(self, name: str) -> str:
        """Return the job that wrote a file."""
        return next(job for job, names in self.made.items() if name in names)


def make(folder: Path) -> Benchmark:
    """Make videos, tables and a configuration, take the commands from Snakemake, and run them all."""
    apart(lambda: conftest.render(folder, 4))
    changes = {"benchmarks": [BENCHMARK], "shard_videos": 2, "overlays": OVERLAYS}
    conftest.make(folder).configure(**changes, evaluate={"bootstrap": 100})
    conftest.Workplace(folder).change("methods", "mgpr_tiny", max_iterations=2)
    benchmark = Benchmark(folder, commands(folder))
    warm_up()
    with tempfile.TemporaryDirectory() as other:
        for job in benchmark.jobs:
            before, counts = set(_files(folder)), Path(other) / "counts"
            counts.touch()
            ended = run(folder, benchmark.jobs[job], lambda counts=counts: _count_writes(counts))
            if ended.code:
                raise RuntimeError(f"{job}: {ended}")
            new = [path for path in _files(folder) if path not in before]
            new.sort(key=lambda path: path.stat().st_mtime_ns)
            benchmark.made[job] = [path.relative_to(folder / "results").as_posix() for path in new]
            children = counts.read_text().split().count("child")
            benchmark.writes[job] = (len(counts.read_text().split()) - children, children)
            counts.unlink()
    benchmark.clean = flips.snapshot(folder)
    return benchmark


def warm_up() -> None:
    """Import what jobs import, and read the code that stands in keys."""
    for name in HEAVY:
        import_module(name)
    for stage in STAGES.values():
        keys.code_digest(*stage.code)


def commands(folder: Path) -> dict[str, list[str]]:
    """Return the commands of all jobs, as Snakemake would run them, and write the map of shards as it would."""
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(conftest.REPOSITORY / "workflow/Snakefile")]
    options = "--workflow-profile none --configfile config.yaml --dry-run --forceall --printshellcmds --cores 1"
    environment = {**os.environ, "PYTHONPATH": str(conftest.REPOSITORY / "workflow")}
    words = [*snakemake, *options.split(), "all", "overlays"]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    jobs = {}
    for line in re.findall(r"python -m wsstad\.stages (.*) 2> >\(tee", done.stdout + done.stderr):
        job = shlex.split(line)
        jobs[_name(job)] = job
    with chdir(folder):
        command_line.read_plan([Path("config.yaml")], []).write_shard_maps()
    return dict(sorted(jobs.items(), key=lambda item: (ORDER.index(_kind(item[1])), item[0])))


def _kind(words: list[str]) -> str:
    return f"extract {'region' if '--tubes' in words else 'image'}" if words[0] == "extract" else words[0]


def _name(words: list[str]) -> str:
    log = Path(words[words.index("--log") + 1])
    last = f" {log.stem}" if log.stem.isdigit() else " dataset" if log.parent.name == "small" else ""
    return f"{_kind(words)}{last if words[0] != 'annotate' else ''}"


def run(folder: Path, words: list[str], inject: Injection = lambda: None) -> Ended:
    """Run a job in a forked process, with a fault injected before it begins."""
    (folder / words[words.index("--log") + 1]).parent.mkdir(parents=True, exist_ok=True)
    return apart(lambda: _work(folder, words, inject))


def apart(work: Callable[[], None]) -> Ended:
    """Do something in a forked process."""
    with tempfile.TemporaryFile("w+") as log:
        process = os.fork()
        if not process:
            _begin(work, log.fileno())
        end = time.monotonic() + LIMIT
        while not (ended := os.waitpid(process, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.killpg(process, signal.SIGKILL)
            time.sleep(0.005)
        log.seek(0)
        return Ended(os.waitstatus_to_exitcode(ended[1]), log.read())


def _begin(work: Callable[[], None], log: int) -> None:
    """Do something in this process, write what it logs to a file, and end as it ends."""
    code = 70
    try:
        os.setpgid(0, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        logging.root.handlers.clear()
        work()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _work(folder: Path, words: list[str], inject: Injection) -> None:
    """Be a job."""
    os.chdir(folder)
    inject()
    sys.argv = ["wsstad.stages", *words]
    runpy.run_module("wsstad.stages", run_name="__main__", alter_sys=True)


def _count_writes(to: Path) -> None:
    """Note for every file that is written whether the job itself or a child writes it."""
    main, real = os.getpid(), atomic.atomic

    def counted(path: Path, size: int = 0):
        with open(to, "a") as file:
            print("job" if os.getpid() == main else "child", file=file)
        return real(path, size)

    storage.atomic = counted


def _files(folder: Path) -> list[Path]:
    results = folder / "results"
    return [path for path in results.rglob("*") if path.is_file() and not path.is_relative_to(results / "logs")]
