"""Predictions: for each test video its candidate tubes, their scores, and the boxes of those that may be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wsstad.structures.tubes import Tube

# A test case: its fold and its video.
Case = tuple[int, str]
# How evaluation chooses among the candidates of a video: the best score, a random draw, the best overlap with the
# ground truth (the upper bound), or that in each frame anew.
SELECTIONS = ("top1", "random", "oracle", "oracle_frames")


@dataclass(frozen=True)
class VideoPrediction:
    """What a method says of one video.

    `spans` (s, 3) gives tube, first frame and one past the last frame of every candidate (sub-tube); `scores` (s,) lie
    in [0, 1]; `branch_scores` (s, b) are the parts that a method averaged, if any; `candidates` maps the index of a
    candidate to its tube, for at least every one that the method's selection may choose; `detected` (n_frames,) tells
    the frames with a detection; `attention` (s, 1) is the weight that the top-1 gives each candidate, (s, 0) of a
    method that knows none.
    """

    video: str
    n_frames: int
    width: int
    height: int
    detected: np.ndarray
    spans: np.ndarray
    scores: np.ndarray
    branch_scores: np.ndarray
    candidates: dict[int, Tube] = field(default_factory=dict)
    attention: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))

    def __post_init__(self) -> None:
        if not len(self.attention):
            object.__setattr__(self, "attention", np.zeros((len(self.scores), 0), dtype=np.float32))
        if not len(self.scores) or len(self.scores) != len(self.spans):
            raise ValueError(f"{self.video}: {len(self.scores)} scores for {len(self.spans)} candidates")
        if not np.isfinite(self.scores).all():
            raise ValueError(f"{self.video}: a score is not finite")

    @property
    def video_score(self) -> float:
        """The abnormal score of the video: that of its top-1 tube (section 5.1)."""
        return float(self.scores.max())

    @property
    def top1(self) -> int:
        """The index of the candidate of the highest score, the first of equals (Eq. 9)."""
        return int(np.argmax(self.scores))

    @property
    def frame_scores(self) -> np.ndarray:
        """The score of every frame, (n_frames,)."""
        return paint(self.spans, self.scores, self.n_frames)


def paint(spans: np.ndarray, scores: np.ndarray, n_frames: int) -> np.ndarray:
    """Return the score of every frame, (n_frames,) float64, from `spans` (s, 3) and `scores` (s,) >= 0 of candidates.

    >>> paint(np.array([[0, 0, 3], [1, 2, 4]]), np.array([0.5, 0.25]), 5)
    array([0.5 , 0.5 , 0.5 , 0.25, 0.  ])
    """
    painted = np.zeros(n_frames)
    order = np.argsort(scores, kind="stable")
    for (_, start, stop), score in zip(spans[order].tolist(), np.asarray(scores)[order].tolist(), strict=True):
        painted[start:stop] = score
    return painted


def to_arrays(predictions: Sequence[VideoPrediction]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the columns over all videos, and the videos in their order."""
    rows = list(predictions)
    kept = [(v, i, tube) for v, row in enumerate(rows) for i, tube in sorted(row.candidates.items())]
    arrays = {
        "size": np.array([[r.n_frames, r.width, r.height] for r in rows], dtype=np.int32).reshape(-1, 3),
        "detected": np.concatenate([r.detected for r in rows] or [np.zeros(0)]).astype(bool),
        "n_candidates": np.array([len(r.scores) for r in rows], dtype=np.int32),
        "spans": np.concatenate([r.spans for r in rows] or [np.zeros((0, 3))]).astype(np.int32),
        "scores": np.concatenate([r.scores for r in rows] or [np.zeros(0)]).astype(np.float32),
        "branch_scores": np.concatenate([r.branch_scores for r in rows] or [np.zeros((0, 0))]).astype(np.float32),
        "attention": np.concatenate([r.attention for r in rows] or [np.zeros((0, 0))]).astype(np.float32),
        "kept": np.array([(v, i, tube.start, len(tube.boxes)) for v, i, tube in kept], dtype=np.int32).reshape(-1, 4),
        "boxes": np.concatenate([tube.boxes for *_, tube in kept] or [np.zeros((0, 4))]).astype(np.float32),
    }
    return arrays, [row.video for row in rows]


def from_arrays(arrays: dict[str, np.ndarray], videos: Sequence[str]) -> list[VideoPrediction]:
    """Rebuild the predictions that `to_arrays` wrote."""
    candidates: list[dict[int, Tube]] = [{} for _ in videos]
    box_ends = np.cumsum(arrays["kept"][:, 3])
    for (v, i, start, length), end in zip(arrays["kept"].tolist(), box_ends.tolist(), strict=True):
        candidates[v][i] = Tube(start, arrays["boxes"][end - length : end])
    frame_ends, candidate_ends = np.cumsum(arrays["size"][:, 0]), np.cumsum(arrays["n_candidates"])
    result = []
    for v, video in enumerate(videos):
        n_frames, width, height = (int(value) for value in arrays["size"][v])
        rows = slice(candidate_ends[v] - arrays["n_candidates"][v], candidate_ends[v])
        result.append(
            VideoPrediction(
                video=video,
                n_frames=n_frames,
                width=width,
                height=height,
                detected=arrays["detected"][frame_ends[v] - n_frames : frame_ends[v]],
                spans=arrays["spans"][rows],
                scores=arrays["scores"][rows],
                branch_scores=arrays["branch_scores"][rows],
                candidates=candidates[v],
                attention=arrays["attention"][rows],
            )
        )
    return result
