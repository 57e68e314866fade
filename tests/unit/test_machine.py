"""What is wrong with the machine is one line with its cause; a bug is not taken for it."""

import errno
import os
import re
import subprocess
import sys

import pytest

from wsstad import cli, machine
from wsstad.artefacts import storage
from wsstad.artefacts.storage import Artefact


def test_a_full_disk_names_the_file_what_it_needs_and_what_is_free(tmp_path):
    path = tmp_path / "table.tsv"
    # The temporary file is a device that is always full.
    (tmp_path / f".table.tsv.{os.getpid()}.tmp").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        storage.write_text(path, "x" * 2_500_000)
    line = machine.cause(caught.value)
    assert line.startswith(f"{path}: No space left on device: 2.5 MB are needed, ")
    assert line.endswith(" MB are free; make room; the same command goes on from there")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n", [3, 300_000])
def test_a_full_disk_is_the_same_for_an_artefact(tmp_path, n):
    import numpy as np

    path = tmp_path / "v.h5"
    (tmp_path / f".v.h5.{os.getpid()}.tmp").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        storage.write_artefact(path, Artefact({"a": np.zeros(n)}), kind="tubes", key="k")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "EACCES"])
def test_the_causes_of_a_machine_end_a_command_with_one_line(name, capsys):
    number = getattr(errno, name)

    def main():
        raise OSError(number, os.strerror(number), "results/a.tsv")

    with pytest.raises(SystemExit) as caught:
        cli.run(main)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith(f"wsstad: results/a.tsv: {os.strerror(number)}; ")


@pytest.mark.parametrize("error", [FileNotFoundError(2, "no", "x"), RuntimeError("a bug"), ImportError("no such")])
def test_a_bug_keeps_its_traceback(error):
    assert machine.cause(error) == ""

    def main():
        raise error

    with pytest.raises(type(error)):
        cli.run(main)


def test_an_error_over_another_file_keeps_its_name(tmp_path):
    def read(temporary):
        raise OSError(errno.EIO, "Input/output error", "/elsewhere/raw.mp4")

    with pytest.raises(OSError, match=r"/elsewhere/raw\.mp4"), storage.atomic(tmp_path / "x") as temporary:
        read(temporary)


@pytest.mark.parametrize("megabytes", [400, 1500])
def test_too_little_memory_is_one_line_with_the_limit(megabytes, repository):
    """torch is the first that finds none."""
    code = "from wsstad import cli; cli.run(lambda: __import__('torch'))"
    command = ["bash", "-c", f'ulimit -v {megabytes}000; exec "$@"', "bash", sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(repository / "workflow"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    expected = rf"wsstad: not enough memory within the limit of {megabytes * 1.024:.1f} MB \(`ulimit -v`\): .*\n"
    assert (done.returncode, bool(re.fullmatch(expected, done.stderr))) == (2, True), done.stderr
