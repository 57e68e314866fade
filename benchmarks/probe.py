"""How far features go by themselves: a linear probe of the image features of results, held against the files alone.

A video is one feature, the mean over its clips. Features are standardised on the training videos, and a logistic
regression tells abnormal videos from the rest. The folds keep the groups of ``videos.tsv`` together, and are drawn anew
for each seed: no camera or source is on both sides. ``AUC`` is over all videos, by the fold that tested each; the other
column is its mean inside the groups that have both labels. "files" is the probe of frame size, frame rate and length,
which see no pixel: what a network adds is what it has above them.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "workflow"))

import numpy as np  # noqa: E402 - these need the path above
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402
from sklearn.model_selection import StratifiedGroupKFold  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: E402

import wsstad  # noqa: E402
from wsstad.evaluation import metrics  # noqa: E402

if TYPE_CHECKING:
    from pandas import DataFrame

    from wsstad.reporting.results_folder import Results

DRAWS = 2000


def main(argv: list[str] | None = None) -> None:
    """Print the table of the probes, and how far each network is from the one with the highest AUC."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default="results", help="a folder of results (default %(default)s)")
    parser.add_argument("--dataset", default="surv_fight", help="one that has groups (default %(default)s)")
    parser.add_argument("--extractors", nargs="+", default=["i3d", "i3d_still", "efficientnet_lite0_112"])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args(argv)
    results = wsstad.open_results(arguments.results).only(dataset=arguments.dataset)
    videos = results.videos()
    videos = videos[videos["status"] == "ok"]
    columns = {"files": files(results, videos)} | {
        name: features(results.only(extractor=name), videos) for name in arguments.extractors
    }
    abnormal = (videos["label"] == "abnormal").to_numpy()
    groups = videos["group"].fillna(videos.index.to_series()).to_numpy()
    print(f"{len(videos)} videos, {abnormal.sum()} abnormal, {len(set(groups))} groups; ", end="")
    print(f"{arguments.folds} grouped folds, {arguments.seeds} seeds")
    print("\n| features | AUC | AUC in a group |\n|---|---|---|")
    scores = {}
    for name, values in columns.items():
        scores[name] = np.array([probe(values, abnormal, groups, arguments.folds, s) for s in range(arguments.seeds)])
        whole = np.mean([roc_auc_score(abnormal, row) for row in scores[name]])
        inside = metrics.vauc_inside(scores[name], abnormal, groups).mean()
        print(f"| {name} | {whole:.3f} | {inside:.3f} |", flush=True)
    print_differences(scores, abnormal, groups)


def files(results: "Results", videos: "DataFrame") -> np.ndarray:
    """Return frame size and rate, one-hot, and the number of frames of each video, (videos, d) float64."""
    stores = [results.frames(video) for video in videos.index]
    named = [[f"{store.width}x{store.height}", str(store.fps)] for store in stores]
    length = np.log([[store.n_frames] for store in stores])
    return np.hstack([OneHotEncoder(sparse_output=False).fit_transform(named), length])


def features(results: "Results", videos: "DataFrame") -> np.ndarray:
    """Return the mean image feature of each video, (videos, d) float64."""
    return np.array([results.image_features(video).mean(axis=0, dtype=np.float64) for video in videos.index])


def probe(values: np.ndarray, abnormal: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the score of every video by the fold that tested it, (videos,)."""
    scores = np.empty(len(values))
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for training, tested in cut.split(values, abnormal, groups):
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
        scores[tested] = model.fit(values[training], abnormal[training]).predict_proba(values[tested])[:, 1]
    return scores


def print_differences(scores: Mapping[str, np.ndarray], abnormal: np.ndarray, groups: np.ndarray) -> None:
    """Print the AUC of the best probe less that of each other, with an interval over other groups of videos."""
    means = {name: runs.mean(axis=0) for name, runs in scores.items()}
    best = max(means, key=lambda name: float(roc_auc_score(abnormal, means[name])))
    rng, members = np.random.default_rng(0), [np.flatnonzero(groups == name) for name in np.unique(groups)]
    draws = [np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]) for _ in range(DRAWS)]
    auc = {name: np.array([roc_auc_score(abnormal[draw], of[draw]) for draw in draws]) for name, of in means.items()}
    print()
    for name in [name for name in means if name != best]:
        low, high = np.quantile(auc[best] - auc[name], (0.025, 0.975))
        print(f"{best} less {name}: 95 % of other draws of groups between {low:.3f} and {high:.3f}")


if __name__ == "__main__":
    main()
