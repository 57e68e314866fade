"""Evaluate: the metrics of one method's predictions, over all its seeds, against one annotator's boxes."""

import argparse
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsstad import cli, groundtruth, manifest, metrics, predictions, scorecard, selections, storage, tables
from wsstad.config import load_yaml
from wsstad.errors import UserError
from wsstad.formats import table as canonical
from wsstad.groundtruth import GroundTruth
from wsstad.predictions import VideoPrediction
from wsstad.selections import Run, Test

log = logging.getLogger(__name__)

RANDOM_SEED = 0  # of the row Random and of the bootstrap: both repeat to the last digit


def main(argv: list[str] | None = None) -> None:
    """Write the metrics of one method on one chain of variants."""
    args = _parse(argv)
    labels = {video: row["label"] for video, row in tables.read_videos(args.tables).items()}
    folds = tables.read_split(args.tables, args.split)
    expected = {(fold, v) for fold, parts in folds.items() for v, part in parts.items() if part == "test"}
    seeds, missing, selection = _read_runs(args.predictions, expected)
    truths = _read_truths(args.annotations, seeds[0], labels)
    runs = _choose(selection, seeds, truths, labels, args)
    abnormal = {test: labels[test[1]] == "abnormal" for test in seeds[0]}
    boxed = [test for test in seeds[0] if test[1] in truths]
    card = scorecard.build(
        runs, abnormal=abnormal, boxed=boxed, thresholds=args.thresholds, draws=args.bootstrap, seed=RANDOM_SEED
    )
    each_run = selection != "random"
    unboxed = sorted(v for v, label in labels.items() if label == "abnormal" and v not in truths)
    result = {
        "names": {name: getattr(args, name) for name in ("dataset", "split", "detector", "linker", "method", "annotator")}
        | {"extractor": args.extractor.stem},
        "title": tables.read_dataset(args.tables)["title"],
        "features": args.features_note or describe_features(load_yaml(args.extractor)),
        "settings": {"gamma": args.gamma, "bootstrap": args.bootstrap, "selection": selection}
        | ({} if each_run else {"draws": args.draws}),
        "seeds": [path.parent.name for path in args.predictions],
        "counts": {
            "videos": {"evaluated": len(abnormal), "expected": len(expected)},
            "abnormal": {
                "evaluated": sum(abnormal.values()),
                "expected": sum(labels[video] == "abnormal" for _, video in expected),
                "localised": len(boxed),
            },
        },
        "metrics": card,
        "missing": missing,
        "unboxed": [video for _, video in sorted(abnormal) if video in unboxed],
        "videos": scorecard.video_rows(runs, labels=labels, boxed=boxed, each_run=each_run),
    }
    storage.write_json(args.output, result)
    log.info("evaluate: %s on %d of %d test videos -> %s", args.method, len(abnormal), len(expected), args.output)


def describe_features(extractor: Mapping[str, Any]) -> str:
    """Return in words where the weights of an extractor come from, so that no table hides that they are random."""
    kind = extractor.get("type", "unknown")
    if extractor.get("weights"):
        return f"{kind} features, weights {Path(str(extractor['weights'])).name}"
    if "seed" in extractor:
        return f"{kind} features of an untrained network: random weights of seed {extractor['seed']}"
    return f"{kind} features, the weights that come with its package"


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv, splits/ and dataset.yaml")
    for name in ("dataset", "split", "detector", "linker", "method", "annotator"):
        parser.add_argument(f"--{name}", required=True, help=f"name of the {name}, for the record")
    parser.add_argument("--extractor", type=Path, required=True, help="the extractor's YAML file, for the record")
    parser.add_argument("--features-note", default="", help="says what the features are; default: what the YAML says")
    parser.add_argument("--annotations", type=Path, required=True, help="the canonical table of `annotate`")
    parser.add_argument("--predictions", type=Path, nargs="+", required=True, help="predictions.tsv of every seed")
    parser.add_argument("--gamma", choices=metrics.GAMMAS, default="detected", help="the frames that count in Eq. 10")
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.1, 0.2, 0.3, 0.5], help="eps of IoU@eps")
    parser.add_argument("--draws", type=int, default=100, help="draws of the row Random")
    parser.add_argument("--bootstrap", type=int, default=2000, help="resamples of the videos behind each interval")
    parser.add_argument("--output", type=Path, required=True, help="the metrics to write, JSON")
    return parser.parse_args(argv)


def _choose(
    selection: str,
    seeds: list[dict[Test, VideoPrediction]],
    truths: Mapping[str, GroundTruth],
    labels: Mapping[str, str],
    args: argparse.Namespace,
) -> list[Run]:
    if selection == "random":
        drawn = [
            selections.random(seed, truths, args.gamma, draws=args.draws, seed=RANDOM_SEED + n)
            for n, seed in enumerate(seeds)
        ]
        return [run for runs in drawn for run in runs]
    if selection == "oracle":
        return [selections.oracle(seed, truths, labels, args.gamma) for seed in seeds]
    return [selections.top1(seed, truths, args.gamma) for seed in seeds]
