"""A small dataset, a small network, and real Snakemake."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from wsstad.artefacts import damaged, storage
from wsstad.commands import synthesize

REPOSITORY = Path(__file__).parents[2]
CONFIG = {
    "datasets": {"small": {"tables": "tables", "source": "source"}},
    "benchmarks": [
        {
            "dataset": "small",
            "splits": ["cv2"],
            "detectors": ["motion"],
            "linkers": ["iou"],
            "extractors": ["narrow"],
            "methods": ["random", "whole_frame", "upper_bound", "mgpr_tiny"],
            "annotators": ["exact"],
            "seeds": [0, 1],
        }
    ],
    "shard_videos": 6,
}
NARROW = {"type": "c3d", "seed": 0, "width": 4, "batch": 4}
MGPR_TINY = {"type": "mgpr", "max_iterations": 8, "projection": {"kind": "pca", "dimension": 16}}


ARTEFACT = r"\.[0-9a-f]{12}\.(h5|json|safetensors)$"
STAGES = {
    "frames": "decode",
    "detections": "detect",
    "tubes": "link",
    "models": "train",
    "predictions": "predict",
    "illustrations": "illustrate",
    "overlays": "overlay",
}


@dataclass
class Workplace:
    """A folder in which the workflow runs."""

    folder: Path
    repository: Path = REPOSITORY

    def start(self, *arguments: str) -> subprocess.Popen:
        targets = list(takewhile(lambda word: not word.startswith("-"), arguments))
        command = [sys.executable, "-m", "wsstad", "run", *targets, "--config", "config.yaml", "--cores", "2"]
        package = str(self.repository / "workflow")
        return subprocess.Popen(
            [*command, "--", *arguments[len(targets) :]],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": package, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def verb(self, name: str, *arguments: str) -> str:
        """Run a verb and return what it printed; fail with everything that it said unless it ended well."""
        return self.typed(name, "--config", "config.yaml", *arguments)

    def typed(self, *words: str) -> str:
        """Run `wsstad` with these words alone, as `verb` does."""
        done = self._wsstad(words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *words: str) -> str:
        """Run `wsstad` with these words, expecting a mistake of the user's; return its line."""
        done = self._wsstad(words)
        assert done.returncode == 2, done.stdout + done.stderr
        return done.stderr

    def _wsstad(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "wsstad", *words]
        env = {**os.environ, "PYTHONPATH": str(self.repository / "workflow")}
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=300)

    def run(self, *arguments: str) -> str:
        """Run to the end; fail with everything that was said unless it ended well."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=500)
        assert process.returncode == 0, output
        return output

    def fail(self, *arguments: str) -> str:
        """Run, expecting it to stop; return what it said."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=200)
        assert process.returncode != 0, output
        return output

    def kill_when(self, pattern: str, timeout: float = 300) -> None:
        """Run, and SIGKILL the whole process group once a file that matches `pattern` is there."""
        process = self.start()
        deadline = time.monotonic() + timeout
        while not list(self.folder.glob(pattern)) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.poll() is None, f"ended before {pattern}: {process.communicate()[0]}"
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def configure(self, **changes) -> None:
        """Write the configuration, changed at the top level."""
        (self.folder / "config.yaml").write_text(yaml.safe_dump({**CONFIG, **changes}))

    def benchmark(self, **changes) -> None:
        """Write the configuration, changed in its one benchmark."""
        self.configure(benchmarks=[{**CONFIG["benchmarks"][0], **changes}])

    def variant(self, family: str, name: str, content: dict) -> None:
        """Write a variant."""
        (self.folder / "config" / family / f"{name}.yaml").write_text(yaml.safe_dump(content))

    def change(self, family: str, name: str, **changes) -> None:
        """Change some keys of a variant."""
        path = self.folder / "config" / family / f"{name}.yaml"
        self.variant(family, name, {**yaml.safe_load(path.read_text()), **changes})

    def redo(self, *arguments: str) -> dict[str, list[int] | int]:
        """Run, and return what was done: for each stage whose jobs ran, what each of them had to do, or their number.

        Without arguments, that is everything behind the tables; the report has tests of its own.
        What a job says it had to do is checked against the artefacts that were written.
        """
        logs, artefacts = self._states("results/logs/*/**/*.log"), self._artefacts()
        self.run(*(arguments or ("benchmark",)))
        texts: dict[str, list[str]] = {}
        for path, state in self._states("results/logs/*/**/*.log").items():
            if state != logs.get(path):
                texts.setdefault(_stage(path.parts[2:]), []).append((self.folder / path).read_text())
        counts = {stage: [re.findall(r"(\d+) to do", text) for text in of_stage] for stage, of_stage in texts.items()}
        done = {
            stage: [int(n[0]) for n in of_stage] if all(of_stage) else len(of_stage)
            for stage, of_stage in counts.items()
        }
        written = Counter(_stage(p.parts[2:]) for p, state in self._artefacts().items() if artefacts.get(p) != state)
        assert written == {
            stage: sum(of_stage) for stage, of_stage in done.items() if not isinstance(of_stage, int) and sum(of_stage)
        }
        return done

    def _states(self, pattern: str) -> dict[Path, tuple[int, int]]:
        states = ((path.relative_to(self.folder), path.stat()) for path in sorted(self.folder.glob(pattern)))
        return {path: (state.st_ino, state.st_mtime_ns) for path, state in states}

    def _artefacts(self) -> dict[Path, int]:
        """Return the inode of every artefact of a video, model or fold: what is written is a new file."""
        states = self._states("results/small/**/*.*")
        return {path: inode for path, (inode, _) in states.items() if re.search(ARTEFACT, path.name)}

    def tables(self) -> dict[str, bytes]:
        """Return the bytes of every table of the results."""
        paths = [path for path in sorted(self.folder.glob("results/**/tables/*")) if not damaged.is_aside(path)]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}

    def say_of(self, stage: str) -> str:
        """Return all logs of a stage."""
        return "".join(path.read_text() for path in sorted(self.folder.glob(f"results/logs/{stage}/**/*.log")))


