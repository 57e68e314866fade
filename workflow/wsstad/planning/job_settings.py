"""What each job goes by, apart from the results that it reads: the value behind its `params.settings`.

No rule has a file from outside results/ as `input`: Snakemake looks at such a file only when its mtime is newer than a
result, and those mtimes lie (rsync, git, another machine's clock). Here they count by what they say, together with the
defaults of the schemas and the code. It is one text, since Snakemake compares params as a set of values without names,
and would not see two of them change places; and JSON, so that `why` can tell what changed.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from wsstad.artefacts import keys, storage
from wsstad.artefacts.storage import canonical_json
from wsstad.evaluation.annotations import FORMATS
from wsstad.jsonable import Facts, plain
from wsstad.learning import methods
from wsstad.planning import artefact_keys, checksums, compared, dataset_tables, precomputed, raw_videos
from wsstad.planning.block import CHAIN, Block, Wildcards
from wsstad.planning.plan import Plan
from wsstad.planning.stages import STAGES

TEMPLATES = Path(__file__).parents[1] / "reporting/page/templates"
LENGTH = 16  # characters of a digest that is shown to people


def read(plan: Plan, rule: str, wildcards: Wildcards) -> Facts:
    """Return what the job of a rule with these wildcards goes by."""
    return plain(FUNCTIONS[STAGES[rule].module](plan, wildcards))


def decode(plan: Plan, w: Wildcards) -> Facts:
    """Return the state of the raw videos: size, mtime and inode, or entity tag, decide only whether decode looks again.

    It then goes by their content.
    """
    raw, rows = plan.raw_videos(w["dataset"]), plan.rows(w["dataset"])
    videos = {video: _digest(raw.state(rows[video]["path"])) for video in plan.videos(w["dataset"], w["shard"])}
    listed = checksums.find(plan, w["dataset"])
    if features := precomputed.features(plan, w["dataset"]):
        return {"code": keys.code(artefact_keys.READY), "features": features, "videos": videos}
    more = {"checksums": [_content(file) for file in listed]} if listed else {}
    return {"code": _code("decode"), "decode": plan.config["decode"], "videos": videos, **more}


def detect(plan: Plan, w: Wildcards) -> Facts:
    """Return the detector, and the content of the file that has its boxes, if one does."""
    settings = _variant(plan, "detect", "detectors", w["detector"])
    boxes = precomputed.boxes(plan, w["dataset"], w["detector"])
    return {**settings, "boxes": _content(boxes)} if boxes else settings


def link(plan: Plan, w: Wildcards) -> Facts:
    """Return the linker."""
    return _variant(plan, "link", "linkers", w["linker"])


def extract(plan: Plan, w: Wildcards) -> Facts:
    """Return the extractor."""
    return _variant(plan, "extract_image", "extractors", w["extractor"])


def audit(plan: Plan, w: Wildcards) -> Facts:
    """Return how many videos may be quarantined."""
    return {"code": _code("audit"), "quarantine": plan.config["quarantine"]}


def train(plan: Plan, w: Wildcards) -> Facts:
    """Return the methods, the folds, the labels and the groups."""
    labels = {row["video"]: [row["label"], row.get("group", "")] for row in _rows(plan, w)}
    return {**_methods(plan, "train", w), "labels": _digest(labels)}


def predict(plan: Plan, w: Wildcards) -> Facts:
    """Return the methods and the folds."""
    return _methods(plan, "predict", w)


def annotate(plan: Plan, w: Wildcards) -> Facts:
    """Return the annotations, and the videos that they may be of."""
    entry = dataset_tables.read_annotator(plan.tables(w["dataset"]), w["annotator"])
    videos = {video: row["label"] for video, row in plan.rows(w["dataset"]).items()}
    return {
        "code": keys.code(*artefact_keys.modules("annotate"), FORMATS[entry.format].module),
        "annotator": entry.model_dump(),
        "annotations": [_content(Path(path)) for path in plan.annotations(w["dataset"], w["annotator"])],
        "videos": _digest(videos),
    }


def evaluate(plan: Plan, w: Wildcards) -> Facts:
    """Return how predictions are measured, of which videos, and what tables say of the dataset and the features."""
    return {
        "code": _code("evaluate"),
        "evaluate": plan.config["evaluate"],
        "compared": compared.methods(plan, Block.of(w), w["table"]),
        "branches": compared.branches(plan, Block.of(w), w["table"]),
        "title": dataset_tables.read_dataset(plan.tables(w["dataset"]))["title"],
        "extractor": plan.parameters("extractors", w["extractor"]).model_dump(),
        "split": _folds(plan, w),
        "videos": _digest([{**row, "path": ""} for row in _rows(plan, w)]),
    }


def describe(plan: Plan, w: Wildcards) -> Facts:
    """Return the chain that made what the models learned from."""
    variants = {name: plan.parameters(family, w[name]) for name, family in CHAIN.items()}
    types = {name: parameters.type for name, parameters in variants.items()}
    return {
        "code": _code("describe"),
        "decode": plan.config["decode"],
        **{name: parameters.model_dump() for name, parameters in variants.items()},
        "chain": {stage: key[:LENGTH] for stage, key in artefact_keys.chain_code(**types).items()},
    }


def score(plan: Plan, w: Wildcards) -> Facts:
    """Return the model, and what is said by it."""
    footage = plan.footage[w["dataset"]]
    return {"code": _code("score", footage.card.type), "model": footage.card.digest, "score": footage.settings}


def verdict(plan: Plan, w: Wildcards) -> Facts:
    """Return the model, how the page is written, and what lies beside the videos."""
    footage = plan.footage[w["dataset"]]
    code = {"code": _code("verdict"), "templates": _templates()}
    return {**code, "model": footage.card.digest, "passed_over": dict(footage.passed_over)}


def overlay(plan: Plan, w: Wildcards) -> Facts:
    """Return what is drawn: of which test videos, and how."""
    return {
        "code": _code("overlay"),
        "crf": plan.config["overlays"]["crf"],
        "alarms_per_hour": plan.config["evaluate"]["alarms_per_hour"],
        "split": _folds(plan, w),
    }


def tabulate(plan: Plan, w: Wildcards) -> Facts:
    """Return the table's heading and the paper's values; and the order of the metrics, as inputs have none."""
    datasets = [w["dataset"]] if "dataset" in w.keys() else plan.datasets()  # noqa: SIM118 - Snakemake's are no mapping
    return {
        "code": _code("tabulate"),
        "title": plan.title(w["table"]),
        "paper": [_content(Path(path)) for path in plan.paper(w["table"])],
        "metrics": [path for dataset in datasets for path in plan.metrics(dataset, w["table"])],
    }


def illustrate(plan: Plan, w: Wildcards) -> Facts:
    """Return which method is illustrated, in which videos, and whether with pictures."""
    return {
        "code": _code("illustrate"),
        "method": plan.illustrated(Block.of(w), w["table"]),
        "pixels": precomputed.has_pixels(plan, w["dataset"]),
        "split": _folds(plan, w),
        "videos": _digest([{**row, "path": ""} for row in _rows(plan, w)]),
    }


def report(plan: Plan, w: Wildcards) -> Facts:
    """Return everything that the page says and that no stage before it has."""
    shown = plan.report_tables()
    return {
        "code": _code("report"),
        "templates": _templates(),
        "configuration": plan.config,
        "variants": {"/".join(path.parts[-2:]): _content(path) for path in plan.variants(shown)},
        "datasets": {name: dataset_tables.read_dataset(plan.tables(name)) for name in plan.datasets()},
        "titles": {table: plan.title(table) for table in shown},
        "paper": {table: [_content(Path(path)) for path in plan.paper(table)] for table in shown},
    }


# By the module of the stage.
FUNCTIONS: dict[str, Callable[[Plan, Wildcards], Facts]] = {
    function.__name__: function
    for function in (
        decode, detect, link, extract, audit, train, describe, predict, annotate, evaluate, overlay, score, verdict,
        tabulate, illustrate, report,
    )
}  # fmt: skip


def _templates() -> dict[str, str]:
    """Return a digest of each template of a page."""
    return {path.name: _content(path) for path in sorted(TEMPLATES.iterdir()) if path.is_file()}


def _variant(plan: Plan, rule: str, family: str, name: str) -> Facts:
    """Return a variant, with the defaults of its schema, and the code behind it."""
    parameters = plan.parameters(family, name)
    return {"code": _code(rule, parameters.type), family.removesuffix("s"): parameters.model_dump()}


def _methods(plan: Plan, rule: str, w: Wildcards) -> Facts:
    """Return the methods of a table, in its order, with what the scale lays over them, their seeds, and the folds."""
    scale = plan.scale(w["scale"])
    seeds = plan.methods(Block.of(w), w["table"])
    variants = {name: methods.read(plan.variant("methods", name), scale) for name in seeds}
    return {
        "code": _code(rule, *{method.type for method in variants.values()}),
        "methods": {name: method.model_dump() for name, method in variants.items()},
        "order": list(variants),
        "seeds": seeds,
        "split": _folds(plan, w),
    }


def _code(rule: str, *variants: str) -> dict[str, str]:
    return keys.code(*artefact_keys.modules(rule, *variants))


def _folds(plan: Plan, w: Wildcards) -> dict[str, str]:
    """Return a digest of each fold of the split."""
    return _fold_digests(plan, w["dataset"], w["split"])


@lru_cache(maxsize=16)
def _fold_digests(plan: Plan, dataset: str, split: str) -> dict[str, str]:
    return {f"fold {fold}": _digest(parts) for fold, parts in plan.folds(dataset, split).items()}


def _rows(plan: Plan, w: Wildcards) -> list[dict[str, str]]:
    """Return the rows of ``videos.tsv`` of the videos of the split."""
    wanted = {video for parts in plan.folds(w["dataset"], w["split"]).values() for video in parts}
    return [row for video, row in sorted(plan.rows(w["dataset"]).items()) if video in wanted]


def _content(path: Path) -> str:
    """Return a digest of the content of a file; of a folder, of the state of its files."""
    return _digest(raw_videos.state(path)) if path.is_dir() else storage.file_digest(path)[:LENGTH]


def _digest(value: object) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:LENGTH]
