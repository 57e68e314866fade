"""Likeness: against loops over videos, and on footage of the same and of another kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsstad.learning.bags import Bag
from wsstad.learning.likeness import FEWEST, KINDS, MOST, Likeness, Unlikeness


def bag(rng, *, d=6, shift=0.0, n=4):
    return Bag(
        video="v",
        label="",
        spans=np.array([(i, 0, 16) for i in range(n)], dtype=np.int32),
        region=(rng.normal(size=(n, d)) + shift).astype(np.float32),
        image=rng.normal(size=(n, d)).astype(np.float32),
        videolets=np.zeros((1, d), dtype=np.float32),
        videolet_spans=np.array([[0, 16]], dtype=np.int32),
    )


def naive(bags, other, kind):
    """Distance, share of smaller ones, share outside and what is usual, video by video and feature by feature."""
    means = [[float(np.mean([row[j] for row in getattr(b, kind).tolist()])) for j in range(6)] for b in bags]

    def measure(row, others):
        distance = min(sum((x - y) ** 2 for x, y in zip(row, other, strict=True)) ** 0.5 for other in others)
        outside = [
            not min(other[j] for other in others) <= row[j] <= max(other[j] for other in others) for j in range(6)
        ]
        return distance, sum(outside) / 6

    own = [measure(row, means[:i] + means[i + 1 :]) for i, row in enumerate(means)]
    row = [float(np.mean([row_of_bag[j] for row_of_bag in getattr(other, kind).tolist()])) for j in range(6)]
    distance, outside = measure(row, means)
    farther = sum(own_distance < distance for own_distance, _ in own) / len(own)
    return distance / np.median([value for value, _ in own]), farther, outside, np.median([value for _, value in own])


@given(st.integers(FEWEST, 20), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_it_is_what_loops_over_the_videos_say(n_videos, seed):
    rng = np.random.default_rng(seed)
    bags, other = [bag(rng) for _ in range(n_videos)], bag(rng, shift=0.5)
    actual = Likeness.of(bags).compare(other)
    assert tuple(actual) == KINDS
    for kind, unlikeness in actual.items():
        expected = naive(bags, other, kind)
        assert (unlikeness.distance, unlikeness.farther_than, unlikeness.outside, unlikeness.usual) == pytest.approx(
            expected, abs=1e-3
        )


@pytest.mark.parametrize(("n_videos", "rate"), [(39, 0.05), (12, 1 / 13)])
def test_no_more_videos_of_the_same_kind_are_called_unlike_than_is_said(n_videos, rate):
    rng = np.random.default_rng(0)
    same = [Likeness.of([bag(rng, n=2) for _ in range(n_videos)]).compare(bag(rng, n=2)) for _ in range(400)]
    for kind in KINDS:
        assert np.mean([unlikeness[kind].farther_than >= 0.95 for unlikeness in same]) == pytest.approx(rate, abs=0.035)
        assert np.mean([unlikeness[kind].is_unlike for unlikeness in same]) <= rate + 0.035


def test_other_footage_is_unlike_in_the_features_that_differ():
    rng = np.random.default_rng(0)
    likeness = Likeness.of([bag(rng) for _ in range(40)])
    other = likeness.compare(bag(rng, shift=3.0))
    assert other["region"].is_unlike
    assert other["region"].distance > 2
    assert other["region"].outside > other["region"].usual
    assert not other["image"].is_unlike


def test_a_training_video_is_like_itself():
    rng = np.random.default_rng(0)
    bags = [bag(rng) for _ in range(12)]
    for unlikeness in Likeness.of(bags).compare(bags[3]).values():
        assert (unlikeness.distance, unlikeness.farther_than, unlikeness.outside, unlikeness.is_unlike) == (
            0,
            0,
            0,
            False,
        )


def test_what_a_model_keeps_is_enough():
    rng = np.random.default_rng(0)
    bags, other = [bag(rng) for _ in range(12)], bag(rng, shift=1.0)
    made = Likeness.of(bags)
    again = Likeness.from_tensors(made.to_tensors())
    for kind, unlikeness in again.compare(other).items():
        assert unlikeness.distance == pytest.approx(made.compare(other)[kind].distance, rel=0.01)
    assert all(tensor.dtype == np.float16 for tensor in made.to_tensors().values())


def test_of_few_videos_or_an_older_model_nothing_can_be_told():
    rng = np.random.default_rng(0)
    few = Likeness.of([bag(rng) for _ in range(FEWEST - 1)])
    assert Likeness.from_tensors(few.to_tensors()) is None
    assert Likeness.from_tensors({"network/x": np.zeros(3)}) is None
    one = Likeness.of([bag(rng)])
    assert one.to_tensors()["likeness/region"].shape == (1, 6)


def test_of_many_videos_some_are_kept_evenly():
    rng = np.random.default_rng(0)
    bags = [bag(rng, n=1) for _ in range(MOST + 100)]
    kept = Likeness.of(bags).means["region"]
    assert len(kept) == MOST
    assert np.array_equal(kept[[0, -1]], np.concatenate([bags[0].region, bags[-1].region]))


def test_videos_that_are_all_the_same_have_no_scale():
    rng = np.random.default_rng(0)
    one = bag(rng)
    result = Likeness.of([one] * FEWEST).compare(bag(rng))
    assert all(
        (unlikeness.distance, unlikeness.farther_than, unlikeness.is_unlike) == (0.0, 1.0, False)
        for unlikeness in result.values()
    )


@pytest.mark.parametrize(
    ("distance", "farther_than", "unlike"), [(1.5, 0.95, True), (1.49, 1.0, False), (9.0, 0.94, False)]
)
def test_unlike_is_farther_than_nearly_all_and_half_as_far_again(distance, farther_than, unlike):
    assert Unlikeness(distance, farther_than, 0.1, 0.1).is_unlike == unlike
