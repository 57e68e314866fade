"""The small dataset of the workflow tests, run through a real Slurm of three nodes with one fake GPU each."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.sites import Site
from cluster.slurm import SCRIPTS, Slurm
from workflow.conftest import CONFIG, Workplace, for_all, make, small_dataset  # noqa: F401 - fixtures, used by name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is slow, and needs Slurm."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def slurm(tmp_path_factory) -> Iterator[Slurm]:
    """A Slurm of three nodes; stopped at the end, however the tests went."""
    folder = tmp_path_factory.mktemp("cluster") / "slurm"
    try:
        subprocess.run([SCRIPTS / "up.sh", folder, "3", "1"], check=True)
        yield Slurm(folder)
    finally:
        subprocess.run([SCRIPTS / "down.sh", folder], check=True)


def prepare(folder: Path, dataset: Path) -> None:
    """Make a folder that reads the dataset where it is, so that a copy of the folder sees the same videos."""
    shutil.copytree(dataset / "tables", folder / "tables")
    make(folder)
    benchmark = {**CONFIG["benchmarks"][0], "methods": ["whole_frame", "mgpr_tiny"], "seeds": [0]}
    sources = {"small": {"tables": "tables", "source": str(dataset / "source")}}
    Workplace(folder).configure(datasets=sources, benchmarks=[benchmark], shard_videos=4)


@pytest.fixture
def site(tmp_path, slurm, small_dataset) -> Site:  # noqa: F811
    """A fresh folder, three shards of four videos, and nothing done yet."""
    prepare(tmp_path, small_dataset)
    return Site(tmp_path, slurm=slurm)


@pytest.fixture(scope="session")
def linked(tmp_path_factory, small_dataset) -> Workplace:  # noqa: F811
    """A folder in which this machine alone has come as far as tubes."""
    folder = tmp_path_factory.mktemp("linked")
    prepare(folder, small_dataset)
    workplace = Workplace(folder)
    workplace.run("--until", "link")
    return workplace


@pytest.fixture(scope="session")
def local(tmp_path_factory, linked) -> Workplace:
    """A folder in which this machine alone has done everything."""
    folder = tmp_path_factory.mktemp("local")
    subprocess.run(["cp", "-a", f"{linked.folder}/.", folder], check=True)
    workplace = Workplace(folder)
    workplace.run()
    return workplace
