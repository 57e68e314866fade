"""Show how far a run is: each stage and all of it, from another shell or machine, while the run goes on.

Everything is read from files: the configuration that the run began with, its results, and the heartbeats of its jobs.
No lock is taken.

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
from wsstad.commands.running import blind, run_progress
from wsstad.commands.running.run_progress import RunProgress, StageProgress
from wsstad.heartbeat import SILENT
from wsstad.planning import command_line, run_targets
from wsstad.planning.plan import Plan
from wsstad.progress import clock, digits

WIDTH = 24  # of a bar on a terminal
MOST_QUARANTINED = 8  # that are named


def main(argv: list[str] | None = None) -> None:
    """Show how far the run is, once or again and again."""
    args = parser().parse_args(argv)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # exit quietly when the reader closes the pipe, as `head` does
    files = _enter(args)
    while True:
        progress = _progress(files, args.set, args.target)
        lines = [*describe(progress.stages(time.time()), time.time(), bars=sys.stdout.isatty())]
        lines += blind.detectors(progress.plan)
        print(("\033[H\033[2J" if args.every and sys.stdout.isatty() else "") + "\n".join(lines), flush=True)
        if not args.every:
            return
        time.sleep(args.every)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = command_line.plan_parser(__doc__)
    parser.add_argument("--target", action="append", help="may be repeated; default: those of the run")
    parser.add_argument("--every", type=float, help="show it again every so many seconds, until stopped")
    return parser


def describe(stages: Sequence[StageProgress], now: float, *, bars: bool) -> Iterator[str]:
    """Yield the state of the run, a line for each stage and each job that runs or failed, and the sum."""
    yield state(stages, now)
    wide = max((len(stage.name) for stage in stages), default=0)
    for stage in stages:
        yield stage_line(stage, now, wide=wide, bars=bars)
        yield from (f"    {line}" for line in job_lines(stage, now))
    yield overall_line(stages, now)
    yield from quarantine_lines(stages)


def job_lines(stage: StageProgress, now: float) -> Iterator[str]:
    """Yield a line for each job of a stage that runs or failed."""
    for log, beat in stage.running.items():
        left = beat.seconds_left(now)
        ends = f", ETA {clock(left)}" if left is not None else ""
        amount = f"{beat.done}/{beat.total} {beat.unit}, {digits(beat.rate)}/s" if beat.total else "starting"
        yield f"running: {log.stem}: {amount}{ends}; last update {clock(max(now - beat.updated, 0))} ago"
    for log, beat in stage.failed.items():
        ended = "failed" if beat.state == "failed" else "stopped"
        yield f"{ended}: {log.stem}: {job_logs.failure(log)} ({log})"


def quarantine_lines(stages: Sequence[StageProgress]) -> Iterator[str]:
    """Yield a line with the videos that are quarantined, if there are any."""
    if bad := {video: reason for stage in stages for video, reason in stage.quarantined.items()}:
        named = [f"{video} ({reason})" for video, reason in sorted(bad.items())[:MOST_QUARANTINED]]
        more = f" and {len(bad) - MOST_QUARANTINED} more" if len(bad) > MOST_QUARANTINED else ""
        yield f"quarantined: {', '.join(named)}{more}"


def stage_line(stage: StageProgress, now: float, *, wide: int = 0, bars: bool = False) -> str:
    """Return how far a stage is."""
    bar = f"[{'#' * round(WIDTH * stage.done / (stage.total or 1)):<{WIDTH}}] " if bars else ""
    return f"{bar}{stage.name:<{wide}}  {stage_words(stage, now)}"


def stage_words(stage: StageProgress, now: float) -> str:
    """Return how far a stage is, without its name."""
    parts = [f"{stage.done}/{stage.total} {stage.unit}"]
    counts = {"quarantined": len(stage.quarantined), "cached": sum(beat.unchanged for beat in stage.beats)}
    counts["clips reused"] = sum(beat.reused for beat in stage.beats)
    parts += [f"{count} {name}" for name, count in counts.items() if count]
    parts += [stage.speed()] if stage.speed() else []
    if stage.done < stage.total:
        left = stage.seconds_left(now)
        parts.append("waiting" if not stage.running else "ETA ?" if left is None else f"ETA {clock(left)}")
    return ", ".join(parts)


def overall_line(stages: Sequence[StageProgress], now: float) -> str:
    """Return how far all stages are together."""
    done, total = sum(stage.done for stage in stages), sum(stage.total for stage in stages)
    jobs = sum(len(stage.running) for stage in stages)
    left = [stage.seconds_left(now) for stage in stages if stage.done < stage.total]
    known, unknown = sum(seconds for seconds in left if seconds is not None), left.count(None)
    ends = f"ETA {clock(known)}" if left else "all done"
    if unknown:
        least = f"ETA at least {clock(known)}" if known else "ETA ?"
        ends = f"{least} (no rate yet for {unknown} stage{'s' * (unknown > 1)})"
    return f"overall: {done} of {total} results, {jobs} job{'s' * (jobs != 1)} running, {ends}"


def _enter(args: argparse.Namespace) -> list[Path]:
    """Change to the folder of the results; without flags, the run that is noted there says what it is of."""
    noted = (args.directory or Path()) / command_line.RESULTS / run_progress.RUN
    if args.config or args.set or not noted.is_file():
        return command_line.enter_one(args)
    os.chdir(args.directory or Path())
    return []


def _progress(files: Sequence[Path], values: Sequence[str], targets: Sequence[str] | None) -> RunProgress:
    """Return the progress of the last run, unless another configuration or other targets are asked for."""
    noted = run_progress.read_run(command_line.RESULTS)
    if files or values or noted is None:
        plan = command_line.read_plan(list(files), list(values))
        return RunProgress(plan, targets or run_targets.DEFAULT, noted.started if noted else 0.0)
    return RunProgress(Plan(noted.config, command_line.RESULTS), targets or noted.targets, noted.started)


def state(stages: Sequence[StageProgress], now: float) -> str:
    """Return whether a run is on, as far as files can tell."""
    beats = [beat for stage in stages for beat in stage.beats]
    if not beats:
        done = all(stage.done >= stage.total for stage in stages)
        return "finished; nothing was to do" if done else "no job has run here with this configuration"
    silent = now - max(beat.updated for beat in beats)
    if all(stage.done >= stage.total for stage in stages):
        word = "finished"
    elif any(stage.running for stage in stages):
        word = "running"
    elif any(beat.state == "failed" for beat in beats):
        word = "stopped at a failed job"
    else:
        killed = silent > SILENT or any(stage.failed for stage in stages)
        word = "stopped" if killed else "between two jobs, or stopped"
    return f"{word}; last update {clock(max(silent, 0))} ago"
