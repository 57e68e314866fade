"""The workflow without `wsstad run`: by Snakemake alone, and as a module of another workflow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.documentation import fences
from workflow.conftest import CONFIG
from wsstad.locations import PACKAGE, SHARE

pytestmark = pytest.mark.workflow


def snakemake(folder, *arguments):
    """Run Snakemake; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "OMP_NUM_THREADS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [[], ["--snakefile", "workflow/Snakefile"]])
def test_snakemake_finds_the_workflow_in_the_root_of_a_clone(copy, arguments):
    (copy.folder / "workflow").symlink_to(SHARE / "workflow")
    output = snakemake(copy.folder, *arguments, "--configfile", "config.yaml", "--dry-run")
    assert "Nothing to be done" in output


def test_it_is_a_module_of_another_workflow(copy):
    (module,) = fences((SHARE / "docs/commands.md").read_text(), "snakemake")
    (copy.folder / "Snakefile").write_text(module)
    (copy.folder / "wsstad.yaml").write_text(yaml.safe_dump(CONFIG))
    output = snakemake(copy.folder, "--cores", "1", "count")
    assert "1 of 1 steps (100%) done" in output, output
    lines = (copy.folder / "results/tables/benchmark.tsv").read_text().splitlines()
    assert int((copy.folder / "n_rows.txt").read_text()) == len(lines)
    jobs = snakemake(copy.folder, "--dry-run", "--forceall", "count")
    assert "videos_decode" in jobs
