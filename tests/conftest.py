"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).parent.parent

# A busy machine is no fault of the code: no test has a time limit of its own but pytest's.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests, so that none of them is left to one process at the end."""
    items.sort(key=lambda item: "workflow" not in item.keywords)


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
