"""Snakemake as a child: it is told to stop when we are, it dies when we die, and its words go where we want them."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO

STOPS = {signal.SIGINT, signal.SIGTERM}
AWAITED = {*STOPS, signal.SIGCHLD}
FROM_KERNEL = 0x80  # si_code of a signal that a terminal sent, to every process in front of it
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
PRCTL = ctypes.CDLL(None).prctl


def run(
    command: Sequence[str],
    environment: dict[str, str],
    lock: int,
    output: IO[str] | None = None,
    look: Callable[[], None] = lambda: None,
) -> tuple[int, bool]:
    """Run a command, and call `look` every second; return its exit status, and whether we were told to stop.

    It holds `lock`, a file descriptor, as we do. SIGINT and SIGTERM reach it as SIGINT: after a SIGTERM Snakemake 9.27
    may hang for ever.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    begin, errors = partial(_begin, os.getpid()), subprocess.STDOUT if output else None
    child = subprocess.Popen(
        command, env=environment, pass_fds=[lock], stdout=output, stderr=errors, preexec_fn=begin, text=True
    )
    stopped = False
    while child.poll() is None:
        received = signal.sigtimedwait(AWAITED, 1.0)
        if received and received.si_signo in STOPS:
            stopped = True
            if received.si_signo == signal.SIGTERM or received.si_code != FROM_KERNEL:
                child.send_signal(signal.SIGINT)
        look()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
    return child.returncode, stopped


def _begin(parent: int) -> None:
    """Prepare the child: it is of no use without us, and can be stopped even if we were started in the background."""
    PRCTL(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
