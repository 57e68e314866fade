"""A small dataset, a small network, and real Snakemake."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from wsstad import storage, synthesize

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


@dataclass
class Workplace:
    """A folder in which the workflow runs."""

    folder: Path

    def start(self, *arguments: str) -> subprocess.Popen:
        runner = Path(__file__).parents[2] / "workflow" / "run"
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.Popen(
            [runner, "--configfile", "config.yaml", "--cores", "2", *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> str:
        """Run to the end; fail with everything that was said unless it ended well."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=500)
        assert process.returncode == 0, said
        return said

    def fail(self, *arguments: str) -> str:
        """Run, expecting it to stop; return what it said."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=200)
        assert process.returncode != 0, said
        return said

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

    def variant(self, family: str, name: str, content: dict) -> None:
        path = self.folder / "config" / family / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))

    def tables(self) -> dict[str, bytes]:
        """Return the bytes of every table of the results."""
        found = sorted(self.folder.glob("results/**/tables/*"))
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}

    def say_of(self, stage: str) -> str:
        """Return all logs of a stage."""
        return "".join(path.read_text() for path in sorted(self.folder.glob(f"results/logs/{stage}/**/*.log")))


def make(folder: Path) -> Workplace:
    workplace = Workplace(folder)
    workplace.configure()
    workplace.variant("extractors", "narrow", NARROW)
    workplace.variant("methods", "mgpr_tiny", MGPR_TINY)
    return workplace


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory) -> Path:
    """Twelve small videos, six of them abnormal, and their tables."""
    folder = tmp_path_factory.mktemp("small")
    size = ["--frames", "64", "--size", "160x120"]
    synthesize.main(["--output", str(folder / "source"), "--videos", "12", "--seed", "5", "--folds", "2", *size])
    (folder / "tables").mkdir()
    for name in ("videos.tsv", "dataset.yaml", "splits"):
        shutil.move(folder / "source" / name, folder / "tables" / name)
    return folder


@pytest.fixture
def workplace(tmp_path, small_dataset) -> Workplace:
    """A fresh folder with the small dataset and nothing done yet."""
    shutil.copytree(small_dataset, tmp_path, dirs_exist_ok=True)
    return make(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, small_dataset) -> Workplace:
    """A folder in which everything has run once; read it, or `copy` it."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copytree(small_dataset, folder, dirs_exist_ok=True)
    workplace = make(folder)
    workplace.run()
    return workplace


@pytest.fixture
def copy(tmp_path, finished) -> Workplace:
    """A copy of the finished folder, times and all."""
    subprocess.run(["cp", "-a", f"{finished.folder}/.", str(tmp_path)], check=True)
    workplace = Workplace(tmp_path)
    workplace.run("--quiet", "all")  # the copy has other inodes: decode looks at every video once
    return workplace


def rows(path: Path) -> list[dict[str, str]]:
    return storage.read_table(path)
