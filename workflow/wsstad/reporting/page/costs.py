"""What a run cost: time and memory from Snakemake's benchmark files, what there was to do from the jobs' heartbeats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad import heartbeat
from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.planning import paths
from wsstad.planning.paths import Output
from wsstad.planning.stages import STAGES

COLUMNS = ("s", "cpu_time", "max_rss")  # that are read of Snakemake's files


@dataclass(frozen=True)
class Cost:
    """What the last jobs of a stage cost: seconds, peak memory in MB; units made and found in the cache; clips too."""

    stage: str
    jobs: int
    seconds: float
    cpu_seconds: float
    megabytes: float
    unit: str
    made: int
    cached: int
    clips_made: int
    clips_cached: int


def read(outputs: Sequence[Output], folder: Path = Path("results")) -> list[Cost]:
    """Return the cost of every stage behind some metrics in a folder of results that left a record of it."""
    costs = []
    for stage in [stage for stage in STAGES.values() if stage.has_cost]:
        wanted = dict.fromkeys(stage.benchmark.format(**output.wildcards, shard="*") for output in outputs)
        files = [path for pattern in wanted for path in sorted(folder.glob(pattern.removeprefix(paths.RESULTS)))]
        if files:
            costs.append(_cost(stage.rule.replace("_", ", "), files, folder))
    return costs


def clock(seconds: float) -> str:
    """Return a duration as people say it.

    >>> clock(3.21), clock(192), clock(7322)
    ('3.2 s', '3 min 12 s', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _cost(stage: str, files: Sequence[Path], folder: Path) -> Cost:
    rows = [row for path in files if (row := _row(path))]
    below = [path.relative_to(folder / "benchmarks") for path in files]
    logs = [folder / "logs" / path.with_suffix(".log") for path in below]
    beats = [beat for path in logs if (beat := heartbeat.read(path))]
    return Cost(
        stage=stage,
        jobs=len(files),
        seconds=sum(_numbers(rows, "s")),
        cpu_seconds=sum(_numbers(rows, "cpu_time")),
        megabytes=max(_numbers(rows, "max_rss"), default=0.0),
        unit=max((beat.entry for beat in beats), default=""),
        made=sum(beat.to_do for beat in beats),
        cached=sum(beat.unchanged for beat in beats),
        clips_made=sum(beat.computed for beat in beats),
        clips_cached=sum(beat.reused for beat in beats),
    )


def _row(path: Path) -> dict[str, str]:
    """Return what Snakemake noted of a job the last time; nothing where its file is damaged."""
    try:
        row = storage.read_table(path)[-1]
        for column in COLUMNS:
            list(_numbers([row], column))
    except (UserError, LookupError, ValueError):
        return {}
    return row


def _numbers(rows: Sequence[dict[str, str]], column: str) -> Iterator[float]:
    """Yield a column's numbers; Snakemake writes NA for jobs that ended before it could look."""
    for row in rows:
        if row[column] not in ("NA", "-"):
            yield float(row[column])