def _stage(parts: tuple[str, ...]) -> str:
    """Return the stage that a log, or an artefact, is of, from the names of its path."""
    named = ("image", "region", "models", "predictions", "illustrations", "overlays")
    part = next((name for name in named if name in parts), parts[0])
    return STAGES.get(part, part)


def make(folder: Path) -> Workplace:
    # The variants lie in the folder itself, so that no path of a job changes when a copy of the repository runs it.
    shutil.copytree(REPOSITORY / "config", folder / "config")
    workplace = Workplace(folder)
    workplace.configure()
    workplace.variant("extractors", "narrow", NARROW)
    workplace.variant("methods", "mgpr_tiny", MGPR_TINY)
    return workplace


def render(folder: Path, n_videos: int) -> None:
    """Render small videos, half of them abnormal, and their tables."""
    size = ["--frames", "64", "--size", "160x120"]
    count = ["--videos", str(n_videos), "--seed", "5", "--folds", "2"]
    synthesize.main(["--output", str(folder / "source"), *count, *size])
    (folder / "tables").mkdir()
    for name in ("videos.tsv", "dataset.yaml", "splits"):
        shutil.move(folder / "source" / name, folder / "tables" / name)


@pytest.fixture(scope="session")
def for_all(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], None]], Path]:
    """Return a folder of all processes that test: the first that asks for it fills it, the others wait."""
    base = tmp_path_factory.getbasetemp()

    def filled(name: str, fill: Callable[[Path], None]) -> Path:
        folder = (base if worker_id == "master" else base.parent) / name
        with open(folder.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.with_suffix(".done").exists():
                folder.mkdir()
                fill(folder)
                folder.with_suffix(".done").touch()
        return folder

    return filled


@pytest.fixture(scope="session")
def small_dataset(for_all) -> Path:
    """Twelve small videos, six of them abnormal, and their tables."""
    return for_all("small", lambda folder: render(folder, 12))


@pytest.fixture
def workplace(tmp_path, small_dataset) -> Workplace:
    """A fresh folder with the small dataset and nothing done yet."""
    shutil.copytree(small_dataset, tmp_path, dirs_exist_ok=True)
    return make(tmp_path)


@pytest.fixture(scope="session")
def finished(for_all, small_dataset) -> Workplace:
    """A folder in which everything has run once; read it, or `copy` it. `said` is what the run showed."""

    def run(folder: Path) -> None:
        shutil.copytree(small_dataset, folder, dirs_exist_ok=True)
        (folder / "said").write_text(make(folder).run())

    return Workplace(for_all("finished", run))


@pytest.fixture
def copy(tmp_path, finished) -> Workplace:
    """A copy of the finished folder, times and all. Its videos are the same files: replace them, never change them."""
    copy_finished(finished, tmp_path)
    return Workplace(tmp_path)


def copy_finished(finished: Workplace, folder: Path) -> None:
    subprocess.run(["cp", "-a", f"{finished.folder}/.", folder], check=True)
    # Decode would look again at videos that are other files.
    shutil.rmtree(folder / "source/videos")
    subprocess.run(["cp", "-al", finished.folder / "source/videos", folder / "source"], check=True)


def rows(path: Path) -> list[dict[str, str]]:
    return storage.read_table(path)
