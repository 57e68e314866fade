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
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from wsstad import heartbeat
from wsstad.commands.running import console, damage, keep, lock, queues, run_about, snakemake_process, snakemake_records
from wsstad.commands.running.healing import Healing
from wsstad.commands.running.run_progress import only_looks
from wsstad.commands.running.snakemake_process import option
from wsstad.errors import UserError
from wsstad.planning import command_line, kept_runs, run_targets
from wsstad.planning.command_line import RESULTS

STOPPED = 128 + signal.SIGINT  # exit status of a stopped run, as a shell has it for whatever Ctrl-C ends
SIGNS = "'\"`$\\{}"
UNQUOTABLE = {*SIGNS, "\n"}  # in a profile's commands Snakemake replaces $WSSTAD_PROFILE by text, whatever the quotes


def main(argv: list[str] | None = None) -> None:
    """Run the workflow; end as it ends."""
    words = sys.argv[1:] if argv is None else argv
    own, more = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    args = parser().parse_intermixed_args(own)
    workflow(args, args.targets, [*more, "--dry-run"] if args.dry_run else more, name=args.name)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = make_parser(__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="what to make; by default all")
    parser.add_argument("-n", "--dry-run", action="store_true", help="list the jobs of a run; nothing on disk changes")
    parser.add_argument(
        "--name", default="", help="keep the finished run by this name in results/kept/, to compare with"
    )
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


def workflow(args: argparse.Namespace, targets: Sequence[str], more: Sequence[str] = (), *, name: str = "") -> None:
    """Run the workflow in the folder of the results, which becomes the current one; exit unless it ends well.

    One run at a time holds the lock, so a lock of Snakemake's that is still there once we hold ours is stale. The jobs
    of a killed run, here or in a cluster's queue, hold no lock, and are settled first. One that ends well is kept by
    `name`, if there is one.
    """
    if any(word.startswith("--workflow-profile") for word in more):
        raise UserError("--workflow-profile: name the profile with --profile, so that a killed run's jobs are found")
    profile = (
        queues.PROFILES / args.profile if (queues.PROFILES / args.profile).is_dir() else Path(args.profile)
    ).resolve()
    if not (profile / "config.yaml").is_file():
        raise UserError(f"--profile {args.profile}: no {profile}/config.yaml")
    if (profile / "submit").exists() and set(str(profile)) & UNQUOTABLE:
        raise UserError(f"--profile {args.profile}: {str(profile)!r} is part of a command; allowed: none of {SIGNS}")
    files = command_line.enter_one(args)
    if name:
        kept_runs.check_new(RESULTS, name)
    command = [*snakemake_process.COMMAND, "--workflow-profile", str(profile), *map(run_targets.rule, targets)]
    command += [*(["--cores", args.cores] if args.cores else []), *more]
    if only_looks(more):
        code = _look(command, files, args.set, profile)
    else:
        code = _run(command, files, args.set, profile, name)
    if code:
        sys.exit(128 - code if code < 0 else code)


def _run(command: list[str], files: Sequence[Path], assignments: Sequence[str], profile: Path, name: str) -> int:
    """Run Snakemake by a command, once what a killed run left is settled; return its exit status.

    What ends well is kept by `name`, where there is one.
    """
    command = [*command, *option("--configfile", command_line.with_set_file(files, assignments))]
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the waiting for the lock, without a traceback
    with lock.held(RESULTS, wait=True) as descriptor:
        environment = _environment(profile)
        environment["WSSTAD_LOCKED"] = "1"  # nothing else is at work: the Snakefile may remove damaged results
        queues.settle(profile, environment)
        _await_orphans()
        if any(Path(".snakemake/locks").glob("*")):  # where the configuration is wrong, the run itself will say so
            unlock = [*command, "--quiet", "all", "--unlock"]
            subprocess.run(unlock, env=environment, check=False, capture_output=True)
        for path in RESULTS.rglob(".*.tmp"):
            path.unlink(missing_ok=True)
        code = _heal(partial(_run_snakemake, command, environment, descriptor, profile))
        if name and not code:
            folder = keep.keep(command_line.read_plan(files, assignments), name)
            print(f"wsstad: kept by name: {folder}", file=sys.stderr)
    return code


def _run_snakemake(
    command: list[str],
    environment: dict[str, str],
    descriptor: int,
    profile: Path,
    output: IO[str],
    look: Callable[[], None],
) -> tuple[int, bool]:
    """Run Snakemake, and cancel what a stopped run has in a queue; return exit status and whether it was stopped.

    Where Ctrl-C reaches Snakemake twice, its own exit status depends on when: ours is `STOPPED` for every stop.
    """
    code, stopped = snakemake_process.run(command, environment, descriptor, output, look)
    if stopped:
        queues.cancel(profile, environment)
    return STOPPED if stopped and code else code, stopped


def _look(command: list[str], files: Sequence[Path], assignments: Sequence[str], profile: Path) -> int:
    """Have Snakemake list what a run would do, and change nothing on disk; return its exit status.

    What a run would first set aside, as it is damaged, is handed to Snakemake as what is to be made again.
    """
    with lock.held(RESULTS, wait=True, looks=True) as descriptor, TemporaryDirectory() as folder:
        again = damage.remove(command_line.read_plan(files, assignments), dry=True)
        files = command_line.with_set_file(files, assignments, Path(folder))
        command = [*command, *option("--forcerun", again), *option("--configfile", files)]
        with snakemake_records.unchanged():
            return snakemake_process.run(command, _environment(profile), descriptor)[0]


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
    return {
        **snakemake_process.environment(os.environ),
        "WSSTAD_PROFILE": str(profile),
        queues.NAME: f"wsstad-{name}",
        run_about.COMMAND: shlex.join([*sys.argv[0].split(), *sys.argv[1:]]),
    }


def _await_orphans() -> None:
    """Wait for what a killed run left running on this machine: nothing is computed twice at once."""
    logs, announced = list((RESULTS / "logs").rglob("*.log")), False
    while any((beat := heartbeat.read(log)) and beat.host == platform.node() and beat.is_alive(0.0) for log in logs):
        if not announced:
            print("wsstad: waiting for the jobs that a killed run left running", file=sys.stderr)
        announced = True
        time.sleep(1)
