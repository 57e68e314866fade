"""What the rules ask of the plan: the inputs and parameters of a job, as functions of its wildcards."""

from collections.abc import Callable
from pathlib import Path

from wsstad.artefacts import storage
from wsstad.errors import UserError
from wsstad.planning import checksums, compared, job_settings, paths, precomputed, run_targets
from wsstad.planning.block import Block, Wildcards
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES

# What Snakemake calls with a job's wildcards to learn a parameter or an input.
Text = Callable[[Wildcards], str]
Files = Callable[[Wildcards], list[str]]


class RuleInputs:
    """Functions of a job's wildcards, all answered by the plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def tables(self, wildcards: Wildcards) -> str:
        """Return the folder of the dataset's tables."""
        return str(self.plan.tables(wildcards["dataset"]))

    def source(self, wildcards: Wildcards) -> str:
        """Return the folder of the dataset's annotations."""
        return self.plan.source(wildcards["dataset"])

    def checksums(self, wildcards: Wildcards) -> list[str]:
        """Return the flags that name the lists of checksums of the dataset's videos."""
        return [f"--checksums={file}" for file in checksums.find(self.plan, wildcards["dataset"])]

    def raw_videos(self, wildcards: Wildcards) -> str:
        """Return the folder that jobs read the dataset's raw videos from."""
        return str(self.plan.raw_videos(wildcards["dataset"]).root)

    def pixels(self, wildcards: Wildcards) -> list[str]:
        """Return the flag that keeps pictures of the dataset out of the report, if none are to be there."""
        return [] if precomputed.has_pixels(self.plan, wildcards["dataset"]) else ["--no-pixels"]

    def urls(self, wildcards: Wildcards) -> list[str]:
        """Return the raw videos of the shard that have to be fetched before they can be read."""
        raw, rows = self.plan.raw_videos(wildcards["dataset"]), self.plan.rows(wildcards["dataset"])
        return [
            u
            for video in self.plan.videos(wildcards["dataset"], wildcards["shard"])
            for u in raw.urls(rows[video]["path"])
        ]

    def weights(self, wildcards: Wildcards) -> str:
        """Return the folder of weights; of a plain text Snakemake would expand what stands in braces."""
        return self.plan.config["weights"]

    def methods(self, wildcards: Wildcards) -> list[str]:
        """Return the YAML files of the methods of the table."""
        return [str(self.plan.variant("methods", name)) for name in self._methods(wildcards)]

    def detections(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the detections, if a method of the table reads them."""
        needed = any("detections" in self.plan.method(name).needs for name in self._methods(wildcards))
        return self.all_shards("detect")(wildcards) if needed else []

    def detections_flag(self, wildcards: Wildcards) -> list[str]:
        """Return the words that hand the detections to predict, if it needs them."""
        return ["--detections", self.manifests("detect")(wildcards)] if self.detections(wildcards) else []

    def seeds(self, wildcards: Wildcards) -> list[str]:
        """Return the seeds of each method of the table, a word each: ``mgpr=0,1,2``, ``random=0``."""
        return [f"{name}={','.join(map(str, seeds))}" for name, seeds in self._methods(wildcards).items()]

    def compared(self, wildcards: Wildcards) -> list[str]:
        """Return the methods of the table that are compared, the reference first."""
        return compared.methods(self.plan, Block.of(wildcards), wildcards["table"])

    def branches(self, wildcards: Wildcards) -> list[str]:
        """Return the methods of the table whose branches are rows too."""
        return compared.branches(self.plan, Block.of(wildcards), wildcards["table"])

    def scale(self, wildcards: Wildcards) -> str:
        """Return the YAML file of the scale."""
        return str(self.plan.scale(wildcards["scale"]))

    def settings(self, rule: str) -> Text:
        """Return a function that gives what the job of a rule goes by, apart from its inputs, as JSON."""

        def text(wildcards: Wildcards) -> str:
            return storage.canonical_json(job_settings.read(self.plan, rule, wildcards))

        return text

    def metrics(self, wildcards: Wildcards) -> list[str]:
        """Return the metrics of a table: of all blocks of the dataset, or of all datasets where none is named."""
        datasets = [wildcards["dataset"]] if "dataset" in wildcards.keys() else self.plan.datasets()  # noqa: SIM118
        return [path for dataset in datasets for path in self.plan.metrics(dataset, wildcards["table"])]

    def everything(self, target: str) -> Files:
        """Return a function that gives all files behind a target, and its own; it raises `UserError` if it has none.

        Snakemake makes nothing again behind a file that exists, unless a target names it.
        """

        def files(wildcards: Wildcards) -> list[str]:
            outputs = list(run_targets.outputs(self.plan, [target]))
            rule = run_targets.MADE_BY.get(target)
            if rule and rule not in {output.rule for output in outputs}:
                raise UserError(f"{self.plan.where}: {STAGES[rule].absent}")
            return [str(output.path) for output in outputs]

        return files

    def illustrated(self, wildcards: Wildcards) -> str:
        """Return the method of a table whose decisions the report shows video by video."""
        return self.plan.illustrated(Block.of(wildcards), wildcards["table"])

    def assignments(self, wildcards: Wildcards) -> list[str]:
        """Return the whole configuration as a verb takes it: ``key=value``, a word each."""
        # A value that is text by the schema is read as it is typed, so quotes would become part of it.
        return [
            f"{key}={value if isinstance(value, str) else storage.canonical_json(value)}"
            for key, value in self.plan.config.items()
        ]

    def shown(self, rule: str) -> Files:
        """Return a function that gives the outputs of a rule that are of the tables of the report."""

        def files(wildcards: Wildcards) -> list[str]:
            tables = self.plan.report_tables()
            outputs = [output for output in paths.outputs(self.plan) if output.rule == rule]
            return [str(output.path) for output in outputs if output.wildcards.get("table", tables[0]) in tables]

        return files

    def paper_flag(self, wildcards: Wildcards) -> list[str]:
        """Return the words that hand the paper's own values to tabulate, if there are any."""
        return [f"--paper={path}" for path in self.plan.paper(wildcards["table"])]

    def title(self, wildcards: Wildcards) -> str:
        """Return the heading of the table."""
        return self.plan.title(wildcards["table"])

    def all_shards(self, rule: str) -> Files:
        """Return a function that gives a stage's manifests of all shards of the dataset."""

        def manifests(wildcards: Wildcards) -> list[str]:
            shards = self.plan.shards(wildcards["dataset"])
            return [STAGES[rule].output.format(**{**dict(wildcards), "shard": shard}) for shard in shards]

        return manifests

    def manifests(self, rule: str) -> Text:
        """Return a function that gives the folder of a stage's manifests.

        On a command line it stands for those of all shards, which would be too many words.
        """

        def folder(wildcards: Wildcards) -> str:
            return str(Path(STAGES[rule].output.format(**{**dict(wildcards), "shard": ""})).parent)

        return folder

    def footage(self, rule: str) -> Text:
        """Return a function that gives the manifest of a stage that a shard of footage went through."""

        def path(wildcards: Wildcards) -> str:
            chain = self.plan.footage[wildcards["dataset"]].chain()
            return STAGES[rule].output.format(**chain, dataset=wildcards["dataset"], shard=wildcards["shard"])

        return path

    def model(self, wildcards: Wildcards) -> str:
        """Return the model that is to score some footage."""
        return str(self.plan.footage[wildcards["dataset"]].model)

    def scoring(self, name: str) -> Text:
        """Return a function that gives a setting of the scoring of some footage."""

        def value(wildcards: Wildcards) -> str:
            return str(self.plan.footage[wildcards["dataset"]].settings[name])

        return value

    def threshold_flag(self, wildcards: Wildcards) -> list[str]:
        """Return the words that hand on a threshold given by hand, if there is one."""
        threshold = self.plan.footage[wildcards["dataset"]].settings["threshold"]
        return [] if threshold is None else ["--threshold", str(threshold)]

    def overlay_flag(self, wildcards: Wildcards) -> str:
        """Return the flag that says whether each video of some footage is drawn."""
        return "--overlay" if self.plan.footage[wildcards["dataset"]].settings["overlay"] else "--no-overlay"

    def decoding(self, wildcards: Wildcards) -> str:
        """Return how frames are decoded, as YAML."""
        return storage.canonical_json(self.plan.config["decode"])

    def variant(self, family: str, wildcard: str) -> Text:
        """Return a function that gives the YAML file of the variant that a wildcard names."""

        def path(wildcards: Wildcards) -> str:
            return str(self.plan.variant(family, wildcards[wildcard]))

        return path

    def _methods(self, wildcards: Wildcards) -> dict[str, list[int]]:
        return self.plan.methods(Block.of(wildcards), wildcards["table"])
