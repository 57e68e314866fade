"""Evaluate: the metrics of the methods of a table, each over all its seeds, against one annotator's boxes."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from wsstad import config
from wsstad.artefacts import manifest
from wsstad.errors import UserError
from wsstad.evaluation import method_runs, metrics, results
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.assessment import RANDOM_SEED, Assessment, Identity, Options, assess
from wsstad.evaluation.cases import TestSet
from wsstad.evaluation.comparisons import compare
from wsstad.evaluation.metrics import Resampling
from wsstad.evaluation.results import BlockResult, Names
from wsstad.planning import dataset_tables
from wsstad.progress import Progress

NAMES = ("dataset", "split", "detector", "linker", "scale", "annotator")


def main(argv: list[str] | None = None) -> None:
    """Write the metrics of every method of a table on one chain of variants, and the comparison of any two."""
    args = _parse(argv)
    test_set = read_test_set(args)
    resampling = Resampling(args.bootstrap, RANDOM_SEED)
    options = Options(args.gamma, tuple(args.thresholds), args.draws, resampling, args.alarms_per_hour)
    assessed: list[Assessment] = []
    methods = method_runs.methods(args.predictions)
    with Progress("evaluate", len(methods), "methods") as progress:
        for method in methods:
            predicted = method_runs.read(args.predictions, method, test_set.expected)
            try:
                assessed.append(assess(predicted, test_set, options, identify(args, method)))
            except UserError as error:
                raise UserError(f"{args.predictions}: {method}: {error}") from error
            progress.add()
    compared = compare(assessed, thresholds=args.thresholds, resampling=resampling)
    block = BlockResult(results=tuple(assessment.result for assessment in assessed), comparisons=compared)
    results.write(args.output, block)


def read_test_set(args: argparse.Namespace) -> TestSet:
    """Return the tests of the split and everything about their videos."""
    videos = dataset_tables.read_videos(args.tables)
    folds = dataset_tables.read_split(args.tables, args.split)
    return TestSet(
        labels={video: row["label"] for video, row in videos.items()},
        classes={video: row["class"] for video, row in videos.items()},
        expected=frozenset((fold, v) for fold, parts in folds.items() for v, part in parts.items() if part == "test"),
        annotations=canonical.read_checked(args.annotations),
        tubes=manifest.read_manifest(*args.tubes),
    )


def identify(args: argparse.Namespace, method: str) -> Identity:
    """Return the names of a method in its block, and what tables say of dataset and features."""
    names = {name: getattr(args, name) for name in NAMES}
    return Identity(
        Names(**names, extractor=args.extractor.stem, method=method),
        title=dataset_tables.read_dataset(args.tables)["title"],
        features=args.features_note or describe_features(config.load_yaml(args.extractor)),
    )


def describe_features(extractor: Mapping[str, object]) -> str:
    """Return in words where the weights of an extractor come from, so that no table hides that they are random."""
    kind = extractor.get("type", "unknown")
    if extractor.get("weights"):
        return f"{kind}, weights of {Path(str(extractor['weights'])).name}"
    if extractor.get("seed") is not None:
        return f"{kind}, not trained: random weights of seed {extractor['seed']}"
    if kind == "patches":
        return "patches, pixels without a network"
    return f"{kind}, the weights of its package"


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv, splits/ and dataset.yaml")
    for name in NAMES:
        parser.add_argument(f"--{name}", required=True, help=f"name of the {name}")
    parser.add_argument("--extractor", type=Path, required=True, help="the extractor's YAML file, for the record")
    parser.add_argument("--features-note", default="", help="what tables say of the features; default: from the YAML")
    parser.add_argument("--annotations", type=Path, required=True, help="the canonical table of `annotate`")
    parser.add_argument("--predictions", type=Path, required=True, help="predictions.tsv of the table")
    parser.add_argument("--tubes", type=Path, nargs="+", required=True, help="manifests of the tubes")
    parser.add_argument("--gamma", choices=metrics.GAMMAS, default="detected", help="the frames that count in Eq. 10")
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.1, 0.2, 0.3, 0.5], help="eps of IoU@eps")
    parser.add_argument("--draws", type=int, default=100, help="draws of the row Random")
    parser.add_argument("--bootstrap", type=int, default=2000, help="resamples of the videos behind each interval")
    parser.add_argument("--alarms-per-hour", type=float, default=1.0, help="false alarms that a threshold may give")
    parser.add_argument("--output", type=Path, required=True, help="the metrics to write, JSON")
    return parser.parse_args(argv)
