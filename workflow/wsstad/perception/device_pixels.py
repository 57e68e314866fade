"""Cut parts out of pictures and scale them, on whatever device they lie, to the same bytes as OpenCV on the CPU.

OpenCV scales bytes linearly in whole numbers: weights of 1/2048, and four bits dropped between the two directions. The
same sums are done here, so a GPU gives the same pixels as a CPU.
"""

import torch

ONE = 2048  # the weight 1


def cut(pictures: torch.Tensor, places: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return (n, height, width, c) uint8: of each picture (h, w, c) uint8 the part at its place, scaled linearly.

    `pictures` is (n, h, w, c), `places` (n, 4) whole numbers: left, top, right and bottom of what is not empty. `size`
    is width and height.
    """
    left, top, right, bottom = places.to(pictures.device).long().unbind(1)
    (x0, x1), across = _taps(left, right - left, size[0], inside=True)
    (y0, y1), down = _taps(top, bottom - top, size[1], inside=False)
    number = torch.arange(len(pictures), device=pictures.device)[:, None, None]

    def row(y: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Return what a row above or below adds, (n, height, width, c)."""
        near, far = (pictures[number, y[:, :, None], x[:, None, :]].int() for x in (x0, x1))
        mixed = near.mul_(across[0][:, None, :, None]).add_(far.mul_(across[1][:, None, :, None]))
        return mixed.bitwise_right_shift_(4).mul_(weight[:, :, None, None]).bitwise_right_shift_(16)

    return row(y0, down[0]).add_(row(y1, down[1])).add_(2).bitwise_right_shift_(2).to(torch.uint8)


def whole(pictures: torch.Tensor) -> torch.Tensor:
    """Return the places (n, 4) of whole pictures (n, h, w, c)."""
    n, height, width, _ = pictures.shape
    return torch.tensor([0, 0, width, height], device=pictures.device).expand(n, 4)


def _taps(
    first: torch.Tensor, length: torch.Tensor, size: int, *, inside: bool
) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    """Return of each of `size` pixels the two it is mixed of, both (n, size), and their weights.

    Beyond the ends the outermost pixel counts: `inside` gives it the whole weight, else two weights that are each
    rounded. OpenCV does the first across, the second down.
    """
    scale = 1 / (size / length.double())
    place = ((torch.arange(size, device=first.device) + 0.5) * scale[:, None] - 0.5).float()
    before = place.floor()
    share, before, last = place - before, before.long(), (length - 1)[:, None]
    if inside:
        share = share.where((before >= 0) & (before < last), torch.zeros_like(share))
    near, far = (torch.minimum(place.clamp(min=0), last) for place in (before, before + 1))
    weights = ((1 - share) * ONE).round().int(), (share * ONE).round().int()
    return (first[:, None] + near, first[:, None] + far), weights
