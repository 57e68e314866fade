"""What the study's videos and features can show by themselves, beside what its methods make of them (docs/study.md).

The first table is of facts that are no content: how well each alone tells abnormal videos from normal ones, as an AUC
inside the folds. Near 50 is wanted. The second is of classifiers that are told the truth of the training videos, box by
box, which no method is: a logistic regression on the features of sub-tubes, those with an S_loc of `ENOUGH` or more
against all others. What it cannot find, training from video labels is unlikely to find.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

import numpy as np  # noqa: E402 - these need the path above
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import wsstad  # noqa: E402
from wsstad.evaluation import groundtruth, metrics  # noqa: E402
from wsstad.evaluation.annotations import table  # noqa: E402
from wsstad.learning.bags import ClipFeatures, make_bag  # noqa: E402
from wsstad.planning import dataset_tables  # noqa: E402

if TYPE_CHECKING:
    from pandas import DataFrame

    from wsstad.reporting.results_folder import Results

ENOUGH = 0.2
EVERY = 32  # frames between those whose brightness is taken


def main(argv: list[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default="results", help="a folder of results (default %(default)s)")
    parser.add_argument("--dataset", default="study", help="(default %(default)s)")
    parser.add_argument("--splits", default="results/study/source/splits/cv2.tsv", help="(default %(default)s)")
    arguments = parser.parse_args(argv)
    results = wsstad.open_results(arguments.results).only(dataset=arguments.dataset)
    videos = results.videos()
    abnormal = (videos["label"] == "abnormal").to_numpy()
    folds = tested_in(Path(arguments.splits), list(videos.index))
    print("| fact of a video | AUC |\n|---|--:|")
    for name, values in facts(results, videos).items():
        print(f"| {name} | {100 * metrics.vauc(values, abnormal, folds):.1f} |", flush=True)
    annotations = table.read_checked(Path(arguments.results) / arguments.dataset / "annotations" / "exact.tsv")
    print("\n| told the truth of the training videos | sub-tubes, AUC | VAUC | MIoU | bound |\n|---|--:|--:|--:|--:|")
    for name, sub_tubes in (("whole tubes", 1), ("M = 8", 8)):
        bags = [instances(results, video, annotations.get(video, []), sub_tubes) for video in videos.index]
        print(
            f"| {name} | {' | '.join(f'{100 * value:.1f}' for value in supervised(bags, abnormal, folds))} |",
            flush=True,
        )


def tested_in(split: Path, videos: list[str]) -> np.ndarray:
    """Return the fold that tests each video, (videos,), by a split beside the dataset's tables."""
    fold = {video: number for number, video in dataset_tables.tests_of(split.parents[1], split.stem)}
    return np.array([fold[video] for video in videos])


def facts(results: "Results", videos: "DataFrame") -> dict[str, np.ndarray]:
    """Return what can be said of each video without looking at what happens, (videos,) each."""
    values: dict[str, list[float]] = {name: [] for name in ("frames", "brightness", "detections", "tubes", "unions")}
    for video in videos.index:
        store, tubes = results.frames(video), results.tubes(video).tubes
        values["frames"].append(store.n_frames)
        values["brightness"].append(np.mean([frame.mean() for i, frame in enumerate(store.read()) if i % EVERY == 0]))
        values["detections"].append(len(results.detections(video)))
        values["tubes"].append(len(tubes))
        values["unions"].append(sum(tube.kind == "multivariate" for tube in tubes))
    return {name: np.array(column, dtype=np.float64) for name, column in values.items()}


def instances(
    results: "Results", video: str, rows: list[table.BoxRow], sub_tubes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return features (n, d) and S_loc (n,) of the sub-tubes of a video."""
    tubes = results.tubes(video)
    region = np.concatenate(results.tube_features(video))
    bag = make_bag(ClipFeatures(video, "", tubes, results.image_features(video), region), sub_tubes=sub_tubes)
    if not rows:
        return bag.region, np.zeros(len(bag.region))
    truth = groundtruth.from_rows(rows, n_frames=tubes.n_frames, width=tubes.width, height=tubes.height).united
    parts = [tubes.tubes[t].cut(start, stop) for t, start, stop in bag.spans.tolist()]
    return bag.region, np.array([metrics.s_loc(truth, part, detected=tubes.detected) for part in parts])


def supervised(
    bags: list[tuple[np.ndarray, np.ndarray]], abnormal: np.ndarray, folds: np.ndarray
) -> tuple[float, float, float, float]:
    """Return AUC over sub-tubes, VAUC and MIoU of a classifier trained on boxes, and the MIoU of the best sub-tubes."""
    videos = np.repeat(np.arange(len(bags)), [len(features) for features, _ in bags])
    features, s_loc = (np.concatenate(parts) for parts in zip(*bags, strict=True))
    right, scores = s_loc >= ENOUGH, np.empty(len(s_loc))
    for fold in np.unique(folds):
        test = folds[videos] == fold
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=5000))
        scores[test] = model.fit(features[~test], right[~test]).decision_function(features[test])
    top = np.array([np.flatnonzero(videos == i)[scores[videos == i].argmax()] for i in range(len(bags))])
    best = np.array([s_loc[videos == i].max() for i in range(len(bags))])
    return (
        metrics.vauc(scores, right, folds[videos]),
        metrics.vauc(scores[top], abnormal, folds),
        float(s_loc[top][abnormal].mean()),
        float(best[abnormal].mean()),
    )


if __name__ == "__main__":
    main()
