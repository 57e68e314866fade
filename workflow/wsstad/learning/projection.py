"""A linear map to fewer dimensions, fitted on training instances: what makes training at d = 4096 bearable on a CPU.

The paper trains on the 4096 dimensions of fc6 as they are (`kind: none`).
"""

from collections.abc import Sequence

import numpy as np

from wsstad.learning import bags
from wsstad.learning.bags import Bag
from wsstad.learning.parameters import ProjectionParameters


class Projection:
    """Centred principal components, (x - mean) @ components, then the L2 norm again if the bags have it."""

    def __init__(self, mean: np.ndarray, components: np.ndarray, *, normalise: str) -> None:
        self.mean, self.components, self.normalise = mean, components, normalise

    @classmethod
    def fit(cls, training: Sequence[Bag], options: ProjectionParameters, *, normalise: str) -> "Projection | None":
        """Fit on the region and image instances of the training bags together; None when `kind` is none."""
        if options.kind == "none":
            return None
        instances = _evenly([matrix for bag in training for matrix in (bag.region, bag.image)], options.instances)
        mean = instances.mean(axis=0)
        components = _principal_axes(instances - mean, options.dimension, whiten=options.whiten)
        return cls(mean.astype(np.float32), components.astype(np.float32), normalise=normalise)

    def __call__(self, bag: Bag) -> Bag:
        """Return the bag with projected features."""
        return bag.map(self._apply)

    def _apply(self, features: np.ndarray) -> np.ndarray:
        projected = (features - self.mean) @ self.components
        return bags.normalise_rows(projected) if self.normalise == "l2" else projected


def _evenly(matrices: Sequence[np.ndarray], most: int) -> np.ndarray:
    """Return at most `most` of all rows, evenly spaced, as float64."""
    ends = np.cumsum([len(matrix) for matrix in matrices])
    wanted = np.unique(np.linspace(0, ends[-1] - 1, min(most, int(ends[-1]))).round().astype(int))
    rows = np.split(wanted, np.searchsorted(wanted, ends[:-1]))
    starts = [0, *ends[:-1].tolist()]
    picked = [matrix[its - start] for matrix, its, start in zip(matrices, rows, starts, strict=True)]
    return np.concatenate(picked).astype(np.float64)


def _principal_axes(centred: np.ndarray, dimension: int, *, whiten: bool) -> np.ndarray:
    """Return the first `dimension` principal axes of `centred` (n, d) as columns; zeros beyond its rank."""
    small = len(centred) < centred.shape[1]
    gram = centred @ centred.T if small else centred.T @ centred
    values, vectors = np.linalg.eigh(gram)
    order = np.argsort(values)[::-1][:dimension]
    order = order[values[order] > 1e-10 * max(values[-1], 0)]
    axes = centred.T @ vectors[:, order] / np.sqrt(values[order]) if small else vectors[:, order]
    # The sign of an eigenvector is arbitrary: its largest part is positive.
    axes = axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0))
    if whiten:
        axes = axes * np.sqrt(len(centred) / values[order])
    return np.pad(axes, [(0, 0), (0, dimension - len(order))])
