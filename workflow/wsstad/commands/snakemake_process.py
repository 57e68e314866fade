"""Snakemake as a child: it is told to stop when we are, it dies when we die, and its words go where we want them."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO, Any

STOPS = {signal.SIGINT, signal.SIGTERM}
WAITED = {*STOPS, signal.SIGCHLD}
FROM_KERNEL = 0x80  # si_code of a signal that a terminal sent, to every process in front of it
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
PRCTL = ctypes.CDLL(None).prctl


class Run:
    """Runs Snakemake in an environment; it holds the lock of the results as we do, by its file descriptor."""

    def __init__(self, environment: dict[str, str], descriptor: int) -> None:
        self._options: dict[str, Any] = {"env": environment, "pass_fds": [descriptor]}
        self.stopped = False

    def plainly(self, command: Sequence[str], output: IO[str] | None = None) -> int:
        """Run a command; return its exit status."""
        return self.watched(command, output, lambda: None)

    def watched(self, command: Sequence[str], output: IO[str] | None, look: Callable[[], None]) -> int:
        """Run a command, and call `look` every second; return its exit status, below 0 that of a signal.

        SIGINT and SIGTERM reach it as SIGINT: after a SIGTERM Snakemake 9.27 may hang for ever.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, WAITED)
        child = subprocess.Popen(
            command, stdout=output, stderr=output and subprocess.STDOUT, preexec_fn=partial(_begin, os.getpid()),
            **self._options,
        )  # fmt: skip
        while child.poll() is None:
            got = signal.sigtimedwait(WAITED, 1.0)
            if got and got.si_signo in STOPS:
                self.stopped = True
                if got.si_signo == signal.SIGTERM or got.si_code != FROM_KERNEL:
                    child.send_signal(signal.SIGINT)
            look()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WAITED)
        return child.returncode


def _begin(parent: int) -> None:
    """Prepare the child: without us nobody would report what it does, nor stop it; and whoever runs it may stop it."""
    PRCTL(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WAITED)
