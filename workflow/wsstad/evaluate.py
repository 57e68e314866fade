"""Evaluate: the metrics of one method's predictions, over all its seeds, against one annotator's boxes."""

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsstad import cli, config, groundtruth, method_runs, metrics, scorecard, selections, storage, tables
from wsstad.errors import UserError
from wsstad.formats import table as canonical
from wsstad.groundtruth import GroundTruth
from wsstad.predictions import VideoPrediction
from wsstad.selections import Run, Test

log = logging.getLogger(__name__)

RANDOM_SEED = 0  # of the row Random and of the bootstrap: both repeat to the last digit
NAMES = ("dataset", "split", "detector", "linker", "method", "annotator")


def main(argv: list[str] | None = None) -> None:
    """Write the metrics of one method on one chain of variants."""
    args = _parse(argv)
    labels = {video: row["label"] for video, row in tables.read_videos(args.tables).items()}
    folds = tables.read_split(args.tables, args.split)
    expected = {(fold, v) for fold, parts in folds.items() for v, part in parts.items() if part == "test"}
    found = method_runs.read(args.predictions, expected)
    first = next(iter(found.seeds.values()))
    truths = read_truths(args.annotations, first, labels)
    chosen = choose(found, truths, labels, args)
    abnormal = {test: labels[test[1]] == "abnormal" for test in first}
    if len(set(abnormal.values())) < 2:
        only = ", ".join(sorted({labels[video] for _, video in first})) or "no"
        raise UserError(f"{args.predictions[0]}: {only} test videos alone can be evaluated; VAUC needs both classes")
    boxed = [test for test in first if test[1] in truths]
    options = {"thresholds": args.thresholds, "draws": args.bootstrap, "seed": RANDOM_SEED}
    result = {
        **describe(args, found.selection),
        "seeds": list(found.seeds),
        "counts": count(abnormal, expected, labels, boxed),
        "metrics": scorecard.build(chosen, abnormal=abnormal, boxed=boxed, **options),
        "missing": [{"fold": f, "video": v, "reason": reason} for (f, v), reason in found.missing.items()],
        "unboxed": [test[1] for test in first if abnormal[test] and test not in boxed],
        "videos": scorecard.video_rows(chosen, labels=labels, boxed=boxed, each_run=found.selection != "random"),
    }
    storage.write_json(args.output, result)
    log.info("evaluate: %s on %d of %d test videos -> %s", args.method, len(first), len(expected), args.output)


def choose(
    found: method_runs.MethodRuns,
    truths: Mapping[str, GroundTruth],
    labels: Mapping[str, str],
    args: argparse.Namespace,
) -> list[Run]:
    """Return what each run chose: a run is a seed, or for Random a draw."""
    result = []
    for number, seed in enumerate(found.seeds.values()):
        if found.selection == "random":
            result += selections.random(seed, truths, args.gamma, draws=args.draws, seed=RANDOM_SEED + number)
        elif found.selection == "oracle":
            result.append(selections.oracle(seed, truths, labels, args.gamma))
        else:
            result.append(selections.top1(seed, truths, args.gamma))
    return result


def read_truths(path: Path, tests: Mapping[Test, VideoPrediction], labels: Mapping[str, str]) -> dict[str, GroundTruth]:
    """Return the ground truth of every abnormal test video that has some, in the frames of its prediction."""
    rows = canonical.read_checked(path)
    truths = {}
    for (_, video), prediction in tests.items():
        if video not in rows or labels[video] != "abnormal":
            continue
        size = {"n_frames": prediction.n_frames, "width": prediction.width, "height": prediction.height}
        truths[video] = groundtruth.from_rows(rows[video], **size)
        if truths[video].n_late:
            log.warning("evaluate: %d boxes of %s come after its last frame", truths[video].n_late, video)
    return truths


def count(
    abnormal: Mapping[Test, bool], expected: set[Test], labels: Mapping[str, str], boxed: list[Test]
) -> dict[str, dict[str, int]]:
    """Return how many test videos were evaluated, and how many there are."""
    expected_abnormal = sum(labels[video] == "abnormal" for _, video in expected)
    return {
        "videos": {"evaluated": len(abnormal), "expected": len(expected)},
        "abnormal": {"evaluated": sum(abnormal.values()), "expected": expected_abnormal, "localised": len(boxed)},
    }


def describe(args: argparse.Namespace, selection: str) -> dict[str, Any]:
    """Return the names and settings of an evaluation."""
    extractor = config.load_yaml(args.extractor)
    settings = {"gamma": args.gamma, "thresholds": args.thresholds, "bootstrap": args.bootstrap, "selection": selection}
    if selection == "random":
        settings["draws"] = args.draws
    return {
        "names": {**{name: getattr(args, name) for name in NAMES}, "extractor": args.extractor.stem},
        "title": tables.read_dataset(args.tables)["title"],
        "features": args.features_note or describe_features(extractor),
        "settings": settings,
    }


def describe_features(extractor: Mapping[str, Any]) -> str:
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
    parser.add_argument("--predictions", type=Path, nargs="+", required=True, help="predictions.tsv of every seed")
    parser.add_argument("--gamma", choices=metrics.GAMMAS, default="detected", help="the frames that count in Eq. 10")
    parser.add_argument("--thresholds", type=float, nargs="+", default=[0.1, 0.2, 0.3, 0.5], help="eps of IoU@eps")
    parser.add_argument("--draws", type=int, default=100, help="draws of the row Random")
    parser.add_argument("--bootstrap", type=int, default=2000, help="resamples of the videos behind each interval")
    parser.add_argument("--output", type=Path, required=True, help="the metrics to write, JSON")
    return parser.parse_args(argv)


if __name__ == "__main__":
    cli.run(main)
