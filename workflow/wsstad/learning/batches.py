"""Mini-batches of bags (section 5.1), as a function of the seed and of the iteration alone.

Nothing of a sampler needs to be saved: a training that goes on after a kill draws what it would have drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from wsstad.learning.bags import Bag

# Random streams, so that no two uses of a seed draw the same numbers.
HOLD_OUT, NORMAL, ABNORMAL, INSTANCES, DROPOUT, WEIGHTS = range(6)


@dataclass(frozen=True)
class Batch:
    """Padded bags: the first `n_abnormal` are abnormal, the others normal.

    `mask` (b, n) and `videolet_mask` (b, v) are true for real instances; the features are gathered when asked for.
    """

    store: "Batches"
    index: Tensor
    mask: Tensor
    videolet_index: Tensor
    videolet_mask: Tensor
    n_abnormal: int

    @property
    def region(self) -> Tensor:
        """T^r of all bags, (b, n, d)."""
        return self.store.region[self.index]

    @property
    def centres(self) -> Tensor:
        """The middle of each instance in time, (b, n), in videolets."""
        return self.store.centres[self.index]

    @property
    def abnormal_image(self) -> Tensor:
        """T^g of the abnormal bags, (n_abnormal, n, d)."""
        return self.store.image[self.index[: self.n_abnormal]]

    @cached_property
    def videolets(self) -> Tensor:
        """V of all bags, (b, v, d)."""
        return self.store.videolets[self.videolet_index]


class Batches:
    """The instances of all training bags, on the device once, and the mini-batches over them.

    `instances` gives the rows of each bag, `abnormal` and `normal` the bags of a label.

    A mini-batch has `batch_bags` abnormal and as many normal bags, or all that there are of a label; within an epoch no
    bag comes twice. A bag with more than `max_instances` gives a new uniform sample of them each time.
    """

    def __init__(
        self, bags: Sequence[Bag], *, batch_bags: int, max_instances: int, seed: int, device: str = "cpu"
    ) -> None:
        self.seed, self.batch_bags, self.max_instances, self.device = seed, batch_bags, max_instances, device
        self.region = _stack([bag.region for bag in bags], device)
        self.image = _stack([bag.image for bag in bags], device)
        self.videolets = _stack([bag.videolets for bag in bags], device)
        self.centres = _stack([bag.centres for bag in bags], device)
        self.tubes = _stack([bag.spans[:, 0] for bag in bags], device)  # of its own video, that an instance is part of
        self.instances = _offsets([len(bag.region) for bag in bags])
        self._videolets = _offsets([len(bag.videolets) for bag in bags])
        self.abnormal = np.array([i for i, bag in enumerate(bags) if bag.label == "abnormal"])
        self.normal = np.array([i for i, bag in enumerate(bags) if bag.label == "normal"])
        if not len(self.abnormal) or not len(self.normal):
            raise ValueError(f"{len(self.abnormal)} abnormal and {len(self.normal)} normal bags; both are needed")
        self._epoch = lru_cache(maxsize=4)(self._shuffle)

    def batch(self, iteration: int) -> Batch:
        """Return the mini-batch of an iteration, counted from 0."""
        abnormal = self._draw(self.abnormal, ABNORMAL, iteration)
        chosen = np.concatenate([abnormal, self._draw(self.normal, NORMAL, iteration)])
        random = np.random.default_rng([self.seed, INSTANCES, iteration])
        index, mask = self._pad([self._sample(self.instances[i], random) for i in chosen])
        videolet_index, videolet_mask = self._pad([self._sample(self._videolets[i], random) for i in chosen])
        return Batch(self, index, mask, videolet_index, videolet_mask, len(abnormal))

    def generator(self, iteration: int) -> torch.Generator:
        """Return the generator of an iteration's dropout."""
        seed = np.random.SeedSequence([self.seed, DROPOUT, iteration]).generate_state(1, np.uint64)[0]
        return torch.Generator(self.device).manual_seed(int(seed) >> 1)

    def _draw(self, bags: np.ndarray, stream: int, iteration: int) -> np.ndarray:
        size = min(self.batch_bags, len(bags))
        epoch, slot = divmod(iteration, len(bags) // size)
        return bags[self._epoch(stream, epoch, len(bags))[slot * size : (slot + 1) * size]]

    def _shuffle(self, stream: int, epoch: int, count: int) -> np.ndarray:
        return np.random.default_rng([self.seed, stream, epoch]).permutation(count)

    def _sample(self, rows: range, random: np.random.Generator) -> np.ndarray:
        """Return all rows of a bag, or a sample of them without replacement when they are too many."""
        if len(rows) <= self.max_instances:
            return np.arange(rows.start, rows.stop)
        return rows.start + np.sort(random.choice(len(rows), self.max_instances, replace=False))

    def _pad(self, rows: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        longest = max(map(len, rows))
        index = np.zeros((len(rows), longest), dtype=np.int64)
        mask = np.zeros((len(rows), longest), dtype=bool)
        for i, bag in enumerate(rows):
            index[i, : len(bag)], mask[i, : len(bag)] = bag, True
        return torch.from_numpy(index).to(self.device), torch.from_numpy(mask).to(self.device)


def _stack(matrices: Sequence[np.ndarray], device: str) -> Tensor:
    rows = np.concatenate(matrices)
    if not np.isfinite(rows).all():
        raise ValueError("the features of a bag are not finite")
    return torch.from_numpy(rows).to(device)


def _offsets(lengths: Sequence[int]) -> list[range]:
    ends = np.cumsum(lengths).tolist()
    return [range(end - length, end) for end, length in zip(ends, lengths, strict=True)]
