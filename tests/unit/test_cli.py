"""What every job does with the memory that it frees."""

import subprocess
import sys

import pytest

# Five arrays of 8 MB a round, all freed in it: more than the C library keeps by itself.
ROUNDS = """
import resource, sys
import numpy as np
from wsstad import cli
if sys.argv[1] == "keep":
    assert cli.keep_memory()
def work():
    arrays = [np.ones(1_000_000) for _ in range(5)]
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    done = subprocess.run([sys.executable, "-c", ROUNDS, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be asked to keep memory")
def test_memory_that_is_freed_is_used_again():
    assert faults("keep") < 500
    assert faults("as it is") > 5000


def test_a_c_library_that_cannot_is_left_alone(monkeypatch):
    from wsstad import cli

    monkeypatch.setattr(cli.ctypes, "CDLL", lambda name: object())
    assert cli.keep_memory() is False
