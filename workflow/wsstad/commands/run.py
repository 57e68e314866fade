"""Run the workflow: all of it, or the targets that are named, whatever an earlier run was doing when it was killed.

Targets are all (the table `benchmark` and the report), report, overlays, scores, and each table by its name. Words
after -- go to Snakemake, whose own words are kept in results/logs/snakemake.log. Stop a run with Ctrl-C or kill; the
same command goes on from there.

    wsstad run table2 --config my.yaml --set decode.crf=20
"""

import argparse
import hashlib
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from wsstad import heartbeat
from wsstad.commands import console, lock, snakemake_process
from wsstad.commands.healing import Healing
from wsstad.commands.run_progress import LOOKS
from wsstad.errors import UserError
from wsstad.locations import PACKAGE, SHARE, SNAKEFILE
from wsstad.planning import command_line
from wsstad.planning.command_line import RESULTS

PROFILES = SHARE / "workflow/profiles"
QUEUES = RESULTS / ".queues"  # the profiles of the clusters that ever got jobs from here


def main(argv: list[str] | None = None) -> None:
    """Run the workflow; end as it ends."""
    words = sys.argv[1:] if argv is None else argv
    mine, more = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    args = parser().parse_intermixed_args(mine)
    workflow(args, args.targets, more)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = make_parser(__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="what to make; by default all")
    return parser


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the flags of every verb that runs the workflow."""
    parser = command_line.plan_parser(description)
    parser.add_argument("--cores", default="", help="processors to use; by default all (2 on a cluster: the submitter)")
    parser.add_argument(
        "--profile", default=os.environ.get("WSSTAD_PROFILE", "default"),
        help="where jobs run: default (this machine), slurm, cluster-generic, or a folder of your own",
    )  # fmt: skip
    return parser


def workflow(args: argparse.Namespace, targets: Sequence[str], more: Sequence[str] = ()) -> None:
    """Run the workflow in the folder of the results, which becomes the current one; exit unless it ends well.

    One run at a time holds the lock, so a lock of Snakemake's that is still there once we hold ours is stale. The jobs
    of a killed run, here or in a cluster's queue, hold no lock, and are settled first.
    """
    if any(word.startswith("--workflow-profile") for word in more):
        raise UserError("--workflow-profile: name the profile with --profile, so that a killed run's jobs are found")
    profile = (PROFILES / args.profile if (PROFILES / args.profile).is_dir() else Path(args.profile)).resolve()
    if not (profile / "config.yaml").is_file():
        raise UserError(f"--profile {args.profile}: no {profile}/config.yaml")
    files = command_line.with_set_file(command_line.enter_one(args), args.set)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)]
    command += ["--workflow-profile", str(profile), *targets, *(["--cores", args.cores] if args.cores else []), *more]
    command += ["--configfile", *map(str, files)] if files else []
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the waiting for the lock, without a traceback
    with lock.held(RESULTS, wait=True) as descriptor:
        environment = _environment(profile)
        _settle(profile, environment)
        _await_orphans()
        if any(Path(".snakemake/locks").glob("*")):  # where the configuration is wrong, the run itself will say so
            unlock = [*command, "--quiet", "all", "--unlock"]
            subprocess.run(unlock, env=environment, check=False, capture_output=True)
        for path in RESULTS.rglob(".*.tmp"):
            path.unlink(missing_ok=True)
        run = partial(snakemake_process.run, command, environment, descriptor)
        code = run()[0] if LOOKS & set(more) else _heal(run)
    if code:
        sys.exit(128 - code if code < 0 else code)


def _heal(run: Callable[..., tuple[int, bool]]) -> int:
    """Run Snakemake, once more each time that its jobs came upon damage; return its last exit status."""
    healing = Healing()
    while True:
        code, again = console.watch(run, healing.again)
        if not again:
            return code


def _environment(profile: Path) -> dict[str, str]:
    """Return the environment of Snakemake and of its jobs."""
    name = hashlib.sha256(f"{RESULTS.resolve()}\n".encode()).hexdigest()[:8]
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "WSSTAD_PROFILE": str(profile),
        "WSSTAD_JOBS": f"wsstad-{name}",  # names our jobs in a queue
        "WSSTAD_LOCKED": "1",  # nothing else is at work: the Snakefile may remove damaged results
        "PYTHONPATH": os.pathsep.join(paths),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def _settle(profile: Path, environment: dict[str, str]) -> None:
    """Settle what a killed run left in the queues of clusters, and note that of this run."""
    queues = QUEUES.read_text(encoding="utf-8").splitlines() if QUEUES.exists() else []
    for queue in queues:
        settle = [str(SHARE / "workflow/settle"), queue, environment["WSSTAD_JOBS"]]
        if code := subprocess.run(settle, env=environment, check=False).returncode:
            sys.exit(code)
    if os.access(profile / "queue", os.X_OK) and str(profile) not in queues:
        with open(QUEUES, "a", encoding="utf-8") as file:
            print(profile, file=file)


def _await_orphans() -> None:
    """Wait for what a killed run left running on this machine: nothing is computed twice at once."""
    logs, said = list((RESULTS / "logs").rglob("*.log")), False
    while any((beat := heartbeat.read(log)) and beat.host == platform.node() and beat.is_alive(0.0) for log in logs):
        if not said:
            print("wsstad: waiting for the jobs that a killed run left running", file=sys.stderr)
        said = True
        time.sleep(1)
