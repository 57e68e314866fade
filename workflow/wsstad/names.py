"""The names that rules share: where results lie, and what the plan says of a job, given its wildcards."""

from collections.abc import Callable
from typing import Any

from wsstad.plan import Plan

FRAMES = "results/{dataset}/frames/manifests/{shard}.tsv"
DETECTIONS = "results/{dataset}/detections/{detector}/manifests/{shard}.tsv"
TUBES = "results/{dataset}/tubes/{detector}/{linker}/manifests/{shard}.tsv"
IMAGE = "results/{dataset}/features/{extractor}/image/manifests/{shard}.tsv"
REGION = "results/{dataset}/features/{extractor}/region/{detector}/{linker}/manifests/{shard}.tsv"
QUARANTINE = "results/{dataset}/quarantine/{extractor}/{detector}/{linker}.tsv"
RUN = "results/{dataset}/runs/{split}/{extractor}/{detector}/{linker}/{method}"
MODELS = f"{RUN}/{{seed}}/models.tsv"
PREDICTIONS = f"{RUN}/{{seed}}/predictions.tsv"
METRICS = f"{RUN}/metrics/{{annotator}}.json"
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

    def models(self, wildcards: Any) -> list[str]:
        """Return the table of models, if the method is trained."""
        return [MODELS.format(**wildcards)] if self.plan.is_trained(wildcards.method) else []

    def models_flag(self, wildcards: Any, input: Any) -> str:  # noqa: A002 - Snakemake passes it by this name
        """Return the flag that hands the models to predict, if there are any."""
        return f"--models {input.models}" if input.models else ""

    def predictions(self, wildcards: Any) -> list[str]:
        """Return the predictions of every seed of the method."""
        seeds = self.plan.seeds(wildcards.dataset, wildcards.split, wildcards.method)
        return [PREDICTIONS.format(**{**dict(wildcards), "seed": seed}) for seed in seeds]

    def metrics(self, wildcards: Any) -> list[str]:
        """Return the metrics of all runs on the dataset."""
        return self.plan.metrics(wildcards.dataset)

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
            return self.plan.code(stage, family, wildcards[wildcard] if family else "")

        return digest
