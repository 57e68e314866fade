"""Evaluate: the metrics of the methods of a table, each over all its seeds, against one annotator's boxes."""

import argparse
from pathlib import Path

from wsstad import cli, config
from wsstad.artefacts import manifest, seals, shards
from wsstad.evaluation import metrics, results
from wsstad.evaluation.annotations import table as canonical
from wsstad.evaluation.assessment import BOOTSTRAP_SEED, Identity, Options
from wsstad.evaluation.cases import TestSet
from wsstad.evaluation.evaluate import describe_features, evaluate
from wsstad.evaluation.metrics import Resampling
from wsstad.evaluation.results import Family, Names
from wsstad.planning import dataset_tables

NAMES = ("dataset", "split", "detector", "linker", "scale", "annotator")

READY = "those that the dataset comes as"  # its features, in the notes of tables


def main(argv: list[str] | None = None) -> None:
    """Write the metrics of every method of a table on one chain of variants, and the comparisons that it declares."""
    args = parse(argv)
    videos = dataset_tables.read_videos(args.tables)
    test_set = TestSet(
        labels={video: row["label"] for video, row in videos.items()},
        classes={video: row["class"] for video, row in videos.items()},
        expected=dataset_tables.tests_of(args.tables, args.split),
        annotations=canonical.read_checked(args.annotations),
        tubes=manifest.read_manifest(*shards.manifests(args.tubes, args.shard_map)),
        groups={video: row["group"] for video, row in videos.items() if row.get("group")},
    )
    resampling = Resampling(args.bootstrap, BOOTSTRAP_SEED)
    options = Options(args.gamma, tuple(args.thresholds), resampling, args.alarms_per_hour)
    title = dataset_tables.read_dataset(args.tables)["title"]
    extractor = config.load_yaml(args.extractor)
    features = READY if extractor.get("type") == "ready" else describe_features(extractor)

    def identify(method: str) -> Identity:
        names = {name: getattr(args, name) for name in NAMES}
        return Identity(Names(**names, extractor=args.extractor.stem, method=method), title=title, features=features)

    reference, *rivals = args.compare or [""]
    family = Family(reference=reference, rivals=tuple(rivals)) if rivals else None
    results.write(args.output, evaluate(args.predictions, test_set, options, identify, family, args.branches))
    seals.seal(args.output)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="folder with videos.tsv, splits/ and dataset.yaml")
    for name in NAMES:
        parser.add_argument(f"--{name}", required=True, help=f"name of the {name}")
    parser.add_argument("--extractor", type=Path, required=True, help="the extractor's YAML file, for the record")
    parser.add_argument("--annotations", type=Path, required=True, help="the canonical table of `annotate`")
    parser.add_argument("--predictions", type=Path, required=True, help="predictions.tsv of the table")
    cli.add_shard_map(parser)
    parser.add_argument("--tubes", type=Path, nargs="+", required=True, help="manifests of the tubes")
    parser.add_argument("--gamma", choices=metrics.GAMMAS, required=True, help="the frames that count in Eq. 10")
    parser.add_argument("--thresholds", type=float, nargs="+", required=True, help="eps of IoU@eps")
    parser.add_argument("--compare", nargs="*", default=[], help="the first of these methods with each of the others")
    parser.add_argument("--bootstrap", type=int, required=True, help="resamples of the videos behind each interval")
    parser.add_argument("--alarms-per-hour", type=float, required=True, help="false alarms that a threshold may give")
    parser.add_argument("--branches", nargs="*", default=[], help="methods whose branches are rows of their own too")
    parser.add_argument("--output", type=Path, required=True, help="the metrics to write, JSON")
    return parser.parse_args(argv)
