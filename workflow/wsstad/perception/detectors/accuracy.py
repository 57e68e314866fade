"""How good a detector is: precision, recall and AP50 of its boxes against the true ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsstad.structures import boxes
from wsstad.structures.detections import Detections

MIN_IOU = 0.5


@dataclass(frozen=True)
class Accuracy:
    """Precision and recall at one confidence, and the average precision over all, for one class of `truths` boxes."""

    truths: int
    precision: float
    recall: float
    average_precision: float


def measure(
    detections: Sequence[Detections], truths: Sequence[tuple[np.ndarray, np.ndarray]], *, label: int, confidence: float
) -> Accuracy:
    """Compare the detections of images with their true boxes (n, 4) and labels (n,), for one class at IoU >= 0.5.

    In each image the detections take, best first, the free true box that they overlap most. AP is the area under the
    precision-recall curve after precision is made to fall.
    """
    scores, hits, total = [], [], 0
    for detected, (true_boxes, true_labels) in zip(detections, truths, strict=True):
        of_label, true = detected.labels == label, true_boxes[true_labels == label]
        total += len(true)
        scores.append(detected.scores[of_label])
        hits.append(_match(detected.boxes[of_label], true))
    score, hit = np.concatenate(scores), np.concatenate(hits)
    order = np.argsort(-score, kind="stable")
    score, hit = score[order], hit[order]
    true_positives = np.cumsum(hit)
    precision = true_positives / np.arange(1, len(hit) + 1)
    recall = true_positives / max(total, 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    average = float(np.sum(np.diff(recall, prepend=0.0) * falling))
    last = int(np.sum(score >= confidence)) - 1
    at = (float(precision[last]), float(recall[last])) if last >= 0 else (0.0, 0.0)
    return Accuracy(total, *at, average)


def _match(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Tell (n,) which of the boxes, best first, take a true box."""
    overlap = boxes.iou(predicted, true)
    hit = np.zeros(len(predicted), dtype=bool)
    for i in range(len(predicted) if len(true) else 0):
        best = int(np.argmax(overlap[i]))
        if overlap[i, best] >= MIN_IOU:
            hit[i] = True
            overlap[:, best] = -1
    return hit
