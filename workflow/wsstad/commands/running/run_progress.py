"""How far each stage of a run is: from the plan, the results that are there, and the heartbeats of the jobs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from wsstad import heartbeat
from wsstad.artefacts import seals, storage
from wsstad.commands.running import run_about, snakemake_records
from wsstad.heartbeat import Heartbeat
from wsstad.jsonable import Json
from wsstad.planning import job_settings, paths, run_targets
from wsstad.planning.block import Block
from wsstad.planning.paths import Output
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES
from wsstad.progress import digits

RUN = paths.RUN
# Arguments of Snakemake with which it runs nothing; -n may stand among other letters, --dry-run be abbreviated.
LOOKS = re.compile(
    r"--(report|summary|detailed-summary|dry.*|unlock|lint|dag|rulegraph|filegraph|help|list.*|version)(=.*)?"
    r"|-[nptkfFq]*n[nptkfFq]*|-[lhDSv]"
)
JOBS = "jobs"  # the unit of a stage without entries

# A rule, and its wildcards apart from the shard.
Group = tuple[str, dict[str, str]]


def only_looks(words: Sequence[str]) -> bool:
    """Return whether Snakemake, given these arguments, runs nothing.

    >>> only_looks(["-pn"]), only_looks(["--dry"]), only_looks(["--until", "decode", "--forceall"])
    (True, True, False)
    """
    return any(LOOKS.fullmatch(word) for word in words)


class RunRecord(NamedTuple):
    """The configuration and the targets of a run, and when it began."""

    config: Json
    targets: list[str]
    started: float


@dataclass
class StageProgress:
    """How far a stage is: `done` of `total` entries, and the heartbeats of its jobs, by log.

    Those that are `running`, `failed` or `ended` are of this run; `earlier` ones tell a pace. Killed jobs have failed.
    """

    name: str
    unit: str
    done: int = 0
    total: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)
    running: dict[Path, Heartbeat] = field(default_factory=dict)
    failed: dict[Path, Heartbeat] = field(default_factory=dict)
    ended: dict[Path, Heartbeat] = field(default_factory=dict)
    earlier: list[Heartbeat] = field(default_factory=list)

    @property
    def beats(self) -> list[Heartbeat]:
        """The heartbeats of this run."""
        return [*self.running.values(), *self.failed.values(), *self.ended.values()]

    @property
    def took(self) -> float:
        """The seconds from the start of its first job to the last sign of one."""
        beats = self.beats or [Heartbeat()]
        return max(beat.updated for beat in beats) - min(beat.started for beat in beats)

    def speed(self) -> str:
        """Return how fast its jobs that run are, else those that ended, a job."""
        beats = [beat for beat in (self.running or self.ended).values() if beat.done and beat.to_do]
        seconds = sum(beat.seconds for beat in beats)
        return f"{digits(sum(beat.done for beat in beats) / seconds)} {beats[0].unit}/s a job" if seconds else ""

    def seconds_left(self, now: float) -> float | None:
        """Return how long the stage still needs; None where no job tells."""
        if self.done >= self.total:
            return 0.0
        pace = self.pace()
        left = [self._job_left(beat, pace, now) for beat in self.running.values()]
        longest = max((seconds for seconds in left if seconds is not None), default=None)
        ahead = self.total - self.done - sum(self._rest(beat) for beat in self.running.values())
        if ahead <= 0:
            return longest
        return None if pace is None else (longest or 0.0) + ahead * pace / max(len(self.running), 1)

    def _rest(self, beat: Heartbeat) -> int:
        return 1 if self.unit == JOBS else beat.entries - beat.ready

    def _job_left(self, beat: Heartbeat, pace: float | None, now: float) -> float | None:
        left = beat.seconds_left(now)
        if left is None and pace is not None:
            left = max(0.0, pace * self._rest(beat) - (now - beat.updated))
        return left

    def pace(self) -> float | None:
        """Return how many seconds a job spends on an entry, by this run or an earlier one; None where nothing tells."""
        for beats in ([*self.running.values(), *self.ended.values()], self.earlier):
            worked = [self._work(beat) for beat in beats]
            if made := sum(part for _, part in worked):
                return sum(seconds for seconds, part in worked if part) / made
        return None

    def _work(self, beat: Heartbeat) -> tuple[float, float]:
        """Return the seconds that a job worked, and how many entries it made; one without entries is one itself."""
        if self.unit == JOBS:
            return beat.elapsed, 1.0 if beat.state == "done" else beat.share
        return beat.seconds, beat.to_do * beat.share


class _Job(NamedTuple):
    outputs: list[Output]
    size: int  # how many entries it has to make


class RunProgress:
    """How far a run is that began at `started`, on the way to some targets; `stages` may be asked again and again."""

    def __init__(self, plan: Plan, targets: Sequence[str], started: float) -> None:
        self.plan, self.started = plan, started
        names = (*plan.datasets(), *plan.footage)
        self._videos = {name: {shard: len(plan.videos(name, shard)) for shard in plan.shards(name)} for name in names}
        self._stages: dict[str, tuple[Group, dict[Path, _Job]]] = {}
        self._is_current: dict[Path, bool] = {}
        for output in run_targets.outputs(plan, targets):
            group = output.rule, {name: value for name, value in output.wildcards.items() if name != "shard"}
            _, jobs = self._stages.setdefault(" ".join([output.rule, *group[1].values()]), (group, {}))
            jobs.setdefault(paths.log_path(output), _Job([], self._size(output))).outputs.append(output)

    def stages(self, now: float) -> list[StageProgress]:
        """Return how far each stage is, in their order."""
        result, unfinished, made = [], list[Group](), set[Path]()
        for name, (group, jobs) in self._stages.items():
            stage = StageProgress(name, STAGES[group[0]].unit if STAGES[group[0]].entry else JOBS)
            waits = any(_depends(group, other) for other in unfinished)
            for log, job in jobs.items():
                beat = heartbeat.read(log)
                is_made = self._is_made(job, beat, waits, made)
                made.update(output.path for output in job.outputs if is_made)
                stage.total, stage.done = stage.total + job.size, stage.done + is_made * job.size
                if beat:
                    self._add(stage, log, beat, is_made, now)
            if stage.done < stage.total:
                unfinished.append(group)
            result.append(stage)
        return result

    def _add(self, stage: StageProgress, log: Path, beat: Heartbeat, is_made: bool, now: float) -> None:
        """Add what a heartbeat tells of a job to its stage."""
        is_new = beat.updated >= self.started
        if is_made or is_new:
            stage.quarantined |= beat.quarantined
        if not is_new:
            stage.earlier.append(beat)
            return
        (stage.ended if is_made else stage.running if beat.is_alive(now) else stage.failed)[log] = beat
        if not is_made and stage.unit != JOBS:
            stage.done += beat.ready

    def _is_made(self, job: _Job, beat: Heartbeat | None, waits: bool, made: set[Path]) -> bool:
        """Tell whether the outputs of a job are there, and are those of this run or need not be made again."""
        first = job.outputs[0]
        if not all(output.path.exists() for output in job.outputs):
            return False
        if beat and beat.updated >= self.started:
            return beat.state == "done"
        if STAGES[first.rule].entry == "video":
            upstream = (STAGES[rule].output.format(**first.wildcards) for rule in STAGES[first.rule].upstream)
            waits = not all(Path(path) in made for path in upstream)
        if first.path not in self._is_current:
            before = storage.canonical_json(snakemake_records.settings(first.path))
            now = storage.canonical_json(job_settings.read(self.plan, first.rule, first.wildcards))
            self._is_current[first.path] = before == now
        return self._is_current[first.path] and not waits

    def _size(self, output: Output) -> int:
        """Return how many entries the job of an output makes; one of a stage without entries counts as one."""
        stage, w = STAGES[output.rule], output.wildcards
        if stage.entry == "video":
            return self._videos[w["dataset"]][w["shard"]]
        if not stage.entry:
            return 1
        methods = self.plan.methods(Block.of(w), w["table"]).items()
        seeds = [numbers for name, numbers in methods if stage.entry != "model" or self.plan.is_trained(name)]
        return sum(map(len, seeds)) * len(self.plan.folds(w["dataset"], w["split"]))


def write_run(plan: Plan, arguments: Sequence[str]) -> None:
    """Note what a run begins with: its configuration and, of its command line, its targets."""
    if not only_looks(arguments):
        named = [name for name in (*plan.table_names(), *run_targets.TARGETS) if run_targets.rule(name) in arguments]
        about = run_about.read(plan.where)
        storage.write_json(
            plan.results / RUN, {"config": plan.config, "targets": named or run_targets.DEFAULT, "about": about}
        )
        seals.seal(plan.results / RUN)


def read_run(results: Path) -> RunRecord | None:
    """Return what the last run began with, if there was one and its record is whole."""
    path = results / RUN
    if seals.flaw(path):
        return None
    content = storage.read_json(path)
    return RunRecord(content["config"], content["targets"], path.stat().st_mtime)


def to_look_at(plan: Plan, targets: Sequence[str]) -> list[Path]:
    """Return what there is to look at of some targets: pages, tables, folders of videos and of verdicts."""
    tables = [plan.results / "tables" / f"{name}.md" for name in targets if name not in run_targets.TARGETS]
    pages = [plan.results / "report.html"] if run_targets.REPORT in targets else []
    rules = {rule for target, rule in run_targets.MADE_BY.items() if target in targets}
    made = [output for output in paths.outputs(plan) if output.rule in rules]
    films = [output.path.parent.parent for output in made if output.rule == "overlay"]
    verdicts = [output.path.parent for output in made if output.rule == "verdict"]
    return [path for path in dict.fromkeys([*pages, *tables, *films, *verdicts]) if path.exists()]


def _depends(group: Group, other: Group) -> bool:
    """Tell whether a stage may depend on one before it: they agree in all wildcards that they share."""
    rule, wildcards = group
    is_apart = STAGES[other[0]].target == "apart" and STAGES[rule].target != "apart"
    if rule in (other[0], "annotate") or is_apart:
        return False
    return all(other[1].get(name, value) == value for name, value in wildcards.items())
