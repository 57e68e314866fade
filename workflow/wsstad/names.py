"""The names that rules share: where results lie, and what the plan says of a job, given its wildcards."""

from collections.abc import Callable
from typing import Any

from wsstad.methods import needs
from wsstad.plan import Block, Plan

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
ANNOTATIONS = "results/{dataset}/annotations/{annotator}.tsv"

# What Snakemake calls with a job's wildcards to learn an input or a parameter.
Ask = Callable[[Any], Any]


class Names:
    """Functions of a job's wildcards, all answered by the plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def tables(self, wildcards: Any) -> str:
        """Return the folder of the dataset's tables."""
        return str(self.plan.tables(wildcards.dataset))

    def source(self, wildcards: Any) -> str:
        """Return the root of the dataset's raw videos."""
        return self.plan.source(wildcards.dataset)

    def sources(self, wildcards: Any) -> str:
        """Return the digest of the state of the shard's raw videos."""
        return self.plan.sources(wildcards.dataset, wildcards.shard)

    def split(self, wildcards: Any) -> str:
        """Return the table of the split."""
        return str(self.plan.tables(wildcards.dataset) / "splits" / f"{wildcards.split}.tsv")

    def dataset(self, wildcards: Any) -> str:
        """Return the dataset's dataset.yaml."""
        return str(self.plan.tables(wildcards.dataset) / "dataset.yaml")

    def annotations(self, wildcards: Any) -> list[str]:
        """Return the files that the annotator's annotations come from."""
        return self.plan.annotations(wildcards.dataset, wildcards.annotator)

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

    def methods_code(self, stage: str) -> Ask:
        """Return a function that gives the digest of the code behind a stage and the methods of the table."""

        def digest(wildcards: Any) -> str:
            return self.plan.code(stage, "methods", self._methods(wildcards))

        return digest

    def seeds(self, wildcards: Any) -> str:
        """Return the seeds of each method of the table, as flags have them: ``mgpr=0,1,2 random=0``."""
        return " ".join(f"{name}={','.join(map(str, seeds))}" for name, seeds in self._methods(wildcards).items())

    def scale(self, wildcards: Any) -> str:
        """Return the YAML file of the scale."""
        return str(self.plan.scale(wildcards.scale))

    def metrics(self, wildcards: Any) -> list[str]:
        """Return the metrics of a table: of all blocks of the dataset, or of all datasets where none is named."""
        datasets = [wildcards["dataset"]] if "dataset" in wildcards.keys() else self.plan.datasets()  # noqa: SIM118
        return [path for dataset in datasets for path in self.plan.metrics(dataset, wildcards.table)]

    def paper(self, wildcards: Any) -> list[str]:
        """Return the file with the paper's own values of the table, if it has some."""
        return self.plan.paper(wildcards.table)

    def paper_flag(self, wildcards: Any, input: Any) -> str:  # noqa: A002 - Snakemake passes it by this name
        """Return the flag that hands the paper's values to tabulate, if there are any."""
        return f"--paper {input.paper}" if input.paper else ""

    def title(self, wildcards: Any) -> str:
        """Return the heading of the table."""
        return self.plan.title(wildcards.table)

    def all_shards(self, pattern: str) -> Ask:
        """Return a function that gives a stage's manifests of all shards of the dataset."""

        def manifests(wildcards: Any) -> list[str]:
            shards = self.plan.shards(wildcards.dataset)
            return [pattern.format(**{**dict(wildcards), "shard": shard}) for shard in shards]

        return manifests

    def variant(self, family: str, wildcard: str) -> Ask:
        """Return a function that gives the YAML file of the variant that a wildcard names."""

        def path(wildcards: Any) -> str:
            return str(self.plan.variant(family, wildcards[wildcard]))

        return path

    def weights(self, family: str, wildcard: str) -> Ask:
        """Return a function that gives the weights file of a variant, or nothing."""

        def path(wildcards: Any) -> list[str]:
            return self.plan.weights(family, wildcards[wildcard])

        return path

    def code(self, stage: str, family: str = "", wildcard: str = "") -> Ask:
        """Return a function that gives the digest of the code behind a stage and its variant."""

        def digest(wildcards: Any) -> str:
            return self.plan.code(stage, family, [wildcards[wildcard]] if family else [])

        return digest

    def _methods(self, wildcards: Any) -> dict[str, list[int]]:
        block = Block(**{name: wildcards[name] for name in Block.__dataclass_fields__})
        return self.plan.methods(block, wildcards.table)
