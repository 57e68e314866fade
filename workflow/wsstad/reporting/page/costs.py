"""What a run cost: time and memory from Snakemake's benchmark files, and what there was to do from the jobs' logs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad.artefacts import job_logs, storage
from wsstad.planning.paths import Output

BENCHMARKS, LOGS = Path("results/benchmarks"), Path("results/logs")
# Where the benchmark files of a stage lie, whose names are those of its jobs.
STAGES = {
    "decode": "decode/{dataset}/*",
    "detect": "detect/{dataset}/{detector}/*",
    "link": "link/{dataset}/{detector}/{linker}/*",
    "extract, image": "extract/{dataset}/{extractor}/image/*",
    "extract, region": "extract/{dataset}/{extractor}/region/{detector}/{linker}/*",
    "train": "train/{dataset}/{split}/{extractor}/{detector}/{linker}/{scale}/{table}",
    "predict": "predict/{dataset}/{split}/{extractor}/{detector}/{linker}/{scale}/{table}",
    "evaluate": "evaluate/{dataset}/{split}/{extractor}/{detector}/{linker}/{scale}/{table}/{annotator}",
    "illustrate": "illustrate/{dataset}/{split}/{extractor}/{detector}/{linker}/{scale}/{annotator}/{table}",
}


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


def read(outputs: Sequence[Output]) -> list[Cost]:
    """Return the cost of every stage behind some metrics, stages that left no record of it left out."""
    found = []
    for stage, pattern in STAGES.items():
        wanted = dict.fromkeys(pattern.format(**output.wildcards) for output in outputs)
        files = [path for its in wanted for path in sorted(BENCHMARKS.glob(f"{its}.tsv"))]
        if files:
            found.append(_cost(stage, files))
    return found


def _cost(stage: str, files: Sequence[Path]) -> Cost:
    rows = [storage.read_table(path)[-1] for path in files]
    logs = [LOGS / path.relative_to(BENCHMARKS).with_suffix(".log") for path in files]
    heard = [log for path in logs if (log := job_logs.read(path))]
    did = [log for log in heard if log.entries]
    return Cost(
        stage=stage,
        jobs=len(files),
        seconds=sum(_numbers(rows, "s")),
        cpu_seconds=sum(_numbers(rows, "cpu_time")),
        megabytes=max(_numbers(rows, "max_rss"), default=0.0),
        unit=did[0].entries if did else "",
        made=sum(log.to_do for log in did),
        cached=sum(log.unchanged for log in did),
        clips_made=sum(log.computed for log in heard),
        clips_cached=sum(log.reused for log in heard),
    )


def _numbers(rows: Sequence[dict[str, str]], column: str) -> Iterator[float]:
    """Yield a column's numbers; Snakemake writes NA for jobs that ended before it could look."""
    for row in rows:
        if row[column] not in ("NA", "-"):
            yield float(row[column])
