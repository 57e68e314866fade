import numpy as np
import pytest

from support.toy_bags import planted_videos
from wsstad.learning import bags
from wsstad.learning.parameters import ProjectionParameters
from wsstad.learning.projection import Projection

BAGS = [bags.make_bag(video) for video, _ in planted_videos(10)]
OPTIONS = ProjectionParameters(kind="pca", dimension=8)
INSTANCES = np.concatenate([matrix for bag in BAGS for matrix in (bag.region, bag.image)])


@pytest.mark.parametrize("whiten", [False, True])
def test_components_are_principal_axes_and_the_last_number_is_what_they_leave_out(whiten: bool) -> None:
    """Against an eigendecomposition of the covariance, and the length of the rest, row by row."""
    options = ProjectionParameters(kind="pca", dimension=9, whiten=whiten)
    actual = Projection.fit(BAGS, options, normalise="none")(BAGS[0]).region
    centred = INSTANCES.astype(np.float64) - INSTANCES.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(centred.T))
    order = np.argsort(values)[::-1][:8]
    own = BAGS[0].region - INSTANCES.mean(axis=0)
    seen = own @ vectors[:, order]
    rest = [np.linalg.norm(row - vectors[:, order] @ projected) for row, projected in zip(own, seen, strict=True)]
    expected = seen / np.sqrt(values[order]) if whiten else seen
    assert np.abs(actual[:, :8]) == pytest.approx(np.abs(expected), abs=1e-4)
    assert actual[:, 8] == pytest.approx(rest, abs=1e-4)
    if not whiten:
        assert np.linalg.norm(actual, axis=1) == pytest.approx(np.linalg.norm(own, axis=1), abs=1e-5)


def test_rows_have_norm_one_again() -> None:
    projected = Projection.fit(BAGS, OPTIONS, normalise="l2")(BAGS[0])
    for matrix in (projected.region, projected.image, projected.videolets):
        assert matrix.shape[1] == 8
        assert matrix.dtype == np.float32
        assert np.linalg.norm(matrix, axis=1) == pytest.approx(np.ones(len(matrix)), abs=1e-5)


def test_there_is_a_component_for_four_distinct_instances_at_most() -> None:
    options = ProjectionParameters(kind="pca", dimension=48)
    few = Projection.fit(BAGS[:2], options, normalise="l2")
    projected = few(BAGS[0])
    rows = np.concatenate([matrix for bag in BAGS[:2] for matrix in (bag.region, bag.image)])
    count = len(np.unique(rows, axis=0)) // 4
    assert projected.region.shape[1] == 48
    assert (projected.region[:, count:-1] == 0).all()
    assert (np.abs(projected.region[:, :count]).max(axis=0) > 0).all()
    twice = Projection.fit([*BAGS[:2], *BAGS[:2]], options, normalise="l2")  # the same rows once more count once
    assert np.count_nonzero(np.abs(twice.components).max(axis=0)) == count


def test_what_is_seen_of_a_new_instance_is_not_stretched() -> None:
    """Of instances of other videos the axes of three see little: their length says how much."""
    few = Projection.fit(BAGS[:3], ProjectionParameters(kind="pca", dimension=48), normalise="l2")
    others = np.concatenate([bag.region for bag in BAGS[3:]])
    share = np.linalg.norm((others - few.mean) @ few.components, axis=1) / np.linalg.norm(others - few.mean, axis=1)
    assert share.max() < 0.9
    assert np.linalg.norm(few._apply(others)[:, :-1], axis=1) == pytest.approx(share, abs=1e-5)


def test_a_sample_of_the_instances_is_evenly_spaced() -> None:
    fitted = Projection.fit(BAGS, ProjectionParameters(kind="pca", dimension=8, instances=21), normalise="l2")
    rows = np.linspace(0, len(INSTANCES) - 1, 21).round().astype(int)
    assert fitted.mean == pytest.approx(INSTANCES[rows].mean(axis=0), abs=1e-6)


def test_none_is_no_map() -> None:
    assert Projection.fit(BAGS, ProjectionParameters(), normalise="l2") is None
