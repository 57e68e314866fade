"""A linear map to fewer dimensions, fitted on training instances: what makes training at d = 4096 bearable on a CPU.

The paper trains on the 4096 dimensions of fc6 as they are (`kind: none`).
"""

from collections.abc import Sequence

import numpy as np

from wsstad.learning import bags
from wsstad.learning.bags import Bag
from wsstad.learning.parameters import ProjectionParameters

ROWS_A_COMPONENT = 4


class Projection:
    """Principal components of centred features, and in the last dimension the length of what they leave out.

    Without that length two instances that differ in what the components do not see would look the same, and the L2
    norm, which is taken again if the bags have it, would stretch what is seen of them to the length of the whole.
    """

    def __init__(self, mean: np.ndarray, components: np.ndarray, *, normalise: str) -> None:
        self.mean, self.components, self.normalise = mean, components, normalise

    @classmethod
    def fit(cls, training: Sequence[Bag], options: ProjectionParameters, *, normalise: str) -> "Projection | None":
        """Fit on the region and image instances of the training bags together; None when `kind` is none.

        A component for every few instances would be no reduction but a lookup table of the training set: there are at
        most a quarter as many as distinct instances. The dimensions that are left over are 0.
        """
        if options.kind == "none":
            return None
        from sklearn.decomposition import PCA

        instances = _evenly([matrix for bag in training for matrix in (bag.region, bag.image)], options.instances)
        most = max(len(np.unique(instances, axis=0)) // ROWS_A_COMPONENT, 1)
        count = min(options.dimension - 1, most, instances.shape[1])
        pca = PCA(count, svd_solver="full").fit(instances)
        scale = np.sqrt(pca.explained_variance_) if options.whiten else np.ones(count)
        axes = np.divide(pca.components_.T, scale, out=np.zeros_like(pca.components_.T), where=scale > 0)
        components = np.pad(axes, [(0, 0), (0, options.dimension - 1 - count)])
        return cls(pca.mean_.astype(np.float32), components.astype(np.float32), normalise=normalise)

    def __call__(self, bag: Bag) -> Bag:
        """Return the bag with projected features."""
        return bag.map(self._apply)

    def _apply(self, features: np.ndarray) -> np.ndarray:
        centred = features - self.mean
        seen = centred @ self.components
        # The axes are orthogonal, of length 1 unless they whiten: what they leave out is found without its own basis.
        lengths = np.maximum((self.components.astype(np.float64) ** 2).sum(axis=0), np.finfo(np.float64).tiny)
        left_out = (centred.astype(np.float64) ** 2).sum(axis=1) - (seen.astype(np.float64) ** 2 / lengths).sum(axis=1)
        projected = np.column_stack([seen, np.sqrt(np.maximum(left_out, 0)).astype(np.float32)])
        return bags.normalise_rows(projected) if self.normalise == "l2" else projected


def _evenly(matrices: Sequence[np.ndarray], most: int) -> np.ndarray:
    """Return at most `most` of all rows, evenly spaced, as float64."""
    ends = np.cumsum([len(matrix) for matrix in matrices])
    numbers = np.unique(np.linspace(0, ends[-1] - 1, min(most, int(ends[-1]))).round().astype(int))
    rows = np.split(numbers, np.searchsorted(numbers, ends[:-1]))
    starts = [0, *ends[:-1].tolist()]
    picked = [matrix[row - start] for matrix, row, start in zip(matrices, rows, starts, strict=True)]
    return np.concatenate(picked).astype(np.float64)
