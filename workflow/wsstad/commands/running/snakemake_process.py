"""Snakemake as a child: it is told to stop when we are, it dies when we die, and its words go where we want them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO

import psutil

from wsstad.locations import PACKAGE, SNAKEFILE

COMMAND = (sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE))
STOPS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
AWAITED = {*STOPS, signal.SIGCHLD}
JOB = "-m wsstad.stages "  # in the command line of every job, of the shell around it and of its worker processes
GRACE = 15.0  # seconds that a stopped Snakemake has to end once its jobs are gone
FROM_KERNEL = 0x80  # si_code of a signal that a terminal sent, to every process in front of it
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
PRCTL = ctypes.CDLL(None).prctl


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for Snakemake and its jobs, in which the folder that they work in names no code.

    An empty or relative entry of PATH or PYTHONPATH would mean that folder, as ``python -m`` does.

    >>> made = environment({"PATH": ":bin:/usr/bin", "PYTHONPATH": ".:"})
    >>> made["PATH"].split(":")[1:], made["PYTHONPATH"] == str(PACKAGE.parent), made["PYTHONSAFEPATH"]
    (['/usr/bin'], True, '1')
    """
    return {
        **given,
        "PYTHONPATH": _joined(PACKAGE.parent, given.get("PYTHONPATH", "")),
        "PYTHONSAFEPATH": "1",
        "PATH": _joined(Path(sys.executable).parent, given.get("PATH", os.defpath)),
    }


def _joined(first: Path, rest: str) -> str:
    entries = [entry for entry in rest.split(os.pathsep) if Path(entry).is_absolute()]
    return os.pathsep.join(dict.fromkeys([str(first), *entries]))


def option(name: str, values: Sequence[Path]) -> list[str]:
    """Return the words of an option that takes several values; none where there are none, which Snakemake refuses."""
    return [name, *map(str, values)] if values else []


def run(
    command: Sequence[str],
    environment: dict[str, str],
    lock: int,
    output: IO[str] | None = None,
    look: Callable[[], None] = lambda: None,
) -> tuple[int, bool]:
    """Run a command, and call `look` every second; return its exit status, and whether we were told to stop.

    It holds `lock`, a file descriptor, as we do. SIGINT, SIGTERM and SIGHUP, but where `nohup` has it ignored, reach
    it as SIGINT: after a SIGTERM Snakemake 9.27 may hang for ever. It then waits for its jobs on this machine, an hour
    maybe, so we end them: what they have written is whole, and the next run goes on from there. A SIGINT inside
    `Semaphore.acquire` leaves Snakemake in a deadlock, so it is killed if it does not end without its jobs.
    """
    # A script ignores SIGINT for what it starts in the background, and whoever sends one there means it all the same.
    awaited = AWAITED - ({signal.SIGHUP} if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else set())
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    begin, errors = partial(_begin, os.getpid()), subprocess.STDOUT if output else None
    child = subprocess.Popen(
        command, env=environment, pass_fds=[lock], stdout=output, stderr=errors, preexec_fn=begin, text=True
    )
    stopped, busy = False, 0.0
    while child.poll() is None:
        received = signal.sigtimedwait(awaited, 1.0)
        if received and received.si_signo in STOPS:
            stopped = True
            if received.si_signo != signal.SIGINT or received.si_code != FROM_KERNEL:
                child.send_signal(signal.SIGINT)
        if stopped and (_end_jobs(child.pid) or not busy):
            busy = time.monotonic()
        elif stopped and time.monotonic() - busy > GRACE:
            child.kill()
        look()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited)
    return child.returncode, stopped


def _end_jobs(snakemake: int) -> int:
    """End the jobs that Snakemake, by its number, has started on this machine; return how many processes they are."""
    ended = 0
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(snakemake).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if JOB in " ".join(process.cmdline()):
                    process.terminate()
                    ended += 1
    return ended


def _begin(parent: int) -> None:
    """Prepare the child: it is of no use without us, and can be stopped even if we were started in the background."""
    PRCTL(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
