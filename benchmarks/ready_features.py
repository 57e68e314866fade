"""Train on the real features that `import_features` takes, and print VAUC.

Each fold of the split tests one abnormal and one normal video. A video is tested in several folds, so the interval is
over videos, abnormal and normal ones resampled apart, and not over folds.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

from wsstad import cli  # noqa: E402 - these need the path above
from wsstad.artefacts import manifest, storage  # noqa: E402
from wsstad.commands import import_features  # noqa: E402
from wsstad.evaluation import method_runs, metrics  # noqa: E402
from wsstad.learning.bags import BagReader, make_bag  # noqa: E402
from wsstad.planning import dataset_tables  # noqa: E402
from wsstad.stages import predict, train  # noqa: E402
from wsstad.structures.predictions import Case  # noqa: E402

METHODS = ("dmrm", "dmrm_videolet", "mgpr_temporal")
SCALE = REPOSITORY / "config/scales/cpu.yaml"
DRAWS = 2000


def main(argv: list[str] | None = None) -> None:
    """Import, train, predict, and print one row a method."""
    args = parse(argv)
    videos = dataset_tables.read_videos(args.tables)
    folds = dataset_tables.read_split(args.tables, args.split)
    manifests = import_videos(args, list(videos))
    expected = {(fold, video) for fold, parts in folds.items() for video, part in parts.items() if part == "test"}
    abnormal = {video: row["label"] == "abnormal" for video, row in videos.items()}
    sys.stdout.write("| method | VAUC | 95 % interval | pairs | seeds |\n|---|--:|--:|--:|--:|\n")
    write_row("nearest mean, no method", [nearest_mean(folds, abnormal, manifests)], abnormal)
    table = run(args, manifests)
    for name in args.methods:
        seeds = method_runs.read(table, name, expected).seeds.values()
        write_row(
            name,
            [{t: prediction.video_score for t, prediction in seed.predictions.items()} for seed in seeds],
            abnormal,
        )


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="folder that the paths in videos.tsv start from")
    parser.add_argument("--tables", type=Path, default=REPOSITORY / "config/datasets/ucf_crime_fc6")
    parser.add_argument("--split", default="loo", help="name of splits/<split>.tsv")
    parser.add_argument("--methods", nargs="*", default=METHODS, help="names of config/methods/<name>.yaml")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--threads", type=int, default=2, help="trainings side by side")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "results/ucf_crime_fc6", help="folder of results")
    return parser.parse_args(argv)


def import_videos(args: argparse.Namespace, videos: list[str]) -> list[str]:
    """Import all videos as one shard; return the flags that name the manifests."""
    shard_map = args.output / "shards.tsv"
    storage.write_table(shard_map, [{"video": video, "shard": "000"} for video in videos], ["video", "shard"])
    folders = {
        "frames": "frames",
        "tubes": "tubes/none/none",
        "image": "features/fc6/image",
        "region": "features/fc6/region/none/none",
    }
    paths = {kind: args.output / folder / "manifests/000.tsv" for kind, folder in folders.items()}
    manifests = [part for kind, path in paths.items() for part in (f"--{kind}", str(path))]
    where = ["--tables", str(args.tables), "--source", str(args.source), "--shard-map", str(shard_map)]
    import_features.main([*where, "--shard", "000", *manifests])
    return manifests


def run(args: argparse.Namespace, manifests: list[str]) -> Path:
    """Train and predict all methods under all seeds, in all folds; return the table of the predictions."""
    block = args.output / "runs" / args.split
    methods = [str(REPOSITORY / f"config/methods/{name}.yaml") for name in args.methods]
    seeds = [f"{name}={','.join(map(str, range(args.seeds)))}" for name in args.methods]
    flags = ["--tables", str(args.tables), "--split", args.split, *manifests, "--methods", *methods]
    flags += ["--scale", str(SCALE), "--seeds", *seeds, "--device", "cpu", "--threads", str(args.threads)]
    models, predictions = block / "benchmark/models.tsv", block / "benchmark/predictions.tsv"
    train.main([*flags, "--output", str(models)])
    predict.main([*flags, "--output", str(predictions), "--models", str(models)])
    return predictions


def nearest_mean(
    folds: Mapping[int, Mapping[str, str]], abnormal: Mapping[str, bool], manifests: list[str]
) -> dict[Case, float]:
    """Return how much nearer a test video, as its mean feature, is to abnormal than to normal training videos."""
    names = ("frames", "tubes", "image_features", "region_features")
    read_manifests = {
        kind: manifest.read_manifest(Path(path)) for kind, path in zip(names, manifests[1::2], strict=True)
    }
    reader = BagReader(read_manifests, {})
    features = {video: make_bag(reader.read(video)).videolets.mean(axis=0) for video in abnormal}
    scores = {}
    for fold, parts in folds.items():
        train_part = [video for video, part in parts.items() if part == "train"]
        bad, good = (
            np.mean([features[video] for video in train_part if abnormal[video] == label], axis=0)
            for label in (True, False)
        )
        scores |= {(fold, v): float(features[v] @ (bad - good)) for v, part in parts.items() if part == "test"}
    return scores


def write_row(name: str, scores: list[dict[Case, float]], abnormal: Mapping[str, bool]) -> None:
    """Print the row of one method from its scores under each seed."""
    mean, std, bounds, pairs = vauc(scores, abnormal)
    low, high = (f"{100 * bound:.1f}" for bound in bounds)
    spread = f" ± {100 * std:.1f}" if std is not None else ""
    sys.stdout.write(f"| {name} | {100 * mean:.1f}{spread} | [{low}, {high}] | {pairs} | {len(scores)} |\n")
    sys.stdout.flush()


def vauc(
    scores: list[dict[Case, float]], abnormal: Mapping[str, bool]
) -> tuple[float, float | None, tuple[float, float], int]:
    """Return mean and deviation of VAUC over the seeds, its interval over videos, and how many pairs were tested."""
    folds = sorted({fold for fold, _ in scores[0]})
    positive, negative = (
        sorted(video for video, is_abnormal in abnormal.items() if is_abnormal == label) for label in (True, False)
    )
    right = np.zeros((len(scores), len(positive), len(negative)))
    tested = np.zeros(right.shape[1:], dtype=bool)
    for fold in folds:
        bad, good = sorted((video for f, video in scores[0] if f == fold), key=lambda video: not abnormal[video])
        at = positive.index(bad), negative.index(good)
        tested[at] = True
        for seed, of_seed in enumerate(scores):
            right[(seed, *at)] = (of_seed[fold, bad] > of_seed[fold, good]) + (
                of_seed[fold, bad] == of_seed[fold, good]
            ) / 2
    mean, std = metrics.mean_and_std([float(of_seed[tested].mean()) for of_seed in right])
    random = np.random.default_rng(0)
    counts = [metrics.resample(n, DRAWS, random) for n in tested.shape]
    samples = metrics.resampled_vauc(right.mean(axis=0), tested, *counts)
    return mean, std, metrics.interval(samples), int(tested.sum())


if __name__ == "__main__":
    cli.run(main)
