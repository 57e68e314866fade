"""What a page shows of one table in one block, read from the results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wsstad.artefacts import manifest, run_files, storage
from wsstad.artefacts.storage import Artefact, DamagedError
from wsstad.errors import UserError
from wsstad.evaluation import alarms, blocks
from wsstad.evaluation.blocks import Cells, PaperRows
from wsstad.learning import model_jobs
from wsstad.planning import paths
from wsstad.planning.block import Block
from wsstad.planning.paths import Output
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES


@dataclass(frozen=True)
class Video:
    """A test video: what its illustration holds (none if it is quarantined, for a `reason`), what was measured."""

    name: str
    found: Artefact | None
    measured: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def s_loc(self) -> float | None:
        """S_loc of the seed that is illustrated, if the video is abnormal and has boxes."""
        return self.measured["s_loc_of_runs"][0] if "s_loc_of_runs" in self.measured else None

    @property
    def abnormal(self) -> bool:
        """Whether its label says so."""
        return self.found is not None and self.found.meta["label"] == "abnormal"


@dataclass(frozen=True)
class Shown:
    """One table in one block by one annotator: the metrics, the method that is illustrated, its videos and models."""

    table: str
    title: str
    output: Output
    metrics: Cells
    paper: PaperRows
    method: str
    videos: tuple[Video, ...]
    models: tuple[Mapping[str, str], ...]

    @property
    def block(self) -> Block:
        """The chain of variants."""
        return Block.of(self.output.wildcards)

    @property
    def result(self) -> Cells:
        """What was found of the method that is illustrated."""
        return next(its for its in self.metrics["results"] if its["names"]["method"] == self.method)

    @property
    def folder(self) -> Path:
        """The folder of the block."""
        return self.output.path.parent.parent.parent

    @property
    def held_out(self) -> list[int]:
        """The number of held-out videos of every training of the method that is illustrated."""
        return [int(row["held_out_videos"]) for row in self.models]

    def histories(self) -> dict[str, list[dict[str, str]]]:
        """Return the rows of every training of the method that is illustrated, by seed and fold."""
        found = {}
        for row in self.models:
            path = self._model(row).with_suffix(".history.tsv")
            found[f"seed {row['seed']}, fold {row['fold']}"] = storage.read_table(path)
        return found

    def facts(self) -> dict[str, Any]:
        """Return what the first model of the method says of itself; nothing where there is none."""
        return _read(storage.read_tensors, self._model(self.models[0]))[1] if self.models else {}

    def thresholds(self) -> dict[int, float]:
        """Return the score above which the seed that is illustrated gives an alarm, by fold; those that are known."""
        found = {}
        mine = [row for row in self.models if row["seed"] == self.result["seeds"][0]] if "alarms" in self.result else []
        for row in mine:
            tensors, meta, _ = _read(storage.read_tensors, self._model(row))
            curve = model_jobs.alarm_curve(tensors, meta)
            if curve:
                calibrated = alarms.calibrate(curve, self.result["alarms"]["allowed_per_hour"])
                found[int(row["fold"])] = calibrated.threshold
        return found

    def _model(self, row: Mapping[str, str]) -> Path:
        return run_files.path(self.output.path.parent, "models", row)


def read(plan: Plan) -> Iterator[Shown]:
    """Yield what the page shows, table by table in the order of the configuration."""
    outputs = [its for its in paths.outputs(plan) if its.rule == "evaluate"]
    for table in plan.report_tables():
        paper = [row for path in plan.paper(table) for row in storage.read_table(Path(path))]
        for output in [its for its in outputs if its.wildcards["table"] == table]:
            yield _read_one(plan, table, output, paper)


def _read_one(plan: Plan, table: str, output: Output, paper: PaperRows) -> Shown:
    block = Block.of(output.wildcards)
    method, metrics = plan.illustrated(block, table), storage.read_json(output.path)
    result = next(its for its in metrics["results"] if its["names"]["method"] == method)
    trained = storage.read_table(output.path.parent.parent / "models.tsv")
    return Shown(
        table=table,
        title=plan.title(table),
        output=output,
        metrics=metrics,
        paper=[row for rows in blocks.paper_of(paper, metrics).values() for row in rows],
        method=method,
        videos=tuple(_videos(Path(STAGES["illustrate"].output.format(**output.wildcards)), result["videos"])),
        models=tuple(row for row in trained if row["method"] == method),
    )


def _videos(path: Path, measured: Sequence[Mapping[str, Any]]) -> Iterator[Video]:
    found = manifest.read_manifest(path)
    rows = {(row["fold"], row["video"]): row for row in measured}
    for name, row in sorted(found.rows.items()):
        if row.ok:
            artefact = _read(storage.read_artefact, found.path(name), kind="illustration")
            yield Video(name, artefact, rows[artefact.meta["fold"], name])
        else:
            yield Video(name, None, reason=f"{row.code} {row.reason}")


def _read(reader: Any, path: Path, **options: Any) -> Any:
    try:
        return reader(path, **options)
    except DamagedError as error:
        raise UserError(f"{error}; delete it and run again") from error
