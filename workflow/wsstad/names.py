"""The names that rules share: where results lie, and what the plan says of a job, given its wildcards."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from wsstad import settings, storage
from wsstad.chains import Block
from wsstad.errors import UserError
from wsstad.methods import needs
from wsstad.plan import Plan

FRAMES = "results/{dataset}/frames/manifests/{shard}.tsv"
DETECTIONS = "results/{dataset}/detections/{detector}/manifests/{shard}.tsv"
TUBES = "results/{dataset}/tubes/{detector}/{linker}/manifests/{shard}.tsv"
IMAGE = "results/{dataset}/features/{extractor}/image/manifests/{shard}.tsv"
REGION = "results/{dataset}/features/{extractor}/region/{detector}/{linker}/manifests/{shard}.tsv"
QUARANTINE = "results/{dataset}/quarantine/{extractor}/{detector}/{linker}.tsv"
BLOCK = "results/{dataset}/runs/{split}/{extractor}/{detector}/{linker}/{scale}"
MODELS = f"{BLOCK}/{{table}}/models.tsv"
PREDICTIONS = f"{BLOCK}/{{table}}/predictions.tsv"
METRICS = f"{BLOCK}/{{table}}/metrics/{{annotator}}.json"
ILLUSTRATIONS = f"{BLOCK}/illustrations/{{annotator}}/manifests/{{table}}.tsv"
OVERLAYS = f"{BLOCK}/{{table}}/overlays/{{annotator}}/{{method}}/{{seed}}/manifests/{{shard}}.tsv"
CARDS = f"{BLOCK}/{{table}}/cards.tsv"
SCORES = "results/{dataset}/scores/{model}/manifests/{shard}.tsv"
VERDICTS = "results/{dataset}/scores/{model}/verdicts.tsv"
ANNOTATIONS = "results/{dataset}/annotations/{annotator}.tsv"
TABLES = "results/{dataset}/tables/{table}"
ALL_TABLES = "results/tables/{table}"
REPORT = "results/report.html"
TABLE_SUFFIXES = (".tsv", ".comparisons.tsv", ".md", ".tex")
# What each rule writes.
OUTPUTS = {
    "decode": (FRAMES,),
    "detect": (DETECTIONS,),
    "link": (TUBES,),
    "extract_image": (IMAGE,),
    "extract_region": (REGION,),
    "audit": (QUARANTINE,),
    "train": (MODELS,),
    "describe": (CARDS,),
    "predict": (PREDICTIONS,),
    "annotate": (ANNOTATIONS,),
    "evaluate": (METRICS,),
    "overlay": (OVERLAYS,),
    "score": (SCORES,),
    "verdict": (VERDICTS,),
    "tabulate_dataset": tuple(TABLES + suffix for suffix in TABLE_SUFFIXES),
    "tabulate": tuple(ALL_TABLES + suffix for suffix in TABLE_SUFFIXES),
    "illustrate": (ILLUSTRATIONS,),
    "report": (REPORT,),
}
ON_A_PAGE = ("illustrate", "report")  # rules that no table hangs on

# The kind of the artefacts that the outputs of a rule name.
KINDS = {
    "decode": "frames",
    "detect": "detections",
    "link": "tubes",
    "extract_image": "image_features",
    "extract_region": "region_features",
    "train": "model",
    "describe": "card",
    "predict": "predictions",
    "illustrate": "illustration",
    "overlay": "overlay",
    "score": "score",
}
# What the footage that is to be scored goes through.
FOOTAGE = ("decode", "detect", "link", "extract_image", "extract_region", "score", "verdict")
# What is made only when a target of its own asks for it, and what there is to say if the plan has nothing of the kind.
APART = {
    "overlay": "overlays: no block has one of these methods with one of these seeds in this table",
    "score": "score: no footage is named",
    "verdict": "score: no footage is named",
}

# What Snakemake calls with a job's wildcards to learn an input or a parameter.
Ask = Callable[[Any], Any]


class Output(NamedTuple):
    """A file that a rule writes, and the wildcards of the job that does."""

    rule: str
    path: Path
    wildcards: dict[str, str]


def outputs(plan: Plan) -> Iterator[Output]:
    """Yield every file that the rules may write for a plan, whatever is asked for, in the order of the rules."""
    seen = set()
    for rule, patterns in OUTPUTS.items():
        for pattern, choices in product(patterns, list(_choices(plan, rule))):
            fields = [name for _, name, _, _ in Formatter().parse(pattern) if name]
            for values in product(*(choices[name] for name in fields)):
                wildcards = dict(zip(fields, values, strict=True))
                path = Path(pattern.format(**wildcards))
                if path not in seen:
                    seen.add(path)
                    yield Output(rule, path, wildcards)


def log_path(output: Output) -> Path:
    """Return the log of the job that writes an output."""
    stage, _, part = output.rule.partition("_")
    values = list(output.wildcards.values()) or ["page"]  # the report is of everything
    if stage == "extract":
        values.insert(2, part)  # of the dataset, by the extractor: the image, or the regions of tubes
    return Path("results/logs", stage, *values[:-1], f"{values[-1]}.log")


def _choices(plan: Plan, rule: str) -> Iterator[dict[str, list[str]]]:
    """Yield what each wildcard of a rule may be: in each block, and for each piece of footage."""
    for block in plan.blocks() if rule not in ("score", "verdict") else ():
        its = {
            **{name: [value] for name, value in asdict(block).items()},
            "shard": plan.shards(block.dataset),
            "table": plan.report_tables() if rule == "illustrate" else plan.table_names(),
            "annotator": plan.annotators(block),
        }
        if rule == "overlay":
            for table, method, seed in plan.overlays(block):
                yield {**its, "table": [table], "method": [method], "seed": [str(seed)]}
        else:
            yield its
    for footage in plan.footage.values() if rule in FOOTAGE else ():
        chain = {name: [value] for name, value in footage.chain().items()}
        yield {**chain, "dataset": [footage.name], "model": [footage.card.name], "shard": plan.shards(footage.name)}


class Names:
    """Functions of a job's wildcards, all answered by the plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def tables(self, wildcards: Any) -> str:
        """Return the folder of the dataset's tables."""
        return str(self.plan.tables(wildcards.dataset))

    def source(self, wildcards: Any) -> str:
        """Return the folder of the dataset's annotations."""
        return self.plan.source(wildcards.dataset)

    def raw_videos(self, wildcards: Any) -> str:
        """Return the folder that jobs read the dataset's raw videos from."""
        return str(self.plan.raw_videos(wildcards.dataset).root)

    def urls(self, wildcards: Any) -> list[str]:
        """Return the raw videos of the shard that have to be fetched before they can be read."""
        raw, rows = self.plan.raw_videos(wildcards.dataset), self.plan.rows(wildcards.dataset)
        return [
            u for video in self.plan.videos(wildcards.dataset, wildcards.shard) for u in raw.urls(rows[video]["path"])
        ]

    def methods(self, wildcards: Any) -> list[str]:
        """Return the YAML files of the methods of the table."""
        return [str(self.plan.variant("methods", name)) for name in self._methods(wildcards)]

    def detections(self, wildcards: Any) -> list[str]:
        """Return the manifests of the detections, if a method of the table reads them."""
        kinds = {self.plan.parameters("methods", name)["type"] for name in self._methods(wildcards)}
        return self.all_shards(DETECTIONS)(wildcards) if any("detections" in needs(kind) for kind in kinds) else []

    def detections_flag(self, wildcards: Any, input: Any) -> str:  # noqa: A002 - Snakemake passes it by this name
        """Return the flag that hands the detections to predict, if it needs them."""
        return f"--detections {input.detections}" if input.detections else ""

    def seeds(self, wildcards: Any) -> str:
        """Return the seeds of each method of the table, as flags have them: ``mgpr=0,1,2 random=0``."""
        return " ".join(f"{name}={','.join(map(str, seeds))}" for name, seeds in self._methods(wildcards).items())

    def scale(self, wildcards: Any) -> str:
        """Return the YAML file of the scale."""
        return str(self.plan.scale(wildcards.scale))

    def settings(self, rule: str) -> Ask:
        """Return a function that gives what the job of a rule goes by, apart from its inputs, as JSON."""

        def text(wildcards: Any) -> str:
            return storage.canonical_json(settings.read(self.plan, rule, wildcards))

        return text

    def metrics(self, wildcards: Any) -> list[str]:
        """Return the metrics of a table: of all blocks of the dataset, or of all datasets where none is named."""
        datasets = [wildcards["dataset"]] if "dataset" in wildcards.keys() else self.plan.datasets()  # noqa: SIM118
        return [path for dataset in datasets for path in self.plan.metrics(dataset, wildcards.table)]

    def everything(self, table: str) -> list[str]:
        """Return all files behind a table, and its own."""
        wanted = [its for its in outputs(self.plan) if its.rule not in (*APART, *ON_A_PAGE)]
        mine = [its for its in wanted if its.wildcards.get("dataset") not in self.plan.footage]
        return [str(its.path) for its in mine if its.wildcards.get("table", table) == table]

    def illustrated(self, wildcards: Any) -> str:
        """Return the method of a table whose decisions the report shows video by video."""
        return self.plan.illustrated(Block.of(wildcards), wildcards.table)

    def assignments(self, wildcards: Any) -> list[str]:
        """Return the whole configuration as a verb takes it: ``key=value``, a word each."""
        return [f"{key}={storage.canonical_json(value)}" for key, value in self.plan.config.items()]

    def shown(self, pattern: str) -> Ask:
        """Return a function that gives the outputs with this pattern of the tables of the report."""

        def paths(wildcards: Any) -> list[str]:
            tables, rule = self.plan.report_tables(), next(r for r, its in OUTPUTS.items() if pattern in its)
            found = [its for its in outputs(self.plan) if its.rule == rule]
            return [str(its.path) for its in found if its.wildcards.get("table", tables[0]) in tables]

        return paths

    def apart(self, rule: str) -> Ask:
        """Return a function that gives all outputs of a rule that has a target of its own."""

        def paths(wildcards: Any) -> list[str]:
            found = [str(its.path) for its in outputs(self.plan) if its.rule == rule]
            if not found:
                raise UserError(f"{self.plan.where}: {APART[rule]}")
            return found

        return paths

    def paper_flag(self, wildcards: Any) -> str:
        """Return the flag that hands the paper's own values to tabulate, if there are any."""
        return " ".join(f"--paper {path}" for path in self.plan.paper(wildcards.table))

    def title(self, wildcards: Any) -> str:
        """Return the heading of the table."""
        return self.plan.title(wildcards.table)

    def all_shards(self, pattern: str) -> Ask:
        """Return a function that gives a stage's manifests of all shards of the dataset."""

        def manifests(wildcards: Any) -> list[str]:
            shards = self.plan.shards(wildcards.dataset)
            return [pattern.format(**{**dict(wildcards), "shard": shard}) for shard in shards]

        return manifests

    def footage(self, pattern: str) -> Ask:
        """Return a function that gives the manifest of a stage that a shard of footage went through."""

        def path(wildcards: Any) -> str:
            chain = self.plan.footage[wildcards.dataset].chain()
            return pattern.format(**chain, dataset=wildcards.dataset, shard=wildcards.shard)

        return path

    def model(self, wildcards: Any) -> str:
        """Return the model that is to score some footage."""
        return str(self.plan.footage[wildcards.dataset].model)

    def scoring(self, name: str) -> Ask:
        """Return a function that gives a setting of the scoring of some footage."""

        def value(wildcards: Any) -> str:
            return str(self.plan.footage[wildcards.dataset].settings[name])

        return value

    def overlay_flag(self, wildcards: Any) -> str:
        """Return the flag that says whether each video of some footage is drawn."""
        return "--overlay" if self.plan.footage[wildcards.dataset].settings["overlay"] else "--no-overlay"

    def decoding(self, wildcards: Any) -> str:
        """Return how frames are decoded, as YAML."""
        return storage.canonical_json(self.plan.config["decode"])

    def variant(self, family: str, wildcard: str) -> Ask:
        """Return a function that gives the YAML file of the variant that a wildcard names."""

        def path(wildcards: Any) -> str:
            return str(self.plan.variant(family, wildcards[wildcard]))

        return path

    def _methods(self, wildcards: Any) -> dict[str, list[int]]:
        return self.plan.methods(Block.of(wildcards), wildcards.table)
