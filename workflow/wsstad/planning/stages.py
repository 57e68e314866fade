"""The stages, one entry a rule: where its outputs lie, what they are, which code makes them, what they depend on.

Paths, settings, keys, `why`, `gc`, `status`, the check for damage and the report's costs are derived from this table. A
new stage is a rule file, a module of `wsstad.stages`, an entry here, and in `job_settings` a function that returns what
its jobs depend on besides their inputs.
"""

from dataclasses import dataclass
from string import Formatter
from typing import Literal

TABLE_SUFFIXES = (".tsv", ".comparisons.tsv", ".md", ".tex")
BLOCK = "results/{dataset}/runs/{split}/{extractor}/{detector}/{linker}/{scale}"
REGION = "results/{dataset}/features/{extractor}/region/{detector}/{linker}"


@dataclass(frozen=True)
class Stage:
    """A rule of the workflow.

    Parameters
    ----------
    rule : its name; `module` is that of `wsstad.stages`, which two rules may share.
    outputs : patterns of the files that one job writes.
    code : the modules whose imports compute the result; with that of its variants they are part of the key.
    family : the family of the variants that it runs.
    kind : of the artefacts that its output names; none where the outputs are the results themselves.
    entry : what one artefact is of.
    upstream : the rules whose artefacts of the same video it reads.
    scope : whether it works on datasets, on footage that is scored, or on both.
    target : made for tables, for the report's page, or only when asked for.
    absent : what to say when it is asked for and the plan has none.
    has_cost : whether the report's table of costs shows it.
    """

    rule: str
    outputs: tuple[str, ...]
    code: tuple[str, ...]
    module: str = ""
    family: str = ""
    kind: str = ""
    entry: Literal["", "video", "model", "predictions"] = ""
    upstream: tuple[str, ...] = ()
    scope: Literal["dataset", "footage", "both"] = "dataset"
    target: Literal["table", "page", "apart"] = "table"
    absent: str = ""
    has_cost: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "module", self.module or self.rule)

    @property
    def output(self) -> str:
        """The pattern of its first output."""
        return self.outputs[0]

    @property
    def fields(self) -> list[str]:
        """The wildcards of its outputs."""
        return [name for _, name, _, _ in Formatter().parse(self.output) if name]

    @property
    def unit(self) -> str:
        """The name of its entries."""
        return {"model": "models", "predictions": "folds of runs"}.get(self.entry, "videos")

    @property
    def log(self) -> str:
        """The pattern of its log."""
        return f"results/logs/{self._job}.log"

    @property
    def benchmark(self) -> str:
        """The pattern of the file in which Snakemake notes time and memory of a job."""
        return f"results/benchmarks/{self._job}.tsv"

    @property
    def _job(self) -> str:
        names = [f"{{{name}}}" for name in self.fields] or ["page"]  # the report has no wildcard
        if self.module != self.rule and self.module == "extract":
            names.insert(2, self.rule.removeprefix("extract_"))  # after dataset and extractor
        return "/".join([self.module, *names])


