"""A slice of the fault matrix, each fault once, and of the kills at counted points.

`tests/matrix.py` tries all cells, and `tests/kill.py` all points. In a process of its own, since the one that forks the
jobs must not have computed anything.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from support import cells, flips, matrix_process

STEP = 29  # of the kills at counted points one in so many is tried


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("PYTHONPATH", os.pathsep.join(str(flips.REPOSITORY / name) for name in ("workflow", "tests")))
        options = {"mp_context": get_context("spawn"), "initializer": matrix_process.begin, "initargs": (folder,)}
        with ProcessPoolExecutor(1, **options) as executor:  # no `Pool`: its processes may have no children
            yield executor


@pytest.mark.parametrize("family", cells.FAMILIES)
def test_each_fault_has_its_outcome_and_a_plain_re_run_ends_in_the_clean_bytes(worker, family):
    tried, problems = worker.submit(matrix_process.try_family, family).result()
    assert problems == []
    assert tried >= 3


def test_a_kill_at_any_point_of_a_write_is_mended_by_a_plain_re_run(worker):
    tried, problems = worker.submit(matrix_process.try_points, STEP).result()
    assert problems == []
    assert tried >= 10
