"""Standing: how far each stage of a run is, from its outlook, its manifests and the logs of its jobs."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from wsstad.artefacts import job_logs, storage
from wsstad.artefacts.job_logs import JobLog
from wsstad.commands import outlook
from wsstad.commands.outlook import StageOutlook
from wsstad.errors import UserError
from wsstad.jsonable import Json
from wsstad.planning import paths
from wsstad.planning.paths import Output
from wsstad.planning.plan import BENCHMARK, Plan
from wsstad.planning.stages import STAGES

RUN = ".run.json"  # in the folder of results: what the last run began with
REPORT = "report"
TARGETS = (REPORT, "overlays", "scores")  # that are no tables
DEFAULT = (BENCHMARK, REPORT)
LOOKS = {"--report", "--summary", "--dry-run", "--dryrun", "-n", "--unlock", "--lint"}  # arguments of what is no run
LOOKS_AGAIN = 5  # times
COUNTED = ("frames", "clips")  # counts of a manifest that a speed is told in


# A rule, and its wildcards apart from the shard.
Group = tuple[str, tuple[str, ...]]


class NotedRun(NamedTuple):
    """The configuration and the targets of a run, and when it began."""

    config: Json
    targets: list[str]
    started: float


@dataclass
class Standing:
    """How far a stage is: `done` of `total` entries; what its jobs that are `at_work`, `failed` or `ended` said."""

    name: str
    unit: str
    done: int
    total: int
    quarantined: dict[str, str] = field(default_factory=dict)
    at_work: dict[str, JobLog] = field(default_factory=dict)
    failed: dict[str, JobLog] = field(default_factory=dict)
    ended: dict[str, JobLog] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def last_word(self) -> float:
        """When one of its jobs said something, or 0."""
        return max((log.written for log in self._logs()), default=0.0)

    @property
    def unchanged(self) -> int:
        """How many entries stood already when the jobs of this run looked."""
        return sum(max(log.unchanged, 0) for log in self._logs())

    @property
    def reused(self) -> int:
        """How many clips were taken over from earlier results."""
        return sum(log.reused for log in self._logs())

    def speeds(self) -> list[str]:
        """Return how fast the jobs that ended were, in what their manifests count, where they had all to do."""
        seconds = sum(log.took or 0 for log in self.ended.values() if log.to_do > 0)
        whole = all(log.unchanged == 0 for log in self.ended.values())
        if not seconds or not whole:
            return []
        return [f"{count / seconds:.3g} {name}/s a job" for name, count in self.counts.items() if count]

    def seconds_left(self, now: float) -> float | None:
        """Return how long the stage still needs; None where nothing was heard that would tell."""
        if self.done >= self.total:
            return 0.0
        left = [log.seconds_left(now) for log in self.at_work.values()]
        mine = max((seconds for seconds in left if seconds is not None), default=None)
        inside = sum(max(log.to_do, 0) for log in self.at_work.values())
        ahead = (
            self.total - self.done - round(sum(max(log.to_do, 0) * (1 - log.share) for log in self.at_work.values()))
        )
        if ahead <= 0 or (mine is not None and inside >= self.total - self.done):
            return mine
        pace = self._seconds_an_entry()
        return None if pace is None else (mine or 0.0) + ahead * pace / max(len(self.at_work), 1)

    def _seconds_an_entry(self) -> float | None:
        """Return how many seconds a job spends on an entry."""
        ended = [log for log in self.ended.values() if log.took is not None and log.to_do > 0]
        took, made = float(sum(log.took or 0 for log in ended)), float(sum(log.to_do for log in ended))
        for log in self.at_work.values():
            if log.left is not None and 0 < log.share < 1:
                took += log.left * log.share / (1 - log.share)
                made += log.to_do * log.share
        return took / made if made else None

    def _logs(self) -> Iterable[JobLog]:
        return (*self.at_work.values(), *self.failed.values(), *self.ended.values())


def write_run(plan: Plan, arguments: Sequence[str]) -> None:
    """Note what a run begins with: its configuration and, of its command line, its targets."""
    if not set(arguments) & LOOKS:
        targets = [name for name in (*plan.table_names(), *TARGETS) if name in arguments]
        storage.write_json(plan.results / RUN, {"config": plan.config, "targets": targets or DEFAULT})


def read_run(results: Path) -> NotedRun | None:
    """Return what the last run began with, if there was one."""
    path = results / RUN
    if not path.exists():
        return None
    content = storage.read_json(path)
    return NotedRun(content["config"], content["targets"], path.stat().st_mtime)


def farewell(plan: Plan) -> str:
    """Return what there is to say when the run that was noted last has ended well: where its results are."""
    noted = read_run(plan.results)
    targets = noted.targets if noted else DEFAULT
    tables = [plan.results / "tables" / f"{name}.md" for name in targets if name not in TARGETS]
    pages = [plan.results / "report.html"] if REPORT in targets else []
    made = list(paths.outputs(plan))
    films = [its.path.parent.parent for its in made if its.rule == "overlay" and "overlays" in targets]
    verdicts = [its.path.parent for its in made if its.rule == "verdict" and "scores" in targets]
    there = [str(path) for path in dict.fromkeys([*pages, *tables, *films, *verdicts]) if path.exists()]
    return f"wsstad: look at {', '.join(there)}" if there else ""


def look(plan: Plan, targets: Sequence[str], *, started: float) -> list[Standing]:
    """Return how far each stage on the way to some targets is; logs from before `started` are those of another run."""
    tables = [name for name in targets if name not in TARGETS]
    if "overlays" in targets:
        tables.append(plan.config["overlays"]["table"])
    if REPORT in targets:
        tables += [name for name in plan.report_tables() if name not in tables]
    stages = {_group(its.rule, its.wildcards): its for its in _outlook(plan, tables)}
    grouped: dict[Group, list[Output]] = {}
    for output in paths.outputs(plan):
        if _is_wanted(plan, output, tables, targets):
            grouped.setdefault(_group(output.rule, output.wildcards), []).append(output)
    found: list[Standing] = []
    for group, outputs in grouped.items():
        its = _standing(group, outputs, stages.get(group), started)
        if group not in stages and group[0] != "annotate" and any(before.done < before.total for before in found):
            its.done = min(its.done, len(its.ended))  # what an earlier run made will be made again
        found.append(its)
    return found


def _outlook(plan: Plan, tables: Sequence[str]) -> list[StageOutlook]:
    """Return the outlook; look again when a file went away meanwhile, for a job that begins removes its manifest."""
    for _ in range(LOOKS_AGAIN):
        with suppress(UserError, FileNotFoundError):
            return outlook.look(plan, tables, read_sources=False)
        time.sleep(0.1)
    return outlook.look(plan, tables, read_sources=False)


def _is_wanted(plan: Plan, output: Output, tables: Sequence[str], targets: Sequence[str]) -> bool:
    if output.rule == "overlay":
        return "overlays" in targets
    if STAGES[output.rule].target == "page":
        return REPORT in targets
    if output.wildcards.get("dataset") in plan.footage:
        return "scores" in targets
    return output.wildcards["table"] in tables if "table" in output.wildcards else bool(tables)


def _standing(group: Group, outputs: Sequence[Output], stage: StageOutlook | None, started: float) -> Standing:
    """Return how far a stage is: by its entries, as far as the outlook knows them, else by its jobs."""
    rule, values = group
    jobs: dict[Path, list[Output]] = {}
    for output in outputs:
        jobs.setdefault(paths.log_path(output), []).append(output)
    name = " ".join([rule, *values])
    if stage:
        rows = [entry.row for _, entry in stage.entries if entry.row]
        its = Standing(name, STAGES[rule].unit, len(rows), len(stage.entries))
        its.quarantined = {row.video: f"{row.code} {row.reason}" for row in rows if not row.ok}
    else:
        ready = sum(all(output.path.exists() for output in made) for made in jobs.values())
        its = Standing(name, "jobs", ready, len(jobs))
    for path, made in jobs.items():
        _hear(its, job_logs.read(path), made, started)
    return its


def _hear(its: Standing, log: JobLog | None, outputs: Sequence[Output], started: float) -> None:
    """Add what the log, and then the manifest, of a job says."""
    if log is None or log.written < started:
        return
    name = paths.log_path(outputs[0]).stem
    if all(output.path.exists() for output in outputs):
        its.ended[name] = log
        _count(its, outputs[0].path)
    elif log.failure:
        its.failed[name] = log
    else:
        its.at_work[name] = log


def _count(its: Standing, path: Path) -> None:
    """Add what a manifest counts."""
    try:
        rows = storage.read_table(path) if path.parent.name == "manifests" else []
    except (UserError, FileNotFoundError):  # it went away, or is made anew, while we look
        return
    for name in COUNTED:
        its.counts[name] = its.counts.get(name, 0) + sum(int(row[name]) for row in rows if row.get(name))


def _group(rule: str, wildcards: dict[str, str]) -> Group:
    return rule, tuple(value for name, value in wildcards.items() if name != "shard")
