"""Names that the rules share. The plan checks the whole configuration here, before any job."""

import sys
from pathlib import Path

PACKAGE = Path(workflow.basedir, "workflow")
sys.path.insert(0, str(PACKAGE))

from wsstad.errors import UserError
from wsstad.plan import Plan

try:
    plan = Plan(config, results=Path("results"))
    if workflow.is_main_process:
        plan.write_shard_maps()
except UserError as error:
    sys.exit(f"wsstad: {error}")

# A custom prefix replaces Snakemake's own strict mode, so it is repeated. Every stage says what it does on the
# terminal and keeps it in its log.
shell.prefix(f"set -euo pipefail; export PYTHONPATH={str(PACKAGE)!r}; ")
LOGGED = "2> >(tee {log:q} >&2)"

FRAMES = "results/{dataset}/frames/manifests/{shard}.tsv"
DETECTIONS = "results/{dataset}/detections/{detector}/manifests/{shard}.tsv"
TUBES = "results/{dataset}/tubes/{detector}/{linker}/manifests/{shard}.tsv"
IMAGE = "results/{dataset}/features/{extractor}/image/manifests/{shard}.tsv"
REGION = "results/{dataset}/features/{extractor}/region/{detector}/{linker}/manifests/{shard}.tsv"
RUN = "results/{dataset}/runs/{split}/{extractor}/{detector}/{linker}/{method}"


wildcard_constraints:
    dataset="[A-Za-z0-9_-]+",
    shard="[0-9]+",
    split="[A-Za-z0-9_-]+",
    detector="[A-Za-z0-9_-]+",
    linker="[A-Za-z0-9_-]+",
    extractor="[A-Za-z0-9_-]+",
    method="[A-Za-z0-9_-]+",
    annotator="[A-Za-z0-9_-]+",
    seed="[0-9]+",


def tables_of(wildcards):
    return plan.tables(wildcards.dataset)


def source_of(wildcards):
    return plan.source(wildcards.dataset)


def all_shards(pattern):
    """Return an input function that gives a stage's manifests of all shards of a dataset."""

    def manifests(wildcards):
        shards = plan.shards(wildcards.dataset)
        return [
            pattern.format(**{**dict(wildcards), "shard": shard}) for shard in shards
        ]

    return manifests


def variant_of(family, wildcard):
    """Return an input function that gives the YAML file of the variant that a wildcard names."""

    def path(wildcards):
        return str(plan.variant(family, wildcards[wildcard]))

    return path


def weights_of(family, wildcard):
    """Return an input function that gives the weights file of a variant, or nothing."""

    def path(wildcards):
        return plan.weights(family, wildcards[wildcard])

    return path


def code_of(stage, family="", wildcard=""):
    """Return a params function that gives the digest of the code behind a stage and its variant."""

    def digest(wildcards):
        return plan.code(stage, family, wildcards[wildcard] if family else "")

    return digest
