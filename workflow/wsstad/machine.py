"""What is wrong with the machine and not with a file or the code: a full disk, a quota, a limit; in one line."""

import errno
import os
import resource
from pathlib import Path

# What to do about an error of the system, by number. Any other is a bug, and has a traceback.
ADVICE = {
    errno.ENOSPC: "make room; the same command goes on from there",
    errno.EDQUOT: "make room within the quota; the same command goes on from there",
    errno.EROFS: "mount it to be written, or let --directory name another folder",
    errno.EIO: "the disk, or the way to it, failed; the system's log says more",
    errno.ESTALE: "the file server was restarted; the same command goes on from there",
    errno.EMFILE: "raise the limit of open files, `ulimit -n`",
    errno.ENFILE: "too many files are open on this machine",
    errno.EACCES: "it has to be allowed to this user",
    errno.EPERM: "it has to be allowed to this user",
    errno.ENOLCK: "this file system has no locks, or no more of them",
    errno.ENOMEM: "more memory is needed",
    errno.EFBIG: "raise the limit of file sizes, `ulimit -f`",
}
# There is no room left, whichever file comes next.
FULL = {errno.ENOSPC, errno.EDQUOT}
# Messages of libraries for want of memory, other than a MemoryError.
NO_MEMORY = ("failed to map segment", "Cannot allocate memory", "can't allocate memory", "can't start new thread")
# What the C and C++ in them write before they abort for want of memory.
ABORTS = ("LLVM ERROR: out of memory", "std::bad_alloc")
MEGABYTE = 1e6


def cause(error: BaseException) -> str:
    """Return in one line what is wrong with the machine; an empty text where the error has another cause."""
    words = " ".join(str(error).split())
    if isinstance(error, MemoryError) or any(text in words for text in NO_MEMORY):
        return f"not enough memory{_limit()}: {words or type(error).__name__}"
    if isinstance(error, OSError) and error.errno in ADVICE:
        reason = " ".join((error.strerror or os.strerror(error.errno)).split())
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{reason}; {ADVICE[error.errno]}"
    return ""


def explain_write(error: OSError, path: Path, size: int) -> OSError:
    """Return an error in the writing of a file with the name of the file, and on a full disk with the room there is.

    `size` is how many bytes are to be written, 0 where that is not known. Errors that are not of the machine are
    returned as they are.
    """
    if error.errno not in ADVICE or (error.filename and Path(error.filename).parent != path.parent):
        return error
    reason = os.strerror(error.errno)
    if error.errno in FULL:
        needed = f"{_megabytes(size)} are needed, " if size else ""
        reason = f"{reason}: {needed}{_megabytes(free(path.parent))} are free"
    return OSError(error.errno, reason, str(path))


def free(folder: Path) -> int:
    """Return how many bytes may be written in a folder; 0 where that is unknown."""
    try:
        state = os.statvfs(folder)
    except OSError:
        return 0
    return state.f_bavail * state.f_frsize


def _limit() -> str:
    """Return the limit of this process's memory, if it has one."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return "" if limit == resource.RLIM_INFINITY else f" within the limit of {_megabytes(limit)} (`ulimit -v`)"


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"
