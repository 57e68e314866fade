"""What a run shows: live lines on a terminal, few plain lines in a log; Snakemake's own words go to a file."""

import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from wsstad.artefacts import job_logs
from wsstad.commands import run_progress, status
from wsstad.commands.run_progress import JOBS, NotedRun, RunProgress, StageProgress
from wsstad.planning.command_line import RESULTS
from wsstad.planning.plan import Plan
from wsstad.progress import INTERVAL, clock

SNAKEMAKE_LOG = RESULTS / "logs/snakemake.log"
BRIEF = 20  # seconds: of a stage that ends earlier a log has one line; of one that is a single job, none
EFFORT = 20  # we look again after this many times the time that a look takes


def watch(run: Callable[..., tuple[int, bool]], again: Callable[[], str] = lambda: "") -> tuple[int, bool]:
    """Run Snakemake by `run` and show how far it is; say how it ended, and return its exit status.

    Where it failed, `again` says what follows if it is to be run once more, which is returned too.
    """
    view = View(_Console(stderr=True, highlight=False))
    SNAKEMAKE_LOG.parent.mkdir(parents=True, exist_ok=True)
    with open(SNAKEMAKE_LOG, "w", encoding="utf-8") as log, view.live if view.is_live else nullcontext():
        code, stopped = run(output=log, look=view.look)
        view.look(at_once=True)
    words = again() if code and not stopped else ""
    for line in [words] if words else view.conclusion(code, stopped=stopped):
        view.say_once(line)
    return code, bool(words)


class View:
    """The progress of one run, on a terminal or in a log."""

    def __init__(self, out: Console) -> None:
        self.out, self.is_live = out, out.is_terminal and not out.is_dumb_terminal
        self.live = Live(console=out, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
        self.began = self.spoke = time.monotonic()
        self.next_look = 0.0
        self.before = run_progress.read_run(RESULTS)
        self.run: NotedRun | None = None
        self.stages: list[StageProgress] = []
        self.said: set[object] = set()

    def look(self, *, at_once: bool = False) -> None:
        """Look at the run, unless it is too early, and show what is new."""
        started, effort = time.monotonic(), EFFORT if self.run else 0  # the first look alone compares settings
        if started < self.next_look and not at_once:
            return
        try:
            self._look()
        except Exception as error:  # a mistake in what is shown must not end what runs
            self.say_once(f"the progress cannot be shown: {type(error).__name__}: {error}")
        self.next_look = time.monotonic() + effort * (time.monotonic() - started)

    def _look(self) -> None:
        if self.run is None:
            noted = run_progress.read_run(RESULTS)
            if noted is None or noted == self.before:  # Snakemake is reading the configuration
                return
            for line in _our_lines():
                self.say_once(line)
            self.progress = RunProgress(Plan(noted.config, RESULTS), noted.targets, noted.started)
            self.run = noted
        now = time.time()
        self.stages = self.progress.stages(now)
        for line in self._news(now):
            self.say_once(f"{time.strftime('%H:%M:%S')} {line}")
        overall = f"{status.overall_line(self.stages, now)}; {clock(time.monotonic() - self.began)} so far"
        if self.is_live:
            running = [its for its in self.stages if its.running]
            wide = max((len(its.name) for its in running), default=0)
            lines = [*(status.stage_line(its, now, wide=wide, bars=True) for its in running), overall]
            self.live.update(Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in lines)), refresh=True)
        elif time.monotonic() - self.spoke >= INTERVAL:
            self.say_once(f"{time.strftime('%H:%M:%S')} {overall}")

    def _news(self, now: float) -> Iterator[str]:
        """Yield a line for each stage that has begun or ended, and each job that has failed, since we last looked."""
        for its in self.stages:
            for log, beat in its.failed.items():
                if beat.state == "failed" and self._is_new(log, beat.started):
                    yield f"{its.name} failed: {job_logs.failure(log)} ({log})"
            line, age = status.stage_line(its, now), max((beat.elapsed for beat in its.running.values()), default=0.0)
            if its.beats and its.done >= its.total:
                if (its.unit != JOBS or its.took >= BRIEF) and self._is_new(its.name, "ended"):
                    yield f"{line}, took {clock(its.took)}"
            elif age >= BRIEF and not self.is_live and self._is_new(its.name, "begun"):
                yield f"{line}, began {clock(its.took)} ago"

    def _is_new(self, *fact: object) -> bool:
        known = fact in self.said
        self.said.add(fact)
        return not known

    def say_once(self, line: str) -> None:
        """Print a line that has not been printed yet."""
        if self._is_new(line):
            self.spoke = time.monotonic()
            try:
                self.out.print(Text(line), soft_wrap=True)
            except OSError:  # the terminal is gone; the run goes on
                self.out.quiet = True

    def conclusion(self, code: int, *, stopped: bool) -> list[str]:
        """Return where to look; or what failed and how to continue; or what the Snakefile has refused."""
        if not code:
            took = clock(time.monotonic() - self.began)
            done = f"done in {took}" if any(its.beats for its in self.stages) else "nothing to do"
            there = run_progress.to_look_at(self.progress.plan, self.run.targets) if self.run else []
            return ["; look at ".join([f"wsstad: {done}", *filter(None, [", ".join(map(str, there))])])]
        if self.run is None and (refused := _our_lines()):
            return refused
        failed = [(its.name, log) for its in self.stages for log in (*its.failed, *its.running)]
        if stopped:
            reason = "stopped; what is finished is kept"
        elif code < 0:
            reason = f"Snakemake was killed by signal {-code}"
        elif failed:
            (name, log), more = failed[0], f" (and {len(failed) - 1} more)" if failed[1:] else ""
            reason = f"{name} failed{more}: {job_logs.failure(log)}; its log is {log}"
        elif "UserError: " in (error := job_logs.failure(SNAKEMAKE_LOG)):
            return [f"wsstad: {error.partition('UserError: ')[2]}"]
        else:
            reason = f"Snakemake failed: {error}; its words are in {SNAKEMAKE_LOG}"
        return [f"wsstad: {reason}; to continue: {shlex.join([*sys.argv[0].split(), *sys.argv[1:]])}"]


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Go on without a reader, where rich would exit."""
        self.quiet = True


def _our_lines() -> list[str]:
    """Return what the Snakefile has said: mistakes of the user's, and what was damaged."""
    text = SNAKEMAKE_LOG.read_text(encoding="utf-8", errors="replace")
    return list(dict.fromkeys(re.findall(r"^wsstad: .*", text, re.MULTILINE)))
