"""What shows whether the mechanisms of a model do anything: attention, guidance, scores inside a video.

Paper is silent on all of it. None of these numbers says how good a model is, only whether a part of it can matter:
uniform attention adds the same vector to every instance, constant guidance is a learning rate, scores that differ
between videos alone cannot localise anything, and a branch that orders its training videos and no others has learned
them by heart.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from wsstad.learning.bags import Bag
from wsstad.learning.search import video_auc

UNIFORM = 0.98  # of log n: an entropy above it weighs all instances nearly alike
CONSTANT = 0.02  # a standard deviation of the guidance below it weighs all videos nearly alike
KNOWN, CHANCE = 0.9, 0.6  # a VAUC above the first on training videos, and below the second on others, is memory


class Scoring(Protocol):
    """What has scores of instances, and of so many branches."""

    scored: tuple[str, ...]

    def score_features(self, bag: Bag) -> tuple[np.ndarray, np.ndarray]:
        """Return scores (s,) and branch scores (s, b) of the instances of a projected bag."""


def attention_entropy(weights: np.ndarray) -> float:
    """Return the mean entropy, over log n, of attention (..., n) that sums to 1 in each row; 1 is uniform.

    A bag of one instance has nothing to weigh: NaN.
    """
    count = weights.shape[-1]
    if count < 2:
        return float("nan")
    flat = weights.reshape(-1, count).astype(np.float64)
    logs = np.log(flat, out=np.zeros_like(flat), where=flat > 0)
    return float(-(flat * logs).sum(axis=1).mean() / np.log(count))


def share_inside(scores: Sequence[np.ndarray]) -> float:
    """Return the share of the variance of instances' logits that lies inside the videos; NaN when all are equal.

    `scores` in [0, 1] are those of each video's instances, (n,).
    """
    logits = [_logit(values) for values in scores]
    every = np.concatenate(logits)
    total = ((every - every.mean()) ** 2).sum()
    inside = sum(((values - values.mean()) ** 2).sum() for values in logits)
    return float(inside / total) if total > 0 else float("nan")


def memorisation(
    method: Scoring, bags: Sequence[Bag], held_out: Mapping[str, np.ndarray], labels: Mapping[str, str]
) -> dict[str, float]:
    """Return for the score, and for each branch of it, how it orders videos and how it differs inside them.

    `bags` are projected training bags; `held_out` has the scores (s, 1 + b) of videos that were left out, `labels` what
    they are. The names are ``inside``, ``training_vauc`` and ``held_out_vauc``, those of a branch behind its own.
    """
    own = [np.column_stack(method.score_features(bag)) for bag in bags]
    abnormal = np.array([bag.label == "abnormal" for bag in bags])
    others = np.array([labels[video] == "abnormal" for video in held_out])
    measured = {}
    for column, prefix in enumerate(("", *(f"{branch}_" for branch in method.scored))):
        measured[f"{prefix}inside"] = share_inside([scores[:, column] for scores in own])
        measured[f"{prefix}training_vauc"] = video_auc(np.array([scores[:, column].max() for scores in own]), abnormal)
        if held_out:
            best = np.array([scores[:, column].max() for scores in held_out.values()])
            measured[f"{prefix}held_out_vauc"] = video_auc(best, others)
    return measured


def warnings(measured: Mapping[str, float]) -> list[str]:
    """Return a line for each mechanism that the numbers show to be idle, branch by branch."""
    lines = []
    for branch in ("tube", "temporal"):
        entropy, guidance = measured.get(f"{branch}_entropy", np.nan), measured.get(f"{branch}_guidance_sd", np.nan)
        known, others = (measured.get(f"{branch}_{part}_vauc", np.nan) for part in ("training", "held_out"))
        if entropy > UNIFORM:
            lines.append(f"the attention of the {branch} branch is uniform: its entropy is {entropy:.4f} of log n")
        if guidance < CONSTANT:
            lines.append(f"the guidance of the {branch} branch is constant: its standard deviation is {guidance:.4f}")
        if known > KNOWN and others < CHANCE:
            lines.append(
                f"the {branch} branch has memorised its videos: VAUC {known:.2f} on them, {others:.2f} on others"
            )
    return lines


def _logit(scores: np.ndarray) -> np.ndarray:
    clipped = np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.log(clipped / (1 - clipped))
