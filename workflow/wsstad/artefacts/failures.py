"""A failure over one video becomes a code, so that it never ends a job.

What is not the fault of a video is raised: a mistake of the user, a damaged result, a disk that is full.
"""

import errno
import logging
from collections.abc import Callable

from wsstad import machine
from wsstad.artefacts.storage import Artefact
from wsstad.errors import DamagedError, QuarantineError, UserError

log = logging.getLogger(__name__)

# The machine has no more of something, whichever video comes next.
STOPS = {*machine.FULL, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.EFBIG}
LONGEST = 200  # characters of a reason
# Errors of torch, by name, so that it need not be imported.
PASSING = {"OutOfMemoryError", "AcceleratorError"}


def attempt(video: str, make: Callable[[], Artefact]) -> tuple[str, Artefact | QuarantineError]:
    """Return a video and what `make` makes of it, or why it fails over it; raise what is not the video's."""
    try:
        return video, make()
    except Exception as error:
        return video, quarantine(video, error)


def quarantine(video: str, error: Exception) -> QuarantineError:
    """Return the code of an exception over a video, whose traceback goes to the log; raise what is not the video's."""
    if isinstance(error, QuarantineError):
        return error
    if isinstance(error, UserError | DamagedError) or (isinstance(error, OSError) and error.errno in STOPS):
        raise error
    if line := machine.cause(error):
        log.error("%s: failed: %s", video, line)
    else:
        log.error("%s: failed", video, exc_info=error)
    if isinstance(error, OSError) and error.strerror:
        return QuarantineError("S302", f"{type(error).__name__}: {error.strerror}")
    words = " ".join(f"{type(error).__name__}: {error}".split())
    may_pass = isinstance(error, OSError | MemoryError) or type(error).__name__ in PASSING or "CUDA" in words
    return QuarantineError("S302" if may_pass else "S301", words[:LONGEST])


def as_sent(video: str, error: Exception) -> tuple[str, str] | UserError:
    """Return what a child process sends of an exception over a video: code and reason, or what ends the job."""
    try:
        code = quarantine(video, error)
    except UserError as mistake:
        return mistake
    except OSError as stop:
        return UserError(f"{video}: {machine.cause(stop)}")
    return code.code, code.reason


def unreadable(error: OSError) -> QuarantineError:
    """Return the code of a video whose raw file cannot be read, whatever the machine's folders are called."""
    return QuarantineError("V112", error.strerror or type(error).__name__)
