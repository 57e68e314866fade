"""Fixtures for all tests."""

import os
from collections import defaultdict
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).parent.parent

MEANWHILE = 500  # short tests, for half a minute or so

# A busy machine is no fault of the code: no test has a time limit of its own but pytest's.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole workflows in every process, module by module, and end with the many short tests.

    Each process begins with an equal part of the list, and then takes over what others have left. All but the first do
    some short tests before: meanwhile the first makes the finished run that most workflows start from.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    short = iter([item for item in items if "workflow" not in item.keywords])
    modules = defaultdict(list)
    for item in items:
        if "workflow" in item.keywords:
            modules[item.path].append(item)
    shares: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for module in sorted(modules.values(), key=len, reverse=True):
        min(shares, key=len).extend(module)
    length = max(1, len(items) // processes)
    ordered: list[pytest.Item] = []
    for share in shares:
        ordered += islice(short, MEANWHILE if ordered else 0)
        ordered += share
        ordered += islice(short, -len(ordered) % length)
    items[:] = [*ordered, *short]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real videos, annotations and weights, which are not part of the repository."""
    folder = Path(os.environ.get("WSSTAD_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data are not at {folder} (set WSSTAD_SHARED)")
    return folder