STAGES = {
    stage.rule: stage
    for stage in (
        Stage(
            "decode",
            ("results/{dataset}/frames/manifests/{shard}.tsv",),
            ("wsstad.video.decoding",),
            kind="frames",
            entry="video",
            scope="both",
            has_cost=True,
        ),
        Stage(
            "detect",
            ("results/{dataset}/detections/{detector}/manifests/{shard}.tsv",),
            ("wsstad.perception.detection",),
            family="detectors",
            kind="detections",
            entry="video",
            upstream=("decode",),
            scope="both",
            has_cost=True,
        ),
        Stage(
            "link",
            ("results/{dataset}/tubes/{detector}/{linker}/manifests/{shard}.tsv",),
            ("wsstad.perception.linking",),
            family="linkers",
            kind="tubes",
            entry="video",
            upstream=("detect",),
            scope="both",
            has_cost=True,
        ),
        Stage(
            "extract_image",
            ("results/{dataset}/features/{extractor}/image/manifests/{shard}.tsv",),
            ("wsstad.perception.extraction",),
            module="extract",
            family="extractors",
            kind="image_features",
            entry="video",
            upstream=("decode",),
            scope="both",
            has_cost=True,
        ),
        Stage(
            "extract_region",
            (f"{REGION}/manifests/{{shard}}.tsv",),
            ("wsstad.perception.extraction",),
            module="extract",
            family="extractors",
            kind="region_features",
            entry="video",
            upstream=("decode", "link"),
            scope="both",
            has_cost=True,
        ),
        Stage(
            "audit",
            ("results/{dataset}/quarantine/{extractor}/{detector}/{linker}.tsv",),
            ("wsstad.artefacts.quarantine",),
        ),
        Stage(
            "train",
            (f"{BLOCK}/{{table}}/models.tsv",),
            ("wsstad.learning.model_jobs",),
            family="methods",
            kind="model",
            entry="model",
            has_cost=True,
        ),
        Stage("describe", (f"{BLOCK}/{{table}}/cards.tsv",), ("wsstad.artefacts.model_card",), kind="card"),
        Stage(
            "predict",
            (f"{BLOCK}/{{table}}/predictions.tsv",),
            ("wsstad.learning.prediction_jobs",),
            family="methods",
            kind="predictions",
            entry="predictions",
            has_cost=True,
        ),
        Stage(
            "annotate",
            ("results/{dataset}/annotations/{annotator}.tsv",),
            ("wsstad.evaluation.annotations.conversion",),
        ),
        Stage(
            "evaluate",
            (f"{BLOCK}/{{table}}/metrics/{{annotator}}.json",),
            ("wsstad.evaluation.evaluate",),
            has_cost=True,
        ),
        Stage(
            "overlay",
            (f"{BLOCK}/{{table}}/overlays/{{annotator}}/{{method}}/{{seed}}/manifests/{{shard}}.tsv",),
            ("wsstad.reporting.pictures.overlays",),
            kind="overlay",
            target="apart",
            absent="overlays: no block has one of these methods with one of these seeds in this table",
        ),
        Stage(
            "score",
            ("results/{dataset}/scores/{model}/manifests/{shard}.tsv",),
            ("wsstad.reporting.scoring",),
            family="methods",
            kind="score",
            scope="footage",
            target="apart",
            absent="score: no footage is named",
        ),
        Stage(
            "verdict",
            ("results/{dataset}/scores/{model}/verdicts.tsv",),
            ("wsstad.reporting.verdicts", "wsstad.reporting.page.verdict_page", "wsstad.artefacts.cells"),
            scope="footage",
            target="apart",
            absent="score: no footage is named",
        ),
        Stage(
            "tabulate_dataset",
            tuple(f"results/{{dataset}}/tables/{{table}}{suffix}" for suffix in TABLE_SUFFIXES),
            ("wsstad.reporting.tidy", "wsstad.reporting.markdown", "wsstad.reporting.latex", "wsstad.artefacts.cells"),
            module="tabulate",
        ),
        Stage(
            "tabulate",
            tuple(f"results/tables/{{table}}{suffix}" for suffix in TABLE_SUFFIXES),
            ("wsstad.reporting.tidy", "wsstad.reporting.markdown", "wsstad.reporting.latex", "wsstad.artefacts.cells"),
        ),
        Stage(
            "illustrate",
            (f"{BLOCK}/illustrations/{{annotator}}/manifests/{{table}}.tsv",),
            ("wsstad.reporting.pictures.illustrations",),
            kind="illustration",
            target="page",
            has_cost=True,
        ),
        Stage("report", ("results/report.html",), ("wsstad.reporting.page.render",), target="page"),
    )
}
# Names of rules, which tables, as each is a rule too, cannot have.
RULES = {*STAGES, "all", "whole_report", "overlays", "scores"}
