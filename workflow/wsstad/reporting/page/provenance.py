"""What a run was made from: versions, weights, seeds, settings; and the model card and data statement that follow."""

import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

import yaml

from wsstad import __version__
from wsstad.artefacts import keys
from wsstad.learning import methods
from wsstad.planning import dataset_tables
from wsstad.planning.plan import Plan
from wsstad.reporting.page.shown import Shown

Facts = list[tuple[str, str]]  # terms and what is said of them


def versions() -> Facts:
    """Return the versions of this package, of Python and of every library that can change a result."""
    libraries = [("wsstad", __version__), ("Python", platform.python_version())]
    return libraries + [(name, version(name)) for name in sorted(keys.LIBRARIES.values(), key=str.lower)]


def weights(plan: Plan, shown: Sequence[Shown]) -> list[list[str]]:
    """Return a row for every set of weights: what has it, where it is from, its digest."""
    rows = []
    for path in plan.variants(plan.report_tables()):
        if path.parent.name in ("detectors", "extractors"):
            variant = plan.parameters(path.parent.name, path.stem).model_dump()
            seed = variant.get("seed")
            digest = variant.get("sha256") or ("–" if seed is None else f"drawn from seed {seed}")
            origin = str(variant.get("weights") or variant["type"])
            rows.append([f"{path.parent.name}/{path.stem}", origin, str(digest)])
    seen = set()
    for one in shown:
        for row in one.models:
            name = f"{row['method']}, seed {row['seed']}, fold {row['fold']}"
            if row["digest"] not in seen:
                seen.add(row["digest"])
                rows.append([name, "trained in this run", row["digest"]])
    return rows


def variants(plan: Plan, shown: Sequence[Shown]) -> list[tuple[str, str]]:
    """Return name and YAML of every variant that ran: its file; of a method, what each scale made of it."""
    files = [path for path in plan.variants(plan.report_tables()) if path.parent.name != "methods"]
    texts = {f"{path.parent.name}/{path.stem}": path.read_text(encoding="utf-8") for path in files}
    for one in shown:
        scale = one.block.scale
        for method in plan.methods(one.block, one.table):
            laid_over = methods.read(plan.variant("methods", method), plan.scale(scale))
            texts[f"methods/{method} at scale {scale}, with its defaults"] = _yaml(laid_over.model_dump())
    return list(texts.items())


def configuration(plan: Plan) -> str:
    """Return the configuration as YAML."""
    return _yaml(plan.config)


def model_card(shown: Shown, plan: Plan) -> Facts:
    """Return what a reader must know of the model before trusting it."""
    path, scale = plan.variant("methods", shown.method), plan.scale(shown.block.scale)
    parameters = methods.read(path, scale)
    metrics, counts = shown.result.metrics, shown.result.counts
    score = ", ".join(f"{name} {100 * metrics[name].mean:.1f} %" for name in ("VAUC", "MIoU") if name in metrics)
    training = shown.training_videos()
    learned = "nothing: it has no model"
    if training:
        of = f"{len(training)} training videos in the first fold"
        learned = f"video-level labels (normal or abnormal) of {of}; no box and no time of an event is seen"
    return [
        ("Method", f"{shown.method}, of type {parameters.type}, {len(shown.models)} models (seeds x folds)"),
        ("Learns from", learned),
        ("Sees", f"features of {shown.result.features}; tubes by {shown.block.detector} and {shown.block.linker}"),
        ("Gives", "a score for every sub-tube of a video; the tube of the highest score and its boxes"),
        (
            "Reaches",
            f"{score} on {counts.videos.evaluated} test videos, {counts.abnormal.evaluated} abnormal",
        ),
        ("Meant for", "research on benchmarks. Whether a threshold holds on other cameras was not tested here."),
        ("Not meant for", "decisions about people. A score orders the videos of one model; it is no probability."),
        ("Licence", "AGPL-3.0-or-later (the code); weights have the terms of whoever published them"),
    ]


def data_statement(shown: Shown, plan: Plan) -> Facts:
    """Return what a reader must know of the footage."""
    dataset = dataset_tables.read_dataset(plan.tables(shown.block.dataset))
    seen = [video.illustration.meta for video in shown.videos if video.illustration]
    labels = Counter(facts["label"] for facts in seen)
    events = Counter(facts["class"] for facts in seen if facts["label"] == "abnormal")
    hours = sum(facts["seconds"] for facts in seen) / 3600
    sizes = {"{} x {}".format(*facts["size"]) for facts in seen}
    return [
        ("Dataset", str(dataset["title"])),
        ("Test videos", f"{len(seen)} ({_list(labels)}), {hours:.2g} hours, split {shown.block.split}"),
        ("Events", _list(events) or "none"),
        ("Frames", f"{sum(facts['n_frames'] for facts in seen)}; pixels: {', '.join(sorted(sizes))}"),
        ("Boxes by", str(shown.output.wildcards["annotator"])),
        ("Quarantined", f"{sum(not video.illustration for video in shown.videos)}, listed with the failures"),
        (
            "Where it is from",
            str(dataset["statement"] or "dataset.yaml has no `statement`: ask whoever gave you the footage"),
        ),
    ]


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.most_common())
