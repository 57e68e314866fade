import numpy as np
import pytest
from sklearn.decomposition import PCA

from support.toy_bags import planted_videos
from wsstad.learning import bags
from wsstad.learning.parameters import ProjectionParameters
from wsstad.learning.projection import Projection

BAGS = [bags.make_bag(video) for video, _ in planted_videos(10)]
OPTIONS = ProjectionParameters(kind="pca", dimension=8)
INSTANCES = np.concatenate([matrix for bag in BAGS for matrix in (bag.region, bag.image)])


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("wide", [False, True])  # more dimensions than instances, too
def test_components_are_those_of_sklearn(whiten: bool, wide: bool) -> None:
    chosen = BAGS[:1] if wide else BAGS
    instances = np.concatenate([matrix for bag in chosen for matrix in (bag.region, bag.image)])
    fitted = Projection.fit(chosen, ProjectionParameters(kind="pca", dimension=8, whiten=whiten), normalise="none")
    assert fitted is not None
    oracle = PCA(8, whiten=whiten, svd_solver="full").fit(instances.astype(np.float64))
    expected = oracle.transform(chosen[0].region)
    if whiten:
        expected *= np.sqrt(len(instances) / (len(instances) - 1))
    got = fitted(chosen[0]).region
    assert np.abs(got) == pytest.approx(np.abs(expected), abs=1e-4)
    axes = fitted.components
    assert (axes[np.abs(axes).argmax(axis=0), np.arange(8)] > 0).all()


def test_rows_have_norm_one_again() -> None:
    projected = Projection.fit(BAGS, OPTIONS, normalise="l2")(BAGS[0])
    for matrix in (projected.region, projected.image, projected.videolets):
        assert matrix.shape[1] == 8
        assert matrix.dtype == np.float32
        assert np.linalg.norm(matrix, axis=1) == pytest.approx(np.ones(len(matrix)), abs=1e-5)


def test_dimensions_beyond_the_rank_are_zero() -> None:
    projected = Projection.fit(BAGS[:1], ProjectionParameters(kind="pca", dimension=48), normalise="l2")(BAGS[0])
    assert projected.region.shape[1] == 48
    assert (projected.region[:, 9:] == 0).all()  # 10 instances have rank 9 about their mean


def test_a_sample_of_the_instances_is_evenly_spaced() -> None:
    fitted = Projection.fit(BAGS, ProjectionParameters(kind="pca", dimension=8, instances=21), normalise="l2")
    rows = np.linspace(0, len(INSTANCES) - 1, 21).round().astype(int)
    assert fitted.mean == pytest.approx(INSTANCES[rows].mean(axis=0), abs=1e-6)


def test_none_is_no_map() -> None:
    assert Projection.fit(BAGS, ProjectionParameters(), normalise="l2") is None
