"""Frame-level metrics against scikit-learn's, and what their intervals cost."""

import numpy as np
from measure import Row, cpu_clock, side_by_side
from sklearn.metrics import average_precision_score, roc_auc_score

from wsstad.evaluation import metrics
from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.evaluation.metrics import frames as frame_metrics
from wsstad.evaluation.metrics import regions
from wsstad.structures import predictions
from wsstad.structures.tubes import Tube

DRAWS = 2000
Video = tuple[np.ndarray, np.ndarray, np.ndarray]  # spans and scores of candidates, truth of frames


def evaluation(*, videos: int, frames: int, repeats: int) -> list[Row]:
    """Measure AUC and AP over all frames of a test set, half of its videos abnormal, and RBDC of all its tubes."""
    made = test_set(videos, frames)
    truths, folds = [truth for *_, truth in made], np.zeros(videos)
    abnormal, once = np.arange(videos) < videos // 2, np.ones((1, videos))
    counts = metrics.resample_videos(abnormal, DRAWS, np.random.default_rng(0))
    painted = [predictions.paint(spans, scores, len(truth)) for spans, scores, truth in made]
    matches = [match(video) for video in made]
    pooled = np.concatenate(truths), np.concatenate(painted)

    def both(counts: np.ndarray) -> None:
        frame_metrics.frame_auc(*frame_metrics.pair_frames(painted, truths, folds), counts)
        frame_metrics.average_precision(painted, truths, folds, counts)

    works = [
        lambda: [predictions.paint(spans, scores, len(truth)) for spans, scores, truth in made],
        lambda: both(once),
        lambda: both(counts),
        lambda: (roc_auc_score(*pooled), average_precision_score(*pooled)),
        lambda: [match(video) for video in made],
        lambda: (regions.rbdc(matches, folds, counts), regions.tbdc(matches, folds, counts)),
    ]
    paint, value, samples, limit, matching, areas = side_by_side(works, repeats=repeats, clock=cpu_clock)
    n, unit, sklearn = len(pooled[0]), "frames/CPU-s", "scikit-learn, value alone"
    return [
        Row(
            "evaluate", f"paint {sum(len(video[1]) for video in made):,} tubes on {n:,} frames", n / paint, 0, unit, ""
        ),
        Row("evaluate", "AUC and AP over frames", n / value, n / limit, unit, sklearn),
        Row("evaluate", f"AUC and AP, {DRAWS:,} resamples of {videos} videos", n / samples, n / limit, unit, sklearn),
        Row("evaluate", "match the regions of all tubes", n / matching, 0, unit, ""),
        Row("evaluate", f"RBDC and TBDC, {DRAWS:,} resamples", n / areas, 0, unit, ""),
    ]


def test_set(videos: int, frames: int) -> list[Video]:
    """Return videos of uneven length with one sub-tube for five frames; the first half has an event each."""
    rng = np.random.default_rng(0)
    made = []
    for i, n in enumerate(50 + rng.multinomial(frames - 50 * videos, rng.dirichlet(np.ones(videos)))):
        starts = rng.integers(0, n - 16, max(5, n // 5))
        spans = np.stack([np.arange(len(starts)), starts, np.minimum(starts + rng.integers(16, 200), n)], axis=1)
        truth = np.zeros(n, dtype=bool)
        truth[n // 3 : n // 2] = 2 * i < videos
        made.append((spans, rng.random(len(spans), dtype=np.float32), truth))
    return made


def match(video: Video) -> regions.Matches:
    """Return what the tubes of a video, all with the same box, meet of its event, if it has one."""
    spans, scores, truth = video
    box = np.tile(np.array([40, 40, 100, 100], dtype=np.float32), (len(truth), 1))
    tubes = [Tube(start, box[start:stop]) for _, start, stop in spans.tolist()]
    events = [FrameBoxes(box + 20, truth)] if truth.any() else []
    return regions.match(tubes, scores, events, len(truth))
