"""Detections: the boxes that a detector reports in each frame of a video, in one canonical order and precision."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.structures import boxes as box

# Scores are kept in steps of 1/4096, as boxes are on a grid: a key must not depend on the last bits of a sum.
SCORE_STEPS = 4096


@dataclass(frozen=True)
class Detections:
    """The detections in one frame: boxes (n, 4) float32, scores (n,) float32 in [0, 1], labels (n,) int16."""

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray


def canonical(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, *, size: tuple[int, int]) -> Detections:
    """Clip boxes (n, 4) to a frame of `size` (width, height), put them on the grid, sort by score and box.

    Boxes less than 1 px wide or high, and values that are not finite, are dropped.
    """
    boxes = np.asarray(boxes, dtype=np.float32).reshape(-1, 4)
    return canonical_frames(boxes, scores, labels, [len(boxes)], size=size)[0]


def canonical_frames(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, counts: Sequence[int], *, size: tuple[int, int]
) -> list[Detections]:
    """Return the same for several frames of one size: the first has the first counts[0] boxes, and so on."""
    frame = np.repeat(np.arange(len(counts)), counts)
    boxes, scores, labels = (
        np.asarray(boxes, dtype=np.float32),
        np.asarray(scores, dtype=np.float32),
        np.asarray(labels),
    )
    scores, labels = scores.reshape(-1), labels.reshape(-1)
    finite = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    boxes = np.where(finite[:, None], boxes, 0)
    boxes = box.quantise(box.clip(boxes, *size))
    scores = (np.round(np.where(finite, scores, 0).astype(np.float64) * SCORE_STEPS) / SCORE_STEPS).astype(np.float32)
    kept = np.flatnonzero(finite & ((boxes[:, 2:] - boxes[:, :2]) >= 1).all(axis=1))
    order = kept[np.lexsort((labels[kept].astype(np.int16), *boxes[kept].T[::-1], -scores[kept], frame[kept]))]
    boxes, scores, labels, frame = boxes[order], scores[order], labels[order].astype(np.int16), frame[order]
    ends = np.searchsorted(frame, np.arange(len(counts)), side="right").tolist()
    return [
        Detections(boxes[first:end], scores[first:end], labels[first:end])
        for first, end in zip([0, *ends], ends, strict=False)
    ]


def to_arrays(detections: list[Detections], *, width: int, height: int) -> dict[str, np.ndarray]:
    """Return the columns of the artefact "detections" for the frames of one video."""
    counts = [len(d.scores) for d in detections]
    return {
        "size": np.array([len(detections), width, height], dtype=np.int64),
        "frame": np.repeat(np.arange(len(detections), dtype=np.int32), counts),
        "boxes": np.concatenate([d.boxes for d in detections] or [np.zeros((0, 4))]).astype(np.float32),
        "score": np.concatenate([d.scores for d in detections] or [np.zeros(0)]).astype(np.float32),
        "label": np.concatenate([d.labels for d in detections] or [np.zeros(0)]).astype(np.int16),
    }
