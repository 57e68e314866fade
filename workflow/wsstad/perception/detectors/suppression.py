"""From what a YOLO gives for a batch to the boxes of each picture: its best classes, then non-maximum suppression."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wsstad.perception.detectors.parameters import YoloParameters
from wsstad.perception.detectors.yolo_networks import ROW

if TYPE_CHECKING:
    from torch import Tensor

# Added to the boxes of a class times its number: more than any picture is wide, so that classes do not meet.
APART = 7680


def suppress(
    output: "Tensor", *, wanted: Sequence[int], n_classes: int, chooses: bool, options: YoloParameters
) -> "list[Tensor]":
    """Return for each picture rows (n, 6) float32 on the CPU: box in pixels of the picture, score, class; best first.

    `output` is (pictures, 4 + classes + more, boxes) with centres and sides, or (pictures, boxes, 6 + more) where the
    network `chooses`. A box counts for the class of its highest score and is dropped where that is not `wanted`.
    """
    if chooses:
        return [_chosen(rows[:, :ROW].float().cpu(), wanted, options) for rows in output]
    import torch

    scores = output[:, 4 : 4 + n_classes]
    # What no wanted class finds cannot come back; so few are left that the rest is done on the CPU.
    some = scores if len(wanted) == n_classes else scores[:, list(wanted)]
    picture, place = (some.amax(dim=1) > options.confidence).nonzero(as_tuple=True)
    likely = output[picture, : 4 + n_classes, place].cpu()
    counts = torch.bincount(picture.cpu(), minlength=len(output)).tolist()
    return [_suppressed(rows, wanted, options) for rows in likely.split(counts)]


def _chosen(rows: "Tensor", wanted: Sequence[int], options: YoloParameters) -> "Tensor":
    kept = (rows[:, 4] > options.confidence) & _is_wanted(rows[:, 5], wanted)
    return rows[kept][: options.max_detections]


def _suppressed(rows: "Tensor", wanted: Sequence[int], options: YoloParameters) -> "Tensor":
    import torch
    from torchvision.ops import nms

    score, label = rows[:, 4:].max(dim=1)
    kept = (score > options.confidence) & _is_wanted(label, wanted)
    middle, half, score, label = rows[kept, :2], rows[kept, 2:4] / 2, score[kept, None], label[kept, None].float()
    boxes = torch.cat([middle - half, middle + half], dim=1)
    best = nms(boxes + label * (0 if options.class_agnostic else APART), score[:, 0], options.iou)
    return torch.cat([boxes, score, label], dim=1)[best[: options.max_detections]]


def _is_wanted(label: "Tensor", wanted: Sequence[int]) -> "Tensor":
    import torch

    return torch.isin(label, torch.tensor(wanted, dtype=label.dtype))
