"""Localisation: S_loc (Eq. 10), its share of time, IoU@eps, and the IoU of two tubes as volumes.

IoU@eps and MIoU are over the abnormal test videos alone.
"""

from dataclasses import dataclass

import numpy as np

from wsstad.evaluation.groundtruth import FrameBoxes
from wsstad.structures import boxes as box
from wsstad.structures.tubes import Tube

# Paper is silent on what "the frames that have bounding boxes provided by the detector" are: the frames with at least
# one detection of any object. `union` leaves that set out of Gamma, `gt_only` counts the annotated frames alone, as the
# metric's origin (Yamaguchi et al., 2017) does; with it, a box that never moves beats the paper's upper bound.
GAMMAS = ("detected", "union", "gt_only")


@dataclass(frozen=True)
class Overlap:
    """S_loc of a tube, and its temporal part: the share of Gamma in which both tubes have a box."""

    score: float
    temporal: float


def overlap(
    truth: FrameBoxes, predicted: Tube | FrameBoxes, *, detected: np.ndarray, gamma: str = "detected"
) -> Overlap:
    """Return how well a prediction meets the ground truth (Eq. 10).

    Parameters
    ----------
    truth : at most one box a frame.
    predicted : a tube that ends no later than the video, or one with gaps, as at most one box a frame.
    detected : (n_frames,) bool, the set D of frames with a detection.
    gamma : the frames that count: with G and P the frames of `truth` and `predicted`, ``detected`` is D & (G | P),
        ``union`` is G | P and ``gt_only`` is G. IoU is 0 where one of both has no box; S_loc of no frames is 0.
    """
    if gamma not in GAMMAS:
        raise ValueError(f"gamma {gamma!r}; allowed: {', '.join(GAMMAS)}")
    span, boxes, present = _place(truth, predicted)
    n_frames = len(truth.present)
    if len(detected) != n_frames:
        raise ValueError(f"{len(detected)} flags for {n_frames} frames")
    counted = detected if gamma == "detected" else np.ones(n_frames, dtype=bool)
    size = np.count_nonzero(truth.present & counted)
    if gamma != "gt_only":
        size += np.count_nonzero(counted[span] & present & ~truth.present[span])
    if not size:
        return Overlap(0.0, 0.0)
    both = truth.present[span] & counted[span] & present
    ious = box.paired_iou(truth.boxes[span][both], boxes[both])
    return Overlap(float(ious.sum() / size), float(np.count_nonzero(both) / size))


def s_loc(truth: FrameBoxes, predicted: Tube | FrameBoxes, *, detected: np.ndarray, gamma: str = "detected") -> float:
    """Return the spatio-temporal localisation score S_loc (Eq. 10); see `overlap`."""
    return overlap(truth, predicted, detected=detected, gamma=gamma).score


def tube_iou(truth: FrameBoxes, predicted: Tube | FrameBoxes) -> float:
    """Return the IoU of both as volumes of space and time: intersections over unions, each summed over all frames.

    Unlike in S_loc, large boxes weigh more than small ones, and every frame counts, detected or not. Two tubes without
    volume have 0.
    """
    span, boxes, present = _place(truth, predicted)
    both = truth.present[span] & present
    first, second = truth.boxes[span][both], boxes[both]
    corners = [np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])]
    shared = box.area(np.concatenate(corners, axis=1)).sum()
    union = box.area(truth.boxes[truth.present]).sum() + box.area(boxes[present]).sum() - shared
    return float(shared / union) if union > 0 else 0.0


def iou_at(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Return which S_loc scores, of any shape, are "larger than eps": strictly."""
    return np.asarray(scores) > threshold


def _place(truth: FrameBoxes, predicted: Tube | FrameBoxes) -> tuple[slice, np.ndarray, np.ndarray]:
    """Return the span of frames that a prediction lies in, its boxes there, and where it has one."""
    n_frames = len(truth.present)
    if isinstance(predicted, Tube):
        span, present = slice(predicted.start, predicted.stop), np.ones(len(predicted.boxes), dtype=bool)
    else:
        span, present = slice(0, len(predicted.present)), predicted.present
    if span.stop > n_frames:
        raise ValueError(f"a tube to frame {span.stop} in a video of {n_frames} frames")
    return span, predicted.boxes, present
