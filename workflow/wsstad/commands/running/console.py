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
from wsstad.commands import status
from wsstad.commands.running import run_progress
from wsstad.commands.running.live_page import LivePage
from wsstad.commands.running.run_progress import JOBS, RunProgress, RunRecord, StageProgress
from wsstad.planning.command_line import RESULTS
from wsstad.planning.plan import Plan
from wsstad.progress import INTERVAL, clock

SNAKEMAKE_LOG = RESULTS / "logs/snakemake.log"
STATUS = "status.html"
BRIEF = 20  # seconds: of a stage that ends earlier a log has one line; of one that is a single job, none
EFFORT = 20  # we look again after this many times the time that a look takes


def watch(run: Callable[..., tuple[int, bool]], again: Callable[[], str] = lambda: "") -> tuple[int, bool]:
    """Run Snakemake by `run`, show how far it is and how it ended; return its exit status, and whether to run it again.

    Where it failed, `again` returns the line to print if it is to be run once more, an empty one if it is not.
    """
    view = View(_Console(stderr=True, highlight=False))
    SNAKEMAKE_LOG.parent.mkdir(parents=True, exist_ok=True)
    with open(SNAKEMAKE_LOG, "w", encoding="utf-8") as log, view.live if view.is_live else nullcontext():
        code, stopped = run(output=log, look=view.look)
        view.look(at_once=True)
    words = again() if code and not stopped else ""
    last = [words] if words else view.conclusion(code, stopped=stopped)
    for line in last:
        view.print_once(line)
    if not words:
        view.end(last)
    return code, bool(words)


class View:
    """The progress of one run, on a terminal or in a log."""

    def __init__(self, out: Console) -> None:
        self.out, self.is_live = out, out.is_terminal and not out.is_dumb_terminal
        self.live = Live(console=out, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
        self.began = self.last_printed = time.monotonic()
        self.next_look = 0.0
        self.before = run_progress.read_run(RESULTS)
        self.run: RunRecord | None = None
        self.stages: list[StageProgress] = []
        self.printed: set[object] = set()
        self.page = LivePage(RESULTS / STATUS)

    def look(self, *, at_once: bool = False) -> None:
        """Look at the run, unless it is too early, and show what is new."""
        started, effort = time.monotonic(), EFFORT if self.run else 0  # the first look alone compares settings
        if started < self.next_look and not at_once:
            return
        try:
            self._look()
        except Exception as error:  # a mistake in what is shown must not end what runs
            self.print_once(f"the progress cannot be shown: {type(error).__name__}: {error}")
        self.next_look = time.monotonic() + effort * (time.monotonic() - started)

    def _look(self) -> None:
        if self.run is None:
            record = run_progress.read_run(RESULTS)
            if record is None or record == self.before:  # Snakemake is reading the configuration
                return
            for line in _our_lines():
                self.print_once(line)
            self.progress = RunProgress(Plan(record.config, RESULTS), record.targets, record.started)
            self.run = record
        now = time.time()
        self.stages = self.progress.stages(now)
        for line in self._news(now):
            self.print_once(f"{time.strftime('%H:%M:%S')} {line}")
        self.page.show(self.stages, now)
        overall = f"{status.overall_line(self.stages, now)}; {clock(time.monotonic() - self.began)} so far"
        if self.is_live:
            running = [stage for stage in self.stages if stage.running]
            wide = max((len(stage.name) for stage in running), default=0)
            lines = [*(status.stage_line(stage, now, wide=wide, bars=True) for stage in running), overall]
            self.live.update(Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in lines)), refresh=True)
        elif time.monotonic() - self.last_printed >= INTERVAL:
            self.print_once(f"{time.strftime('%H:%M:%S')} {overall}")

    def end(self, words: list[str]) -> None:
        """Leave the page of the run with its last words."""
        if self.run:
            self.page.show(self.stages, time.time(), last=words)

    def _news(self, now: float) -> Iterator[str]:
        """Yield a line for each stage that has begun or ended, and each job that has failed, since we last looked."""
        for stage in self.stages:
            for log, beat in stage.failed.items():
                if beat.state == "failed" and self._is_new(log, beat.started):
                    yield f"{stage.name} failed: {job_logs.failure(log)} ({log})"
            line = status.stage_line(stage, now)
            age = max((beat.elapsed for beat in stage.running.values()), default=0.0)
            if stage.beats and stage.done >= stage.total:
                if (stage.unit != JOBS or stage.took >= BRIEF) and self._is_new(stage.name, "ended"):
                    yield f"{line}, took {clock(stage.took)}"
            elif age >= BRIEF and not self.is_live and self._is_new(stage.name, "begun"):
                yield f"{line}, began {clock(stage.took)} ago"

    def _is_new(self, *fact: object) -> bool:
        known = fact in self.printed
        self.printed.add(fact)
        return not known

    def print_once(self, line: str) -> None:
        """Print a line that has not been printed yet."""
        if self._is_new(line):
            self.last_printed = time.monotonic()
            try:
                self.out.print(Text(line), soft_wrap=True)
            except OSError:  # the terminal is gone; the run goes on
                self.out.quiet = True

    def conclusion(self, code: int, *, stopped: bool) -> list[str]:
        """Return where to look; or what failed and how to continue; or what the Snakefile has refused."""
        if not code:
            took = clock(time.monotonic() - self.began)
            done = f"done in {took}" if any(stage.beats for stage in self.stages) else "nothing to do"
            paths = run_progress.to_look_at(self.progress.plan, self.run.targets) if self.run else []
            return ["; look at ".join([f"wsstad: {done}", *filter(None, [", ".join(map(str, paths))])])]
        if self.run is None and (refused := _our_lines()):
            return refused
        failed = [(stage.name, log) for stage in self.stages for log in (*stage.failed, *stage.running)]
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
