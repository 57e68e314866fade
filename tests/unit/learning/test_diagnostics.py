"""The numbers that show whether attention, guidance and scores inside a video do anything."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from support.toy_bags import parameters, planted_videos
from wsstad.learning import bags, diagnostics
from wsstad.learning.methods.mgpr import Mgpr
from wsstad.learning.search import deal

BAGS = [bags.make_bag(video) for video, _ in planted_videos(12)]
SUB_TUBES = [bags.make_bag(video, sub_tubes=2) for video, _ in planted_videos(12)]


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 99))
def test_entropy_is_that_of_scipy(count: int, rows: int, seed: int) -> None:
    weights = np.random.default_rng(seed).dirichlet(np.full(count, 0.3), size=(rows, 2))
    expected = entropy(weights, axis=-1).mean() / np.log(count)
    assert diagnostics.attention_entropy(weights) == pytest.approx(expected, abs=1e-9)


def test_entropy_lies_between_one_instance_and_all() -> None:
    assert diagnostics.attention_entropy(np.full((3, 5), 0.2)) == pytest.approx(1)
    assert diagnostics.attention_entropy(np.eye(4)) == 0
    assert math.isnan(diagnostics.attention_entropy(np.ones((2, 1))))


@given(st.lists(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6), min_size=2, max_size=6))
def test_the_share_inside_is_one_minus_that_between(videos: list[list[float]]) -> None:
    scores = [np.array(scores_of_video) for scores_of_video in videos]
    result = diagnostics.share_inside(scores)
    logits = [np.log(scores_of_video / (1 - scores_of_video)) for scores_of_video in scores]
    every = np.concatenate(logits)
    total = sum((x - every.mean()) ** 2 for x in every)
    between = sum(len(logits_of_video) * (logits_of_video.mean() - every.mean()) ** 2 for logits_of_video in logits)
    if total < 1e-9:
        assert math.isnan(result) or 0 <= result <= 1 + 1e-9
    else:
        assert result == pytest.approx(1 - between / total, abs=1e-6)


def test_scores_that_differ_between_videos_alone_have_nothing_inside() -> None:
    assert diagnostics.share_inside([np.full(3, 0.2), np.full(4, 0.9)]) == pytest.approx(0)
    assert diagnostics.share_inside([np.array([0.2, 0.8]), np.array([0.8, 0.2])]) == pytest.approx(1)


IDLE = {"tube_entropy": 0.999, "tube_guidance_sd": 0.001, "tube_training_vauc": 1.0, "tube_held_out_vauc": 0.5}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ["attention", "guidance", "memorised"]),
        ({"tube_entropy": 0.9}, ["guidance", "memorised"]),
        ({"tube_entropy": float("nan")}, ["guidance", "memorised"]),
        ({"tube_guidance_sd": 0.1}, ["attention", "memorised"]),
        ({"tube_held_out_vauc": 0.8}, ["attention", "guidance"]),
        ({"tube_training_vauc": 0.7}, ["attention", "guidance"]),
    ],
)
def test_what_is_idle_is_warned_of(changes: dict[str, float], words: list[str]) -> None:
    lines = diagnostics.warnings({**IDLE, **changes})
    assert len(lines) == len(words)
    assert all(word in line and "tube" in line for word, line in zip(words, lines, strict=True))


def test_a_projection_to_few_dimensions_makes_attention_uniform_and_says_so(caplog) -> None:
    pca = {"kind": "pca", "dimension": 16, "instances": 2048, "whiten": False}
    method = Mgpr(parameters("mgpr", max_iterations=20, evaluate_every=10, projection=pca), seed=0)
    folds = deal({bag.video: bag.label for bag in BAGS}, 2, 0)
    history = method.fit(BAGS, SUB_TUBES, folds)
    assert history.measured["tube_entropy"] > 0.99
    assert "the attention of the tube branch is uniform" in caplog.text
    assert {"inside", "tube_inside", "temporal_held_out_vauc"} <= history.measured.keys()
