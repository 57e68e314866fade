"""Train on real features that others extracted, as config/ucf_crime_fc6.yaml has it, and print VAUC.

Each fold of the split tests one abnormal and one normal video. A video is tested in several folds, so the interval is
over videos, abnormal and normal ones resampled apart, and not over folds.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

from wsstad import cli  # noqa: E402 - these need the path above
from wsstad.artefacts import manifest  # noqa: E402
from wsstad.evaluation import method_runs, metrics  # noqa: E402
from wsstad.learning.bags import BagReader, make_bag  # noqa: E402
from wsstad.planning import command_line  # noqa: E402
from wsstad.planning.block import Block  # noqa: E402
from wsstad.planning.stages import STAGES  # noqa: E402
from wsstad.structures.predictions import Case  # noqa: E402

NAME = "ucf_crime_fc6"
DRAWS = 2000


def main(argv: list[str] | None = None) -> None:
    """Run the workflow, and print one row a method."""
    args = parse(argv)
    config = REPOSITORY / "config" / f"{NAME}.yaml"
    source = f"datasets.{NAME}.source={args.source.resolve()}"
    command = [sys.executable, "-m", "wsstad", "run", "benchmark", "--config", str(config), "--set", source]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "workflow")}
    subprocess.run([*command, "--directory", str(args.output)], env=environment, check=True)
    plan = command_line.read_plan([config], [source])
    (block,) = plan.blocks()
    videos, folds = plan.rows(NAME), plan.folds(NAME, block.split)
    expected = {(fold, video) for fold, parts in folds.items() for video, part in parts.items() if part == "test"}
    abnormal = {video: row["label"] == "abnormal" for video, row in videos.items()}
    sys.stdout.write("| method | VAUC | 95 % interval | pairs | seeds |\n|---|--:|--:|--:|--:|\n")
    results = args.output / "results"
    write_row("nearest mean, no method", [nearest_mean(folds, abnormal, manifests(results, block))], abnormal)
    for name in plan.methods(block, "benchmark"):
        table = results / block.folder() / "benchmark/predictions.tsv"
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
    parser.add_argument("--output", type=Path, default=REPOSITORY, metavar="DIR", help="folder of the results")
    return parser.parse_args(argv)


def manifests(results: Path, block: Block) -> dict[str, manifest.Manifest]:
    """Return what training reads of all videos, by kind."""
    rules = ("decode", "link", "extract_image", "extract_region")
    names = {"dataset": block.dataset, "detector": block.detector, "linker": block.linker, "extractor": block.extractor}
    made = {}
    for stage in (STAGES[rule] for rule in rules):
        pattern = Path(stage.output.format(**names, shard="*")).relative_to("results")
        made[stage.kind] = manifest.read_manifest(*sorted(results.glob(str(pattern))))
    return made


def nearest_mean(
    folds: Mapping[int, Mapping[str, str]], abnormal: Mapping[str, bool], made: Mapping[str, manifest.Manifest]
) -> dict[Case, float]:
    """Return how much nearer a test video, as its mean feature, is to abnormal than to normal training videos."""
    reader = BagReader(dict(made), {})
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
