"""Where results lie: the pattern of every output, and the files that the rules may write for a plan."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from string import Formatter
from typing import NamedTuple

from wsstad.planning.plan import Plan

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
