"""Say in words how far a run is: each stage and all of it, from another shell or machine, while the run goes on.

Everything is read from what a run leaves behind: manifests, artefacts, logs, and the configuration that it began with.
Nobody is asked and no lock is taken.

    wsstad status
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsstad.artefacts import job_logs
from wsstad.artefacts.job_logs import ago
from wsstad.commands import run_progress
from wsstad.commands.run_progress import Standing
from wsstad.planning import command_line
from wsstad.planning.plan import Plan
from wsstad.progress import clock

SILENT = 300  # seconds without a word after which a run is not taken to be alive
WIDTH = 24  # of a bar on a terminal
MOST_QUARANTINED = 8  # that are named


def main(argv: list[str] | None = None) -> None:
    """Say how far the run is, once or again and again."""
    args = parser().parse_args(argv)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # exit quietly when the reader closes the pipe, as `head` does
    files = _enter(args)
    while True:
        plan, targets, started = _plan(files, args.set, args.target)
        lines = list(tell(plan, targets, started=started, bars=sys.stdout.isatty()))
        print(("\033[H\033[2J" if args.every and sys.stdout.isatty() else "") + "\n".join(lines), flush=True)
        if not args.every:
            return
        time.sleep(args.every)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = command_line.plan_parser(__doc__)
    parser.add_argument("--target", action="append", help="may be repeated; default: those of the run")
    parser.add_argument("--every", type=float, help="say it again every so many seconds, until stopped")
    return parser


def tell(plan: Plan, targets: Sequence[str], *, started: float, bars: bool) -> Iterator[str]:
    """Yield a line for each stage and each piece of work in it, the state of the run before them, the sum after."""
    now = job_logs.now()
    found = run_progress.look(plan, targets, started=started)
    words = [its.last_word for its in found if its.last_word]
    yield _alive(found, now - max(words)) if words else "no run has begun here with this configuration"
    wide = max((len(its.name) for its in found), default=0)
    for its in found:
        yield _line(its, now, wide=wide, bars=bars)
        for name, log in its.at_work.items():
            left = log.seconds_left(now)
            ends = f", ETA {clock(left)}" if left is not None else ""
            amount = f"{log.done}/{log.total} {log.unit}, {log.rate}/s" if log.total else "beginning"
            yield f"    at work: {name}: {amount}{ends}; last word {ago(now - log.written)} ago"
        for name, log in its.failed.items():
            yield f"    failed: {name}: {log.failure}"
    yield from _sum(found, now)


def _enter(args: argparse.Namespace) -> list[Path]:
    """Change to the folder of the results; without flags, the run that is noted there says what it is of."""
    noted = (args.directory or Path()) / command_line.RESULTS / run_progress.RUN
    if args.config or args.set or not noted.is_file():
        return command_line.enter_one(args)
    os.chdir(args.directory or Path())
    return []


def _plan(files: Sequence[Path], values: Sequence[str], targets: Sequence[str] | None) -> tuple[Plan, list[str], float]:
    """Return the plan, its targets and when the run began: those of the last run, unless others are asked for."""
    noted = run_progress.read_run(command_line.RESULTS)
    if files or values or noted is None:
        plan = command_line.read_plan(list(files), list(values))
        return plan, list(targets or run_progress.DEFAULT), noted.started if noted else 0.0
    return Plan(noted.config, command_line.RESULTS), list(targets or noted.targets), noted.started


def _alive(found: Sequence[Standing], silent: float) -> str:
    """Return whether a run is at work, as far as files can tell."""
    state = "no run seems to be at work"
    if all(its.done >= its.total for its in found):
        state = "the last run is done"
    elif silent < SILENT and any(its.at_work for its in found):
        state = "a run is at work"
    elif any(its.failed for its in found):
        state = "a run stopped at what failed"
    elif silent < SILENT:
        state = "a run is between two jobs, or has stopped"
    return f"{state}: its last word came {ago(silent)} ago"


def _line(its: Standing, now: float, *, wide: int, bars: bool) -> str:
    """Return what there is to say of a stage."""
    share = its.done / its.total if its.total else 1.0
    bar = f"[{'#' * round(WIDTH * share):<{WIDTH}}] " if bars else ""
    parts = [f"{its.done}/{its.total} {its.unit}"]
    if its.quarantined:
        parts.append(f"{len(its.quarantined)} quarantined")
    if its.unchanged:
        parts.append(f"{its.unchanged} stood already")
    if its.reused:
        parts.append(f"{its.reused} clips taken over")
    parts += its.speeds()
    left = its.seconds_left(now)
    if its.done < its.total:
        parts.append(f"ETA {clock(left)}" if left is not None else "waiting" if not its.at_work else "ETA ?")
    return f"{bar}{its.name:<{wide}}  {', '.join(parts)}"


def _sum(found: Sequence[Standing], now: float) -> Iterator[str]:
    """Yield what there is to say of all stages together."""
    done, total = sum(its.done for its in found), sum(its.total for its in found)
    left = [its.seconds_left(now) for its in found if its.done < its.total]
    known = sum(seconds for seconds in left if seconds is not None)
    unknown = sum(seconds is None for seconds in left)
    ends = f"ETA {clock(known)}" if left else "all is done"
    if unknown:
        least = f"ETA at least {clock(known)}" if known else "ETA not known yet"
        ends = f"{least}: of {unknown} stages nobody knows the pace"
    jobs = sum(len(its.at_work) for its in found)
    yield f"overall: {done} of {total} pieces of work, {jobs} job{'s' * (jobs != 1)} at work, {ends}"
    bad = {video: reason for its in found for video, reason in its.quarantined.items()}
    if bad:
        named = [f"{video} ({reason})" for video, reason in sorted(bad.items())[:MOST_QUARANTINED]]
        more = f" and {len(bad) - MOST_QUARANTINED} more" if len(bad) > MOST_QUARANTINED else ""
        yield f"quarantined: {', '.join(named)}{more}"
