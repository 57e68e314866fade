"""Files that others have written: whatever a library raises over one of them becomes one line with its path."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from wsstad.errors import UserError

MOST_WORDS = 300  # characters of a library's own message


@contextmanager
def reading(path: Path | str, kind: str) -> Iterator[None]:
    """Turn what is raised over a damaged or hostile file into a `UserError`: path, kind and what the library says.

    A `UserError` passes as it is. Readers have no list of what they raise: numpy errors of the tokenizer, expat those
    of encodings, json those of recursion, and polars a panic, which is no `Exception`.
    """
    try:
        yield
    except UserError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        words = " ".join(str(error).split())[:MOST_WORDS] or type(error).__name__
        raise UserError(f"{path}: {kind}: {words}") from error


# What reads a whole file of some format, in a process of its own: over some damaged files libhdf5, the MATLAB reader of
# scipy and polars do not raise, but end their process, wait for ever, or ask for all memory.
TRIALS = {
    "parquet": "import polars\npolars.read_parquet(path).to_dicts()",
    "mat": "import scipy.io\nscipy.io.loadmat(path)",
    "hdf5": """
import h5py
def visit(name, item):
    if isinstance(item, h5py.Dataset):
        if item.nbytes > 1 << 20 and item.nbytes > 1000 * item.id.get_storage_size():
            flaw = f"{name} declares {item.nbytes} bytes and has {item.id.get_storage_size()}"
            raise ValueError(flaw)
        item[()]
with h5py.File(path) as file:
    file.visititems(visit)""",
}
LIMITS = """
import resource, sys
path, most = sys.argv[1], int(sys.argv[2])
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
"""
MEMORY = 4 << 30  # bytes that a trial may take, beside 20 for each byte of the file
SECONDS = 60.0  # and how long, beside one for each 10 MB


def try_out(path: Path, form: str, kind: str) -> None:
    """Read a file in a process of its own, once as long as it stays; raise `UserError` where that does not end well."""
    if path.is_file():  # for the others there are better words
        stat = path.stat()
        _try_out(path, form, kind, stat.st_mtime_ns, stat.st_size)


@cache
def _try_out(path: Path, form: str, kind: str, time: int, size: int) -> None:
    command = [sys.executable, "-I", "-c", LIMITS + TRIALS[form], str(path), str(MEMORY + 20 * size)]
    seconds = SECONDS + size / 1e7
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise UserError(f"{path}: {kind}: not read after {seconds:.0f} s") from None
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise UserError(f"{path}: {kind}: damaged, so that the library that reads it crashes ({name})")
    if done.returncode:
        words = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
        raise UserError(f"{path}: {kind}: {words.partition(': ')[2][:MOST_WORDS] or words[:MOST_WORDS]}")
