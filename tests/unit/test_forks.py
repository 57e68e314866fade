"""Work in forked processes: every item once, whoever fails, without /dev/shm."""

import multiprocessing.heap
import multiprocessing.synchronize
import os

import pytest

from support import injection, jobs
from wsstad import forks
from wsstad.errors import UserError
from wsstad.progress import Progress


def run(function, items, processes=3):
    with Progress("test", len(items), "items") as progress:
        forks.run_forked(function, items, processes=processes, progress=progress)
    return progress.done


def test_every_item_is_done_once_and_counted(tmp_path):
    items = list(range(40))
    assert run(lambda item: (tmp_path / f"{item}.{os.getpid()}").touch(), items) == 40
    assert sorted(int(path.name.split(".")[0]) for path in tmp_path.iterdir()) == items


def test_more_items_than_a_pipe_holds(tmp_path):
    written = tmp_path / "written"
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    items = list(range(20_000))
    assert run(lambda item: os.write(descriptor, b"%d\n" % item), items, processes=2) == 20_000
    assert sorted(map(int, written.read_text().split())) == items


def test_the_others_end_their_work_when_one_fails(tmp_path):
    def work(item):
        if item == 0:
            raise ValueError("a bug")
        (tmp_path / f"{item}").touch()

    with pytest.raises(RuntimeError, match="1 of 3 processes failed"):
        run(work, list(range(12)))
    assert sorted(int(path.name) for path in tmp_path.iterdir()) == list(range(1, 12))


def test_what_was_told_in_one_line_is_not_told_again():
    def work(item):
        raise UserError("a mistake")

    with pytest.raises(SystemExit) as caught:
        run(work, [1, 2, 3])
    assert caught.value.code == 2


def test_a_read_only_dev_shm_is_enough(tmp_path):
    if jobs.apart(injection.read_only_shm).code:
        pytest.skip("no process here may mount anything")

    def work():
        injection.read_only_shm()
        with pytest.raises(OSError, match="Read-only"):
            multiprocessing.get_context("fork").Value("i", 0)
        assert run(lambda item: (tmp_path / f"{item}").touch(), [1, 2, 3]) == 3

    ended = jobs.apart(work)
    assert ended.code == 0, ended.log


def test_no_semaphore_and_no_shared_memory_is_needed(monkeypatch, tmp_path):
    """Both lie in /dev/shm, which may be read-only."""

    def refuse(*args, **options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(multiprocessing.synchronize.SemLock, "__init__", refuse)
    monkeypatch.setattr(multiprocessing.heap.Arena, "__init__", refuse)
    assert run(lambda item: (tmp_path / f"{item}").touch(), [1, 2, 3]) == 3
