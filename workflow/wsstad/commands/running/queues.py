"""Jobs that a run leaves in a cluster's queue: the next run settles those of a killed one, a stop cancels them."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from wsstad.errors import UserError
from wsstad.locations import SHARE
from wsstad.planning.command_line import RESULTS

PROFILES = SHARE / "workflow/profiles"
QUEUES = RESULTS / ".queues"  # the names of the profiles of clusters that ever got jobs from here
NAME = "WSSTAD_JOBS"  # the environment variable with the name of our jobs
# Looks at the queue, and seconds between them: a job that was being submitted shows there a moment later.
LOOKS, PAUSE = 5, 2.0


def settle(profile: Path, environment: Mapping[str, str]) -> None:
    """Settle what a killed run left in the queues of clusters, and note that of this run; exit where one fails.

    Only names are noted, and only profiles that come with wsstad, or that the user names now, are run: a folder of
    results may come from anywhere.
    """
    queues = QUEUES.read_text(encoding="utf-8").splitlines() if QUEUES.exists() else []
    for name in queues:
        command = [str(SHARE / "workflow/settle"), str(_profile_of(name, profile)), environment[NAME]]
        if code := subprocess.run(command, env=environment, check=False).returncode:
            sys.exit(code)
    if _has_queue(profile) and profile.name not in queues:
        with open(QUEUES, "a", encoding="utf-8") as file:
            print(profile.name, file=file)


def cancel(profile: Path, environment: Mapping[str, str]) -> None:
    """Cancel what a stopped run has in the queue of its cluster, if it has one.

    Snakemake cancels the jobs that it knows of, and not one that it was submitting when it was stopped.
    """
    if not _has_queue(profile):
        return
    empty = 0
    for _ in range(LOOKS):
        queue = [str(profile / "queue"), environment[NAME]]
        answer = subprocess.run(queue, env=environment, check=False, capture_output=True, text=True)
        if jobs := [line.split()[0] for line in answer.stdout.splitlines() if line.strip()]:
            # Some may have been cancelled before and not be gone yet, which does no harm.
            subprocess.run([str(profile / "cancel"), *jobs], env=environment, check=False, capture_output=True)
        empty = 0 if jobs or answer.returncode else empty + 1
        if empty == 2:
            return
        time.sleep(PAUSE)


def _has_queue(profile: Path) -> bool:
    return os.access(profile / "queue", os.X_OK)


def _profile_of(name: str, current: Path) -> Path:
    """Return the folder of a profile that `QUEUES` names; `current` is that of this run."""
    known = {path.name: path for path in [*PROFILES.iterdir(), current]}
    if name in known and _has_queue(known[name]):
        return known[name]
    raise UserError(
        f"{QUEUES}: an earlier run had jobs in the queue of profile {name!r}: name its folder with --profile, or "
        "remove the line if nothing of it is left there"
    )
