"""What a run shows: live lines on a terminal, few plain lines in a log; Snakemake's own words go to a file."""

import re
import shlex
import sys
import time
from collections.abc import Iterator, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from wsstad.artefacts import job_logs
from wsstad.commands import run_progress, status
from wsstad.commands.run_progress import JOBS, RunProgress, StageProgress
from wsstad.commands.snakemake_process import Run
from wsstad.planning.command_line import RESULTS
from wsstad.planning.plan import Plan
from wsstad.progress import INTERVAL, clock

SNAKEMAKE_LOG = RESULTS / "logs/snakemake.log"
BRIEF = 20  # seconds: of a stage that ends earlier a log has one line; of one that is a single job, none
EFFORT = 20  # we look again after this many times the time that a look takes


def watch(run: Run, before: Sequence[Sequence[str]], command: Sequence[str]) -> int:
    """Run some commands, the last one with its progress shown; say how it ended and return its exit status."""
    view = View(Console(stderr=True, highlight=False))
    SNAKEMAKE_LOG.parent.mkdir(parents=True, exist_ok=True)
    with open(SNAKEMAKE_LOG, "w", encoding="utf-8") as log, view:
        code = next(filter(None, (run.plainly(its, log) for its in before)), 0)
        code = code or run.watched(command, log, view.look)
        view.look(at_once=True)
    view.conclude(code, stopped=run.stopped)
    return 128 - code if code < 0 else code


class View:
    """The progress of one run on a terminal or in a log."""

    def __init__(self, out: Console) -> None:
        self.out = out
        self.live = Live(console=out, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
        self.is_live = out.is_terminal and not out.is_dumb_terminal
        self.began = self.spoke = time.monotonic()
        self.next_look = 0.0
        self.noted_before = _noted_at()
        self.progress: RunProgress | None = None
        self.targets: Sequence[str] = ()
        self.stages: list[StageProgress] = []
        self.said: set[object] = set()

    def __enter__(self) -> "View":
        if self.is_live:
            self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.live.stop()

    def look(self, *, at_once: bool = False) -> None:
        """Look at the run, unless it is too early, and show what is new."""
        started = time.monotonic()
        if started < self.next_look and not at_once:
            return
        try:
            self._look()
        except Exception as error:  # a mistake in what is shown must not end what runs
            self._say_once(f"the progress cannot be shown: {type(error).__name__}: {error}")
        self.next_look = time.monotonic() + EFFORT * (time.monotonic() - started)

    def _look(self) -> None:
        if self.progress is None:
            if _noted_at() == self.noted_before or not (noted := run_progress.read_run(RESULTS)):
                return
            for line in _our_lines():
                self._say_once(line)
            self.targets = noted.targets
            self.progress = RunProgress(Plan(noted.config, RESULTS), noted.targets, noted.started)
        now = time.time()
        self.stages = self.progress.stages(now)
        for line in self._news(now):
            self._say_once(f"{time.strftime('%H:%M:%S')} {line}")
        if self.is_live:
            wide = max((len(its.name) for its in self.stages if its.running), default=0)
            lines = [status.stage_line(its, now, wide=wide, bars=True) for its in self.stages if its.running]
            shown = [Text(line, no_wrap=True, overflow="ellipsis") for line in [*lines, self._overall(now)]]
            self.live.update(Group(*shown), refresh=True)
        elif time.monotonic() - self.spoke >= INTERVAL:
            self._say_once(f"{time.strftime('%H:%M:%S')} {self._overall(now)}")

    def _news(self, now: float) -> Iterator[str]:
        """Yield a line for each stage that has begun or ended, and each job that has failed, since we last looked."""
        for its in self.stages:
            for log, beat in its.failed.items():
                if beat.state == "failed" and self._is_new(log, beat.started):
                    yield f"{its.name} failed: {job_logs.failure(log)} ({log})"
            if not its.beats:
                continue
            seconds = max(beat.updated for beat in its.beats) - min(beat.started for beat in its.beats)
            line = status.stage_line(its, now)
            if its.done >= its.total and (its.unit != JOBS or seconds >= BRIEF) and self._is_new(its.name, "ended"):
                yield f"{line}, took {clock(seconds)}"
            elif its.running and seconds >= BRIEF and not self.is_live and self._is_new(its.name, "begun"):
                yield f"{line} (begun {clock(seconds)} ago)"

    def _overall(self, now: float) -> str:
        return f"{status.overall_line(self.stages, now)}; {clock(time.monotonic() - self.began)} so far"

    def _is_new(self, *fact: object) -> bool:
        known = fact in self.said
        self.said.add(fact)
        return not known

    def _say_once(self, line: str) -> None:
        if self._is_new(line):
            self.spoke = time.monotonic()
            self.out.print(Text(line), soft_wrap=True)

    def conclude(self, code: int, *, stopped: bool) -> None:
        """Say how the run ended: where to look; or what failed and how to go on; or what the Snakefile has refused."""
        lines = _our_lines() if code and self.progress is None else []
        if not code:
            took = clock(time.monotonic() - self.began)
            did = f"done in {took}" if any(its.beats for its in self.stages) else "nothing to do"
            there = run_progress.to_look_at(self.progress.plan, self.targets) if self.progress else []
            lines = [f"wsstad: {did}" + (f"; look at {', '.join(map(str, there))}" if there else "")]
        elif not lines:
            again = shlex.join([*sys.argv[0].split(), *sys.argv[1:]])
            lines = [f"wsstad: {self._reason(code, stopped=stopped)}; to continue: {again}"]
        for line in lines:
            self._say_once(line)

    def _reason(self, code: int, *, stopped: bool) -> str:
        if stopped:
            return "stopped; what is finished is kept"
        failed = [(its.name, log) for its in self.stages for log in (*its.failed, *its.running)]
        if code < 0:
            return f"Snakemake was killed by signal {-code}"
        if not failed:
            return f"Snakemake failed: {job_logs.failure(SNAKEMAKE_LOG)}; its words are in {SNAKEMAKE_LOG}"
        name, log = failed[0]
        more = f" (and {len(failed) - 1} more)" if failed[1:] else ""
        return f"{name} failed{more}: {job_logs.failure(log)}; its log is {log}"


def _noted_at() -> int:
    """Return when a run was last noted, in ns."""
    path = RESULTS / run_progress.RUN
    return path.stat().st_mtime_ns if path.exists() else 0


def _our_lines() -> list[str]:
    """Return what the Snakefile has said: mistakes of the user's, and what was damaged."""
    text = SNAKEMAKE_LOG.read_text(encoding="utf-8", errors="replace")
    return list(dict.fromkeys(re.findall(r"^wsstad: .*", text, re.MULTILINE)))
