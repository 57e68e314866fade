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
    output: "Tensor",
    *,
    wanted: Sequence[int],
    n_classes: int,
    chooses: bool,
    options: YoloParameters,
    at_once: bool = False,
) -> "tuple[Tensor, list[int]]":
    """Return rows (n, 6) float32 on the CPU, and how many of them each picture has.

    A row is a box in pixels of the picture, its score and its class; the best of a picture are first. `output` is
    (pictures, 4 + classes + more, boxes) with centres and sides, or (pictures, boxes, 6 + more) where the network
    `chooses`. A box counts for the class of its highest score and is dropped where that is not `wanted`.

    With `at_once` all pictures are done in one go where `output` lies, else one after the other on the CPU, where that
    is faster. At once, overlaps are computed in double precision: only a pair whose IoU is `iou` to rounding may end
    otherwise.
    """
    import torch

    if chooses:
        chosen = [_chosen(rows[:, :ROW].float().cpu(), wanted, options) for rows in output]
        return torch.cat(chosen), [len(rows) for rows in chosen]
    scores = output[:, 4 : 4 + n_classes]
    # What no wanted class finds cannot come back; so few are left that a CPU does the rest.
    some = scores if len(wanted) == n_classes else scores[:, list(wanted)]
    picture, place = (some.amax(dim=1) > options.confidence).nonzero(as_tuple=True)
    likely = output[picture, : 4 + n_classes, place]
    if not at_once:
        likely, picture = likely.cpu(), picture.cpu()
    score, label = likely[:, 4:].max(dim=1)
    kept = (score > options.confidence) & _is_wanted(label, wanted)
    middle, half, score, label = likely[kept, :2], likely[kept, 2:4] / 2, score[kept], label[kept].float()
    boxes, picture = torch.cat([middle - half, middle + half], dim=1), picture[kept]
    apart = boxes + label[:, None] * (0 if options.class_agnostic else APART)
    best = (_best_at_once if at_once else _best)(apart, score, picture, len(output), n_classes, options)
    rows = torch.cat([boxes, score[:, None], label[:, None]], dim=1)[best]
    return rows.cpu(), torch.bincount(picture[best], minlength=len(output)).tolist()


def _chosen(rows: "Tensor", wanted: Sequence[int], options: YoloParameters) -> "Tensor":
    kept = (rows[:, 4] > options.confidence) & _is_wanted(rows[:, 5], wanted)
    return rows[kept][: options.max_detections]


def _best(
    boxes: "Tensor", scores: "Tensor", picture: "Tensor", pictures: int, n_classes: int, options: YoloParameters
) -> "Tensor":
    """Return the numbers of the boxes that are left, those of a picture together, the best first."""
    import torch
    import torchvision  # noqa: F401 - which has the operation

    nms = torch.ops.torchvision.nms  # past a wrapper that takes as long
    counts, first, best = torch.bincount(picture, minlength=pictures).tolist(), 0, []
    for own, score in zip(boxes.split(counts), scores.split(counts), strict=True):
        best.append(nms(own, score, options.iou)[: options.max_detections] + first)
        first += len(own)
    return torch.cat(best)


def _best_at_once(
    boxes: "Tensor", scores: "Tensor", picture: "Tensor", pictures: int, n_classes: int, options: YoloParameters
) -> "Tensor":
    """Do the same in one go: pictures lie apart, as classes do."""
    import torch
    from torchvision.ops import nms

    best = nms(boxes.double() + picture[:, None] * float(n_classes * APART + APART), scores.double(), options.iou)
    best = best[picture[best].argsort(stable=True)]
    owner = picture[best]
    counts = torch.bincount(owner, minlength=pictures)
    place = torch.arange(len(best), device=best.device) - (counts.cumsum(0) - counts)[owner]
    return best[place < options.max_detections]


def _is_wanted(label: "Tensor", wanted: Sequence[int]) -> "Tensor":
    import torch

    return torch.isin(label, torch.tensor(wanted, dtype=label.dtype, device=label.device))
