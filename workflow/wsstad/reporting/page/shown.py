"""What a page shows of one table in one block, read from the results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wsstad.artefacts import manifest, run_files, storage
from wsstad.artefacts.storage import Artefact
from wsstad.evaluation import results
from wsstad.evaluation.results import BlockResult, MethodResult, VideoResult
from wsstad.planning import paths
from wsstad.planning.block import Block
from wsstad.planning.paths import Output
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES
from wsstad.reporting import paper as papers
from wsstad.reporting.paper import PaperRow


@dataclass(frozen=True)
class Video:
    """A test video: its illustration and what was measured, neither if it is quarantined, for a `reason`."""

    name: str
    illustration: Artefact | None
    measured: VideoResult | None = None
    reason: str = ""

    @property
    def s_loc(self) -> float | None:
        """S_loc of the seed that is illustrated, if the video is abnormal and has boxes."""
        return self.measured.s_loc_of_runs[0] if self.measured and self.measured.s_loc_of_runs else None

    @property
    def abnormal(self) -> bool:
        """Whether its label says so."""
        return self.illustration is not None and self.illustration.meta["label"] == "abnormal"


@dataclass(frozen=True)
class Shown:
    """One table in one block by one annotator: what was measured, the illustrated method, its videos, all models."""

    table: str
    title: str
    output: Output
    measured: BlockResult
    paper: Sequence[PaperRow]
    method: str
    videos: tuple[Video, ...]
    trained: tuple[Mapping[str, str], ...]

    @property
    def models(self) -> list[Mapping[str, str]]:
        """The models of the method that is illustrated."""
        return [row for row in self.trained if row["method"] == self.method]

    @property
    def block(self) -> Block:
        """The chain of variants."""
        return Block.of(self.output.wildcards)

    @property
    def result(self) -> MethodResult:
        """What was measured of the method that is illustrated."""
        return self.measured.of(self.method)

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
        histories = {}
        for row in self.models:
            path = self.model_path(row).with_suffix(run_files.HISTORY_SUFFIX)
            histories[f"seed {row['seed']}, fold {row['fold']}"] = storage.read_table(path)
        return histories

    def training_videos(self) -> list[str]:
        """Return what the first model of the method learned from; nothing where there is no model."""
        meta = storage.read_tensors(self.model_path(self.models[0]))[1] if self.models else {}
        return list(meta["training"]["training_videos"]) if "training" in meta else []

    def thresholds(self) -> dict[int, float]:
        """Return the score above which the seed that is illustrated gives an alarm, by fold; those that are known."""
        alarms = self.result.alarms
        return {int(fold): value for fold, value in alarms.seeds[0].thresholds.items()} if alarms else {}

    def model_path(self, row: Mapping[str, str]) -> Path:
        """Return the file of a model."""
        return run_files.path(self.output.path.parent, "models", row)


def read(plan: Plan) -> Iterator[Shown]:
    """Yield what the page shows, table by table in the order of the configuration."""
    outputs = [output for output in paths.outputs(plan) if output.rule == "evaluate"]
    for table in plan.report_tables():
        paper = [row for path in plan.paper(table) for row in papers.read(Path(path))]
        for output in [output for output in outputs if output.wildcards["table"] == table]:
            yield _read_one(plan, table, output, paper)


def _read_one(plan: Plan, table: str, output: Output, paper: Sequence[PaperRow]) -> Shown:
    block = Block.of(output.wildcards)
    method, measured = plan.illustrated(block, table), results.read(output.path)
    trained = storage.read_table(output.path.parent.parent / "models.tsv")
    return Shown(
        table=table,
        title=plan.title(table),
        output=output,
        measured=measured,
        paper=[row for rows in papers.by_method(paper, measured).values() for row in rows],
        method=method,
        videos=tuple(_videos(Path(STAGES["illustrate"].output.format(**output.wildcards)), measured.of(method).videos)),
        trained=tuple(trained),
    )


def _videos(path: Path, measured: Sequence[VideoResult]) -> Iterator[Video]:
    illustrations = manifest.read_manifest(path)
    results_of = {(row.fold, row.video): row for row in measured}
    for name, row in sorted(illustrations.rows.items()):
        if row.ok:
            artefact = storage.read_artefact(illustrations.path(name), kind="illustration")
            yield Video(name, artefact, results_of[artefact.meta["fold"], name])
        else:
            yield Video(name, None, reason=f"{row.code} {row.reason}")
